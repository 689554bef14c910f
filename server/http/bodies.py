"""Reads request bodies within bounds of size, time and memory."""

import asyncio
import re
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from starlette.types import Receive

from openrekog.api_spec import errors
from openrekog.server.http.admission import ByteBudget
from openrekog.server.wire import Request

# A refused client is still listened to for so many times the allowed body, so that it has sent
# all and reads the answer instead of seeing its connection reset.
DISCARD_FACTOR = 4


class ClientGoneError(Exception):
    """The client closed the connection before it had sent the whole body."""


@dataclass(frozen=True, slots=True)
class BodyLimits:
    max_bytes: int
    timeout: float
    budget: ByteBudget


@dataclass(slots=True)
class Body:
    """The body of one request, unread at first; leaving the `with` block frees its bytes."""

    request: Request
    receive: Receive
    limits: BodyLimits
    ended: bool = False
    _begun: bool = False
    _held: int = 0
    _chunks: list[bytes] = field(default_factory=list)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._chunks.clear()
        self.limits.budget.give_back(self._held)

    @property
    def declared_bytes(self) -> int | None:
        length = self.request.header(b"content-length")
        # The HTTP parser has refused what is no number already.
        return int(length) if length and re.fullmatch(r"\d{1,18}", length) else None

    @property
    def awaits_consent(self) -> bool:
        expected = (self.request.header(b"expect") or "").lower()
        return expected == "100-continue" and not self._begun

    def check_declared(self) -> None:
        if (self.declared_bytes or 0) > self.limits.max_bytes:
            raise self.too_large()

    async def read(self) -> bytes:
        try:
            async with asyncio.timeout(self.limits.timeout):
                while not self.ended:
                    self._keep(await self._next())
        except TimeoutError:
            raise errors.RequestTimeout(
                f"The request body did not arrive within {self.limits.timeout:g} seconds."
            ) from None
        return self._chunks[0] if len(self._chunks) == 1 else b"".join(self._chunks)

    async def discard(self) -> bool:
        """Lets a refused client finish sending; False when that would take too long, or when it
        asked before it sends anything: reading would tell it to go on."""
        dropped, most = 0, DISCARD_FACTOR * self.limits.max_bytes
        if (self.declared_bytes or 0) > most or self.awaits_consent:
            return False
        try:
            async with asyncio.timeout(self.limits.timeout):
                while not self.ended and dropped < most:
                    dropped += len(await self._next())
        except TimeoutError:
            return False
        return self.ended

    async def _next(self) -> bytes:
        self._begun = True
        message = await self.receive()
        if message["type"] == "http.disconnect":
            raise ClientGoneError
        self.ended = not message.get("more_body", False)
        chunk: bytes = message.get("body", b"")
        return chunk

    def _keep(self, chunk: bytes) -> None:
        if self._held + len(chunk) > self.limits.max_bytes:
            raise self.too_large()
        self.limits.budget.take(len(chunk))
        self._held += len(chunk)
        if chunk:
            self._chunks.append(chunk)

    def too_large(self) -> errors.ApiError:
        return errors.RequestEntityTooLarge(
            f"The request body is longer than {self.limits.max_bytes} bytes."
        )
