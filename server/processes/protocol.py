"""HTTP on a connection: uvicorn's protocol, with bounds on the head of a request, and no ear for
wishes to change the protocol.

Neither uvicorn nor its parser has bounds: endless headers would fill the memory, and connections
that never finish their head would stay open for ever.

A request may ask to go on in HTTP/2 (Java's HttpClient and `curl --http2` do by default), and a
server may ignore that (RFC 9110, section 7.8). The parser, however, leaves the body of such a
request unread, so its head is parsed again without the wish.
"""

import asyncio
import sys

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_HEAD_BYTES = 128 * 1024  # a signed query with a session token takes a few thousand
TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"content-length: 0\r\nconnection: close\r\n\r\n"
)


class HeadBoundedProtocol(HttpToolsProtocol):
    head_seconds = 20.0
    _in_head = False
    _head_bytes = 0
    _head_deadline: asyncio.TimerHandle | None = None
    _arrived = b""
    _unread: bytes | None = None
    """What to go on with once a wish for another protocol has stopped the parser."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        super().connection_made(transport)
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._head_ended()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._parse(data)
        if not self._in_head:
            return
        self._head_bytes += len(data)
        if self._head_bytes > MAX_HEAD_BYTES and not self.transport.is_closing():
            self.transport.write(TOO_LARGE)
            self.transport.close()

    def on_message_begin(self) -> None:
        self._in_head = True
        if self._head_deadline is None:
            self._expect_head()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._head_ended()
        if not self._wishes_upgrade():
            super().on_headers_complete()

    def on_message_complete(self) -> None:
        if not self._wishes_upgrade():
            super().on_message_complete()

    def _wishes_upgrade(self) -> bool:
        return self.parser.should_upgrade() and any(name == b"upgrade" for name, _ in self.headers)

    def _parse(self, data: bytes) -> None:
        unread: bytes | None = data
        while unread is not None:
            self._arrived, self._unread = unread, None
            super().data_received(unread)
            unread = self._unread

    def _unsupported_upgrade_warning(self) -> None:
        """Uvicorn calls this when the parser has stopped after a head; the exception says where."""
        stopped = sys.exception()
        if isinstance(stopped, httptools.HttpParserUpgrade) and self._wishes_upgrade():
            head = self._head_without_upgrade()
            self._unread = head + self._arrived[stopped.args[0] :]
            self.parser = httptools.HttpRequestParser(self)
            self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn has it

    def _head_without_upgrade(self) -> bytes:
        version = self.parser.get_http_version().encode()
        lines = [b"%s %s HTTP/%s" % (self.parser.get_method(), self.url, version)]
        lines += [b"%s: %s" % header for header in self.headers if header[0] != b"upgrade"]
        return b"\r\n".join([*lines, b"", b""])

    def _expect_head(self) -> None:
        self._head_deadline = self.loop.call_later(self.head_seconds, self._give_up)

    def _head_ended(self) -> None:
        self._in_head, self._head_bytes = False, 0
        if self._head_deadline is not None:
            self._head_deadline.cancel()
            self._head_deadline = None

    def _give_up(self) -> None:
        self._head_deadline = None
        self.transport.close()
