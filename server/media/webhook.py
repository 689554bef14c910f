"""Messages to the one address that a setting names, and certainty that they arrived."""

import hashlib
import hmac
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit

import structlog

log = structlog.get_logger(__name__)

SECONDS = 5.0
"""How long one try may wait for the connection, and then for each piece of the answer."""

PAUSES = (0.2, 0.8)
"""Seconds before the second and the third try."""

SIGNATURE = "X-Openrekog-Signature"


class UndeliveredError(OSError):
    """The message did not arrive; the reason says why."""


class FullError(UndeliveredError):
    """The receiver has enough for now (429)."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """`url` is called as it is: no redirect is followed, no proxy of the environment asked.

    With a `secret` each message carries its HMAC, so that the receiver knows who sent it.
    """

    url: str
    secret: str | None = None
    seconds: float = SECONDS
    wait: Callable[[float], None] = time.sleep

    def deliver(self, body: bytes) -> None:
        """Returns once the receiver answered 2xx. Faults that may pass are tried three times: the
        same message may then arrive twice. Raises UndeliveredError."""
        for pause in (*PAUSES, None):
            try:
                status = self._post(body)
            except (OSError, HTTPException) as error:
                fault = f"{type(error).__name__}: {error}"
            else:
                if 200 <= status < 300:
                    return
                fault = f"HTTP {status}"
                if status == 429:
                    raise FullError(fault)
                if status < 500:
                    break
            if pause is not None:
                self.wait(pause)
        log.error("webhook message not delivered", fault=fault)
        raise UndeliveredError(fault)

    def _post(self, body: bytes) -> int:
        """The status of the answer, whose body is nobody's matter."""
        parts = urlsplit(self.url)
        kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        connection = kind(str(parts.hostname), parts.port, timeout=self.seconds)
        try:
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.request("POST", target, body, self._headers(body))
            return connection.getresponse().status
        finally:
            connection.close()

    def _headers(self, body: bytes) -> dict[str, str]:
        headers = {"Content-Type": "application/json"}
        if self.secret is not None:
            digest = hmac.new(self.secret.encode(), body, hashlib.sha256).hexdigest()
            headers[SIGNATURE] = f"sha256={digest}"
        return headers
