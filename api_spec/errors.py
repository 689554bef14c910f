"""Every error the API can answer: the service model's own, and those of the framework before it.

Handlers write `raise errors.ResourceNotFound("The collection id: X does not exist")`; without a
text the one that AWS uses is sent. Statuses and texts are rows of `overlay.json`."""

# ruff: noqa: N818 - errors are called what the API calls them, less the word Exception

from typing import ClassVar
from uuid import uuid4

import orjson

from openrekog.api_spec.overlay import ErrorNotes, load_overlay

_NOTES = load_overlay().errors
_UNLISTED = ErrorNotes(message=None)


class ApiError(Exception):
    """An error with its code and text as a caller sees them."""

    def __init__(self, code: str, message: str | None = None, status: int | None = None) -> None:
        notes = _NOTES.get(code, _UNLISTED)
        self.code = code
        self.message = notes.message if message is None else message
        self.status = notes.status if status is None else status
        super().__init__(code, self.message)

    def __str__(self) -> str:
        return f"{self.code}: {self.message}" if self.message else self.code

    def body(self, logref: str | None = None) -> bytes:
        """The JSON on the wire; `logref` names the log entry of a service error."""
        notes = _NOTES.get(self.code, _UNLISTED)
        if notes.framework:
            text = {} if self.message is None else {notes.message_key: self.message}
            return orjson.dumps({"__type": self.code, **text})
        return orjson.dumps(
            {
                "__type": self.code,
                "Code": self.code,
                "Logref": logref or str(uuid4()),
                "Message": self.message or "",
            }
        )


class _NamedError(ApiError):
    code_name: ClassVar[str]

    def __init__(self, message: str | None = None, status: int | None = None) -> None:
        super().__init__(self.code_name, message, status)

    def __reduce__(self) -> tuple[type["_NamedError"], tuple[str | None, int]]:
        return type(self), (self.message, self.status)


class AccessDenied(_NamedError):
    code_name = "AccessDeniedException"


class Conflict(_NamedError):
    code_name = "ConflictException"


class ExpiredToken(_NamedError):
    code_name = "ExpiredTokenException"


class HumanLoopQuotaExceeded(_NamedError):
    code_name = "HumanLoopQuotaExceededException"


class IdempotentParameterMismatch(_NamedError):
    code_name = "IdempotentParameterMismatchException"


class ImageTooLarge(_NamedError):
    code_name = "ImageTooLargeException"


class IncompleteSignature(_NamedError):
    code_name = "IncompleteSignatureException"


class InternalServerError(_NamedError):
    code_name = "InternalServerError"


class InvalidImageFormat(_NamedError):
    code_name = "InvalidImageFormatException"


class InvalidManifest(_NamedError):
    code_name = "InvalidManifestException"


class InvalidPaginationToken(_NamedError):
    code_name = "InvalidPaginationTokenException"


class InvalidParameter(_NamedError):
    code_name = "InvalidParameterException"


class InvalidPolicyRevisionId(_NamedError):
    code_name = "InvalidPolicyRevisionIdException"


class InvalidS3Object(_NamedError):
    code_name = "InvalidS3ObjectException"


class InvalidSignature(_NamedError):
    code_name = "InvalidSignatureException"


class LimitExceeded(_NamedError):
    code_name = "LimitExceededException"


class MalformedPolicyDocument(_NamedError):
    code_name = "MalformedPolicyDocumentException"


class MissingAuthenticationToken(_NamedError):
    code_name = "MissingAuthenticationTokenException"


class ProvisionedThroughputExceeded(_NamedError):
    code_name = "ProvisionedThroughputExceededException"


class RequestEntityTooLarge(_NamedError):
    code_name = "RequestEntityTooLargeException"


class RequestTimeout(_NamedError):
    code_name = "RequestTimeoutException"


class ResourceAlreadyExists(_NamedError):
    code_name = "ResourceAlreadyExistsException"


class ResourceInUse(_NamedError):
    code_name = "ResourceInUseException"


class ResourceNotFound(_NamedError):
    code_name = "ResourceNotFoundException"


class ResourceNotReady(_NamedError):
    code_name = "ResourceNotReadyException"


class Serialization(_NamedError):
    code_name = "SerializationException"


class ServiceQuotaExceeded(_NamedError):
    code_name = "ServiceQuotaExceededException"


class SessionNotFound(_NamedError):
    code_name = "SessionNotFoundException"


class Throttling(_NamedError):
    code_name = "ThrottlingException"


class UnknownOperation(_NamedError):
    code_name = "UnknownOperationException"


class UnrecognizedClient(_NamedError):
    code_name = "UnrecognizedClientException"


class Validation(_NamedError):
    code_name = "ValidationException"


class VideoTooLarge(_NamedError):
    code_name = "VideoTooLargeException"
