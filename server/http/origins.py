"""Which web pages may call: browsers say the page's origin, and this decides on it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from openrekog.server.wire import Request

LOOPBACK = re.compile(r"https?://(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?")
EXPOSED = "x-amzn-RequestId, x-amzn-ErrorType, Date, Server-Timing"
REMEMBERED_SECONDS = "7200"  # the longest that Chromium remembers a preflight


@dataclass(frozen=True, slots=True)
class Origins:
    """The allowed origins; `*` is any, and none at all leaves pages on this machine.

    That default matters while signatures are not verified: any page that the user visits could
    otherwise call the server at the loopback address, or reach it by a name that leads there.
    """

    allowed: Sequence[str]

    def allow(self, request: Request) -> bool:
        """Requests that come from no web page carry no origin and are not our matter."""
        origin = request.header(b"origin")
        return origin is None or self.permits(origin)

    def permits(self, origin: str) -> bool:
        if not self.allowed:
            return LOOPBACK.fullmatch(origin) is not None
        return "*" in self.allowed or origin in self.allowed

    def headers(self, request: Request) -> Mapping[str, str]:
        origin = request.header(b"origin")
        if origin is None or not self.permits(origin):
            return {}
        return {
            "access-control-allow-origin": origin,
            "access-control-expose-headers": EXPOSED,
            "vary": "Origin",
        }

    def preflight_headers(self, request: Request) -> Mapping[str, str]:
        wanted = request.header(b"access-control-request-headers") or ""
        return {
            "access-control-allow-methods": "POST",
            "access-control-allow-headers": wanted,
            "access-control-max-age": REMEMBERED_SECONDS,
        }
