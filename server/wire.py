"""An HTTP request and its reply as plain values, before anything of AWS is read into them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Request:
    """What came over the wire but the body: path, query and header values exactly as sent."""

    id: str
    method: str
    path: bytes
    query: bytes
    headers: Sequence[tuple[bytes, bytes]]
    """Names in lower case, in the order sent."""

    def values(self, name: bytes) -> list[bytes]:
        return [value for key, value in self.headers if key == name]

    def header(self, name: bytes) -> str | None:
        for key, value in self.headers:
            if key == name:
                return value.decode("latin-1")
        return None


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes back; the request id and the common headers are added when it is sent."""

    status: int
    content_type: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    code: str = "OK"
    """The error code for logs and metrics."""
