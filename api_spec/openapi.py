"""The OpenAPI 3.1 document of the plain JSON door, `POST /{Operation}`, from the service model."""

from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Any, cast

import orjson
from botocore.model import ListShape, MapShape, Shape, StringShape, StructureShape

from openrekog.api_spec.errors import ApiError
from openrekog.api_spec.examples import example, minimal_request
from openrekog.api_spec.service import Operation, Service, shapes_within

Json = dict[str, Any]

# Errors that no operation names, as they are raised before the service is asked.
_FRAMEWORK_ERRORS = (
    "ExpiredTokenException",
    "IncompleteSignatureException",
    "InvalidSignatureException",
    "MissingAuthenticationTokenException",
    "RequestEntityTooLargeException",
    "SerializationException",
    "UnknownOperationException",
    "UnrecognizedClientException",
    "ValidationException",
)

_INFO = (
    "The Amazon Rekognition API, answered by openrekog on your own hardware. SDKs use `POST /` with"
    " the header `X-Amz-Target`; the paths here take the same requests as plain JSON."
)
_BYTES = "The bytes of a JPEG or PNG file in base64, up to 5 MiB before encoding."
_ERROR_STATUS_TEXTS = {
    400: "The request is refused.",
    413: "The body is too large.",
    500: "The server failed.",
}


def openapi_document(service: Service, version: str) -> Json:
    operations = service.operations.values()
    groups = sorted({operation.group for operation in operations})
    roots = (shape for each in operations for shape in (each.input, each.output))
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "openrekog",
            "version": version,
            "description": _INFO,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "tags": [{"name": group} for group in groups],
        "paths": {f"/{each.name}": {"post": _operation(each)} for each in operations},
        "components": {
            "schemas": {
                **{shape.name: _schema(shape, service) for shape in _named(shapes_within(roots))},
                **_ERROR_SCHEMAS,
            },
            "examples": {
                code: {"value": orjson.loads(ApiError(code).body(logref=_EXAMPLE_LOGREF))}
                for code in service.overlay.errors
            },
            "securitySchemes": {
                "sigv4": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "Authorization",
                    "description": "AWS Signature Version 4 for the service `rekognition`."
                    " A server without keys takes requests without it.",
                }
            },
        },
        "security": [{}, {"sigv4": []}],
    }


def _operation(operation: Operation) -> Json:
    return {
        "operationId": operation.name,
        "summary": operation.summary,
        **_description(operation),
        "tags": [operation.group],
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": _reference(operation.input),
                    "examples": _request_examples(operation),
                }
            },
        },
        "responses": {
            "200": {
                "description": "The answer.",
                "content": {"application/json": {"schema": _reference(operation.output)}},
            },
            **_error_responses(operation),
        },
    }


def _request_examples(operation: Operation) -> Json:
    minimal = minimal_request(operation)
    images = [name for name in minimal if operation.input.members[name].name == "Image"]
    if not images:
        return {"minimal": {"value": minimal}}
    image = {
        "Bytes": example(cast(StructureShape, operation.input.members[images[0]]).members["Bytes"])
    }
    return {
        "stored": {"summary": "An image in the object store", "value": minimal},
        "bytes": {
            "summary": "An image in the request",
            "description": "Put the base64 of a picture of your own into `Bytes`.",
            "value": {**minimal, **dict.fromkeys(images, image)},
        },
    }


def _description(operation: Operation) -> Json:
    parts = []
    if (image := operation.image) is not None:
        parts.append(
            f"Give the image either as `Bytes`, base64 of a JPEG or PNG file of at most"
            f" {image.max_bytes:,} bytes, or as an `S3Object` of at most"
            f" {image.max_object_bytes:,} bytes. Each side must measure {image.min_side_px}"
            f" to {image.max_side_px} pixels."
        )
    if operation.pagination is not None:
        parts.append("Answers in pages: send `NextToken` back until there is none.")
    return {"description": "\n\n".join(parts)} if parts else {}


def _error_responses(operation: Operation) -> Json:
    codes = sorted({*operation.errors, *_FRAMEWORK_ERRORS})
    failures = sorted((ApiError(code) for code in codes), key=lambda error: error.status)
    return {
        str(status): _error_response(status, list(errors))
        for status, errors in groupby(failures, key=lambda error: error.status)
    }


def _error_response(status: int, errors: list[ApiError]) -> Json:
    return {
        "description": _ERROR_STATUS_TEXTS[status],
        "content": {
            "application/json": {
                "schema": {"$ref": "#/components/schemas/Error"},
                "examples": {
                    error.code: {"$ref": f"#/components/examples/{error.code}"} for error in errors
                },
            }
        },
    }


_EXAMPLE_LOGREF = "11111111-2222-3333-4444-555555555555"
_TYPE = {"type": "string", "description": "The name of the error."}
_ERROR_SCHEMAS: Json = {
    "ServiceError": {
        "type": "object",
        "required": ["__type", "Code", "Logref", "Message"],
        "properties": {
            "__type": _TYPE,
            "Code": {"type": "string"},
            "Logref": {"type": "string", "format": "uuid"},
            "Message": {"type": "string"},
        },
    },
    "FrameworkError": {
        "type": "object",
        "required": ["__type"],
        "properties": {
            "__type": _TYPE,
            "message": {"type": "string"},
            "Message": {"type": "string"},
        },
    },
    "Error": {
        "anyOf": [
            {"$ref": "#/components/schemas/ServiceError"},
            {"$ref": "#/components/schemas/FrameworkError"},
        ]
    },
}


def _named(shapes: Iterable[Shape]) -> list[Shape]:
    """The shapes that get a schema of their own; the rest is told where it is used."""
    return [shape for shape in shapes if _is_named(shape)]


def _is_named(shape: Shape) -> bool:
    return isinstance(shape, StructureShape) or bool(shape.metadata.get("enum"))


def _reference(shape: Shape) -> Json:
    return {"$ref": f"#/components/schemas/{shape.name}"}


def _schema(shape: Shape, service: Service) -> Json:
    match shape:
        case StructureShape():
            return _structure(shape, service)
        case ListShape():
            items = _member(shape.member, service)
            return {"type": "array", "items": items, **_limits(shape, "Items")}
        case MapShape():
            return {
                "type": "object",
                "propertyNames": _schema(shape.key, service),
                "additionalProperties": _schema(shape.value, service),
                **_limits(shape, "Properties"),
            }
        case _:
            return {**_scalar(shape), **_examples(shape, service)}


def _structure(shape: StructureShape, service: Service) -> Json:
    defaults = service.overlay.defaults.get(shape.name, {})
    schema: Json = {
        "type": "object",
        "properties": {
            name: _property(_member(member, service), name, defaults)
            for name, member in shape.members.items()
        },
        **_examples(shape, service),
    }
    if shape.required_members:
        schema["required"] = list(shape.required_members)
    return schema


def _property(schema: Json, name: str, defaults: Mapping[str, Any]) -> Json:
    return {**schema, "default": defaults[name]} if name in defaults else schema


def _member(shape: Shape, service: Service) -> Json:
    return _reference(shape) if _is_named(shape) else _schema(shape, service)


def _examples(shape: Shape, service: Service) -> Json:
    known = service.overlay.examples
    return {"examples": [known[shape.name]]} if shape.name in known else {}


def _limits(shape: Shape, what: str) -> Json:
    return {
        f"{bound}{what}": shape.metadata[bound]
        for bound in ("min", "max")
        if bound in shape.metadata
    }


def _scalar(shape: Shape) -> Json:
    match shape.type_name:
        case "string":
            return _string(cast(StringShape, shape))
        case "blob":
            return _blob(shape)
        case "float":
            return {"type": "number", "format": "float", **_range(shape)}
        case "integer":
            return {"type": "integer", "format": "int32", **_range(shape)}
        case "long":
            return {"type": "integer", "format": "int64", **_range(shape)}
        case "timestamp":
            return {"type": "number", "description": "Seconds since 1970, with their fraction."}
        case _:
            return {"type": "boolean"}


def _string(shape: StringShape) -> Json:
    schema: Json = {"type": "string", **_limits(shape, "Length")}
    if shape.enum:
        schema["enum"] = list(shape.enum)
    if pattern := shape.metadata.get("pattern"):
        schema |= _pattern(pattern)
    return schema


def _pattern(pattern: str) -> Json:
    # Unicode categories are beyond what every reader of JSON Schema takes.
    if "\\p{" in pattern:
        return {"description": f"Must match `{pattern}`."}
    # The model's patterns describe the whole text, those of JSON Schema any part of it.
    return {"pattern": f"^(?:{pattern})$"}


def _blob(shape: Shape) -> Json:
    schema: Json = {"type": "string", "contentEncoding": "base64"}
    if "max" in shape.metadata:
        schema["maxLength"] = -(-shape.metadata["max"] // 3) * 4
    if shape.name == "ImageBlob":
        schema["description"] = _BYTES
    return schema


def _range(shape: Shape) -> Json:
    names = {"min": "minimum", "max": "maximum"}
    return {name: shape.metadata[bound] for bound, name in names.items() if bound in shape.metadata}
