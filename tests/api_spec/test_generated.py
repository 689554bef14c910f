"""Generated things are current, and say what the codec does."""

import json
from typing import Any, get_type_hints

import pytest
import schemathesis
from constraint_cases import minimal_request
from hypothesis import HealthCheck, Phase, given, settings
from openapi_spec_validator import OpenAPIV31SpecValidator

from openrekog.api_spec import codec, generate, shapes
from openrekog.api_spec.examples import example
from openrekog.api_spec.openapi import openapi_document
from openrekog.api_spec.service import load_service

SERVICE = load_service()
OPERATIONS = SERVICE.operations


def test_shapes_are_current() -> None:
    assert generate.main(["--check"]) == 0


def test_shapes_that_are_not_current_are_noticed(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stale = tmp_path / "shapes.py"
    stale.write_text("# old")
    monkeypatch.setattr(generate, "SHAPES", stale)
    assert generate.main(["--check"]) == 1
    assert "is not current" in capsys.readouterr().err
    assert stale.read_text() == "# old"
    assert generate.main([]) == 0
    assert generate.main(["--check"]) == 0


@pytest.mark.parametrize("operation", OPERATIONS)
def test_members_that_a_type_calls_present_are_there_after_decoding(operation: str) -> None:
    source = get_type_hints(getattr(shapes, OPERATIONS[operation].input.name), include_extras=True)
    present = {name for name, hint in source.items() if "NotRequired" not in repr(hint)}
    request = codec.decode(OPERATIONS[operation], minimal_request(OPERATIONS[operation]))
    assert present == set(request)


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return openapi_document(SERVICE, "1.2.3")


def test_the_openapi_document_is_valid(document: dict[str, Any]) -> None:
    OpenAPIV31SpecValidator(document).validate()


def test_the_openapi_document_has_all_operations(document: dict[str, Any]) -> None:
    ours = {f"/ext/{name}" for name in SERVICE.extensions}
    assert set(document["paths"]) == {f"/{name}" for name in OPERATIONS} | ours
    assert document["info"]["version"] == "1.2.3"
    tags = {tag["name"] for tag in document["tags"]}
    for path, item in document["paths"].items():
        (method, operation), *rest = item.items()
        assert (method, rest) == ("post", [])
        assert operation["operationId"] == path.rpartition("/")[2]
        assert set(operation["tags"]) <= tags
        assert set(operation["responses"]) >= {"200", "400", "500"}


def test_the_openapi_examples_are_valid_requests(document: dict[str, Any]) -> None:
    for name, operation in OPERATIONS.items():
        content = document["paths"][f"/{name}"]["post"]["requestBody"]["content"]
        for each in content["application/json"]["examples"].values():
            codec.decode(operation, each["value"])


def test_the_openapi_schemas_carry_constraints_and_defaults(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    index = schemas["IndexFacesRequest"]["properties"]
    assert index["QualityFilter"] == {
        "$ref": "#/components/schemas/QualityFilter",
        "default": "AUTO",
    }
    assert index["CollectionId"]["pattern"] == r"^(?:[a-zA-Z0-9_.\-]+)$"
    assert index["CollectionId"]["maxLength"] == 255
    assert schemas["IndexFacesRequest"]["required"] == ["CollectionId", "Image"]
    assert schemas["Image"]["properties"]["Bytes"]["maxLength"] == 6_990_508
    assert schemas["QualityFilter"]["enum"] == ["NONE", "AUTO", "LOW", "MEDIUM", "HIGH"]
    assert (index["MaxFaces"]["minimum"], index["MaxFaces"]["maximum"]) == (1, 2**31 - 1)
    faces = schemas["DeleteFacesRequest"]["properties"]["FaceIds"]
    assert (faces["minItems"], faces["maxItems"]) == (1, 4096)


def test_image_operations_show_how_to_send_bytes(document: dict[str, Any]) -> None:
    operation = document["paths"]["/CompareFaces"]["post"]
    examples = operation["requestBody"]["content"]["application/json"]["examples"]
    blob = example(SERVICE.model.shape_for("ImageBlob"))
    assert examples["bytes"]["value"] == {
        "SourceImage": {"Bytes": blob},
        "TargetImage": {"Bytes": blob},
    }
    assert "5,242,880 bytes" in operation["description"]


@pytest.mark.parametrize("operation", OPERATIONS)
def test_requests_made_from_the_openapi_schemas_are_valid(
    operation: str, document: dict[str, Any]
) -> None:
    described = schemathesis.openapi.from_dict(document)[f"/{operation}"]["POST"]

    @given(described.as_strategy(generation_mode=schemathesis.GenerationMode.POSITIVE))
    @settings(
        max_examples=5,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def decodes(case: Any) -> None:
        codec.decode(OPERATIONS[operation], codec.parse(json.dumps(case.body).encode()))

    decodes()
