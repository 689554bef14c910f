"""A line to another server that can be cut, and mended again."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

UNAVAILABLE = b"HTTP/1.1 503 Slow Down\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


@dataclass
class Line:
    """Passes connections on to a port of this machine, or to a socket in its files. While it is
    cut, connections are refused, or told `answer`."""

    target: int | Path
    answer: bytes = b""
    port: int = 0
    cut_after: int | None = None
    """The line is cut when so many bytes have come from the other server."""
    passed: int = 0
    down: threading.Event = field(default_factory=threading.Event)
    _listener: socket.socket | None = None
    _open: set[socket.socket] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def mend(self) -> None:
        self.close()
        self.down.clear()
        self._listen()

    def cut(self) -> None:
        self.down.set()
        self.close()
        if self.answer:
            self._listen()

    def close(self) -> None:
        with self._lock:
            ending = {*self._open, *filter(None, [self._listener])}
            self._open, self._listener = set(), None
        for one in ending:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _listen(self) -> None:
        listener = socket.create_server(("127.0.0.1", self.port), reuse_port=True)
        self.port = listener.getsockname()[1]
        self._listener = listener
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = listener.accept()
                if self.down.is_set():
                    near.recv(65536)
                    near.sendall(self.answer)
                    near.close()
                else:
                    self._join(near)

    def _join(self, near: socket.socket) -> None:
        far = connected(self.target)
        with self._lock:
            self._open |= {near, far}
        for source, sink, back in ((near, far, False), (far, near, True)):
            threading.Thread(target=self._pass, args=(source, sink, back), daemon=True).start()

    def _pass(self, source: socket.socket, sink: socket.socket, back: bool) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
                self.passed += len(data) * back
                if self.cut_after is not None and self.passed >= self.cut_after:
                    self.cut_after = None
                    self.cut()
        for one in (source, sink):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)


def connected(target: int | Path) -> socket.socket:
    if isinstance(target, int):
        return socket.create_connection(("127.0.0.1", target))
    far = socket.socket(socket.AF_UNIX)
    far.connect(str(target))
    return far


@contextlib.contextmanager
def line_to(target: int | Path, answer: bytes = b"") -> Iterator[Line]:
    line = Line(target, answer)
    line.mend()
    try:
        yield line
    finally:
        line.close()
