"""What botocore serialises we decode, and what we encode botocore parses: nothing is lost."""

from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel, Shape, StructureShape
from botocore.parsers import create_parser
from botocore.serialize import create_serializer

from openrekog.api_spec import codec, errors
from openrekog.api_spec.examples import example
from openrekog.api_spec.service import load_service, parts

OPERATIONS = load_service().operations
# Their model as it is, without our overlay.
THEIRS = ServiceModel(Loader().load_service_model("rekognition", "service-2"))


def full_value(shape: Shape) -> Any:
    """A Python value with every member there is."""
    match shape.type_name:
        case "structure":
            return {name: full_value(part) for name, part in parts(shape).items()}
        case "list":
            return [full_value(parts(shape)["member"])] * max(1, shape.metadata.get("min", 0))
        case "map":
            return {example(parts(shape)["key"]): example(parts(shape)["value"])}
        case "blob":
            return b"\x00\xff bytes"
        case "timestamp":
            return datetime(2026, 2, 3, 4, 5, 6, 250_000, UTC)
        case _:
            return example(shape)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_requests(operation: str) -> None:
    model = THEIRS.operation_model(operation)
    request = full_value(OPERATIONS[operation].input)
    body = create_serializer("json").serialize_to_request(request, model)["body"]
    assert codec.decode(OPERATIONS[operation], codec.parse(body)) == request


def parsed_by_botocore(operation: str, wire: dict[str, Any]) -> dict[str, Any]:
    shape = THEIRS.operation_model(operation).output_shape
    assert shape is not None
    parsed: dict[str, Any] = create_parser("json").parse(wire, shape)
    return parsed


@pytest.mark.parametrize("operation", OPERATIONS)
def test_answers(operation: str) -> None:
    answer = full_value(OPERATIONS[operation].output)
    wire = {"body": codec.encode(OPERATIONS[operation], answer), "headers": {}, "status_code": 200}
    parsed = parsed_by_botocore(operation, wire)
    del parsed["ResponseMetadata"]
    assert as_encoded(parsed) == as_encoded(answer)


def as_encoded(value: Any) -> Any:
    """Without what the trip may change: the text of a time, and the JSON in a text."""
    match value:
        case dict():
            return {name: as_encoded(item) for name, item in value.items()}
        case list():
            return [as_encoded(item) for item in value]
        case datetime():
            return value.timestamp()
        case _:
            return value


@pytest.mark.parametrize("operation", OPERATIONS)
def test_errors(operation: str) -> None:
    for code in (*OPERATIONS[operation].errors, "ValidationException", "InvalidSignatureException"):
        error = errors.ApiError(code, "why")
        wire = {"body": error.body(), "headers": {}, "status_code": error.status}
        parsed = parsed_by_botocore(operation, wire)
        assert parsed["Error"]["Code"] == code
        assert parsed["Error"]["Message"] == "why"


def test_their_model_has_no_shape_that_we_do_not_know() -> None:
    for operation in OPERATIONS.values():
        theirs = THEIRS.operation_model(operation.name)
        assert isinstance(theirs.input_shape, StructureShape)
        assert set(theirs.input_shape.members) == set(operation.input.members)
