"""Whether a decoder gets on: a broken file can have one go in circles for ever."""

import io
import time
from collections.abc import Callable
from typing import BinaryIO, Literal

Sign = Literal["byte", "packet", "frame"]


class StalledError(Exception):
    """The decoder has come no further for too long."""


def nothing() -> None:
    pass


class Pulse:
    """How far a decoder has come in its file, and when it last came further.

    What is read, found or shown once more is no progress: a decoder that goes in circles reads all
    the time. One that is slow comes further with each frame, and one that finds nothing in a
    damaged stretch with each packet, or at least with each byte.
    """

    def __init__(self, further: Callable[[], None] = nothing) -> None:
        """`further` is called each time that it came further."""
        self.abandoned = False
        self._further = further
        self._furthest: dict[Sign, int] = {}
        self._since = time.monotonic()

    @property
    def still(self) -> float:
        """Seconds for which it has come no further, or for which nobody has waited for it."""
        return time.monotonic() - self._since

    def begin(self) -> None:
        """From another place on all is new."""
        self._furthest.clear()

    def listen(self) -> None:
        """Somebody begins to wait; before, the decoder may have waited for him."""
        self._since = time.monotonic()

    def reach(self, sign: Sign, place: int | None) -> None:
        if place is not None and place > self._furthest.get(sign, -1):
            self._furthest[sign] = place
            self._since = time.monotonic()
            self._further()

    def abandon(self) -> None:
        """Nobody waits any more: what still reads from the file gets nothing."""
        self.abandoned = True


class WatchedFile:
    """A file as FFmpeg is given it."""

    def __init__(self, file: BinaryIO, pulse: Pulse) -> None:
        self._file = file
        self._pulse = pulse

    def read(self, size: int) -> bytes:
        if self._pulse.abandoned:
            raise StalledError
        data = self._file.read(size)
        self._pulse.reach("byte", self._file.tell())
        return data

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def close(self) -> None:
        self._file.close()
