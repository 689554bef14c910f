"""Files that lie elsewhere and are fetched part by part."""

import io
from abc import abstractmethod
from typing import Any


class PartedFile(io.RawIOBase):
    """A file of known size that can be read from any place, for `io.BufferedReader`."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._position = 0

    @abstractmethod
    def part(self, start: int, count: int) -> bytes:
        """So many bytes from `start` on, at least one; fewer if the file has become shorter."""

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        self._position = max(0, base + offset)
        return self._position

    def readinto(self, buffer: Any) -> int:
        count = min(len(buffer), self._size - self._position)
        if count <= 0:
            return 0
        data = self.part(self._position, count)
        buffer[: len(data)] = data
        self._position += len(data)
        return len(data)
