"""The OpenAPI 3.1 document of the plain JSON door, `POST /{Operation}`, from the service model."""

from itertools import groupby
from typing import cast

import orjson
from botocore.model import StructureShape

from openrekog.api_spec.errors import ApiError
from openrekog.api_spec.examples import example, minimal_request
from openrekog.api_spec.overlay import load_overlay
from openrekog.api_spec.schemas import Json, named_schemas, reference
from openrekog.api_spec.service import Operation, Service, shapes_within

_INFO = (
    "The Amazon Rekognition API, answered by openrekog on your own hardware. SDKs use `POST /` with"
    " the header `X-Amz-Target`; the paths here take the same requests as plain JSON."
)
_ERROR_STATUS_TEXTS = {
    400: "The request is refused.",
    408: "The body did not arrive in time.",
    413: "The body is too large.",
    500: "The server failed.",
}


def openapi_document(service: Service, version: str) -> Json:
    operations = service.all_operations.values()
    groups = sorted({operation.group for operation in operations})
    asked = shapes_within(each.input for each in operations)
    answered = shapes_within(each.output for each in operations)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "openrekog",
            "version": version,
            "description": _INFO,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "tags": [{"name": group} for group in groups],
        "paths": {f"/{each.path}": {"post": _operation(each)} for each in operations},
        "components": {
            "schemas": {
                **named_schemas(asked, answered),
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
                    "schema": reference(operation.input),
                    "examples": _request_examples(operation),
                }
            },
        },
        "responses": {
            "200": {
                "description": "The answer.",
                "content": {"application/json": {"schema": reference(operation.output)}},
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
    if operation.path != operation.name:
        parts.append(
            "An extension of openrekog: AWS has no such operation, and SDKs do not know it."
        )
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
    codes = sorted({*operation.errors, *_framework_errors()})
    failures = sorted((ApiError(code) for code in codes), key=lambda error: error.status)
    return {
        str(status): _error_response(status, list(errors))
        for status, errors in groupby(failures, key=lambda error: error.status)
    }


def _framework_errors() -> list[str]:
    """Errors that no operation names: they are raised before the service is asked."""
    return [code for code, notes in load_overlay().errors.items() if notes.framework]


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
