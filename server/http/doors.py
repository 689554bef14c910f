"""The two doors of the API: the SDKs' `POST /` and the plain `POST /{Operation}`."""

from dataclasses import dataclass

from openrekog.server.wire import Reply, Request

AWS_JSON = "application/x-amz-json-1.1"
PLAIN_JSON = "application/json"
XML = "application/xml"
DOCS_PATH = "/docs"

NOT_AUTHORIZABLE = (
    b"<AccessDeniedException>\n"
    b"  <Message>Unable to determine service/operation name to be authorized</Message>\n"
    b"</AccessDeniedException>\n"
)
CORAL_UNKNOWN = (
    b'{"Output":{"__type":"com.amazon.coral.service#UnknownOperationException"},"Version":"1.0"}'
)
CONTENT_TYPE_HINT = (
    b'{"__type":"UnknownOperationException","message":"Send Content-Type: application/json '
    b'and a JSON object to POST /{Operation}."}'
)
UNKNOWN_XML = b"<UnknownOperationException/>\n"


@dataclass(frozen=True, slots=True)
class Door:
    """Where a request came in: the operation as it names it, perhaps an unknown one."""

    operation: str | None
    content_type: str


def find_door(request: Request, target_prefix: str) -> Door | Reply:
    """The door of a request, or the answer of AWS's front end to what is no API call."""
    path = request.path.decode("latin-1").strip("/")
    if request.method in ("GET", "HEAD") and path in ("", DOCS_PATH.strip("/")):
        return Reply(307, XML, b"", {"location": DOCS_PATH})
    if request.method != "POST":
        return Reply(403, XML, NOT_AUTHORIZABLE, code="AccessDeniedException")
    media_type = (request.header(b"content-type") or "").partition(";")[0].strip().lower()
    if media_type == AWS_JSON:
        target = request.header(b"x-amz-target") or ""
        prefix, _, name = target.partition(".")
        return Door(name if prefix == target_prefix else None, AWS_JSON)
    if media_type == PLAIN_JSON and path:
        return Door(path, PLAIN_JSON)
    if media_type == PLAIN_JSON:
        return Reply(404, PLAIN_JSON, CORAL_UNKNOWN, code="UnknownOperationException")
    if path:
        return Reply(415, PLAIN_JSON, CONTENT_TYPE_HINT, code="UnknownOperationException")
    return Reply(404, XML, UNKNOWN_XML, code="UnknownOperationException")
