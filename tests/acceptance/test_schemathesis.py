"""Schemathesis reads the OpenAPI document and tries to break what it promises."""

from typing import Any

import orjson
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.checks import (
    content_type_conformance,
    not_a_server_error,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from schemathesis.config import GenerationConfig, ProjectConfig, ProjectsConfig, SchemathesisConfig

from openrekog.api_spec.openapi import openapi_document
from openrekog.api_spec.service import load_service
from tests.acceptance.servers import ServerProcess

EXAMPLES = 6
PATHS = [each.path for each in load_service().all_operations.values()]
MODES = {"valid": GenerationMode.POSITIVE, "broken": GenerationMode.NEGATIVE}

# What refuses the form of a request; everything else is a matter of what is stored.
FORM = {"ValidationException", "SerializationException"}

CHECKED = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]

bounded = settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],
)


def read(document: dict[str, Any], mode: GenerationMode) -> Any:
    generation = GenerationConfig(modes=[mode])
    projects = ProjectsConfig(default=ProjectConfig(generation=generation))
    return schemathesis.openapi.from_dict(document, config=SchemathesisConfig(projects=projects))


@pytest.fixture(scope="module")
def schemas(server: ServerProcess) -> dict[str, Any]:
    """The document that the server serves, read for valid and for broken requests."""
    document = requests.get(f"{server.url}/openapi.json", timeout=20).json()
    return {name: read(document, mode) for name, mode in MODES.items()}


@pytest.mark.parametrize("path", PATHS)
def test_valid_requests(server: ServerProcess, schemas: dict[str, Any], path: str) -> None:
    """Nothing that the schema allows is refused for its form."""
    operation = schemas["valid"][f"/{path}"]["POST"]

    @bounded
    @given(case=operation.as_strategy())
    def run(case: Case[Any]) -> None:
        answer = case.call(base_url=server.url)
        case.validate_response(answer, checks=CHECKED)
        code = orjson.loads(answer.content).get("__type")
        assert code not in FORM, (case.body, answer.text)

    run()


@pytest.mark.parametrize("path", PATHS)
def test_broken_requests(server: ServerProcess, schemas: dict[str, Any], path: str) -> None:
    """Nothing that the schema forbids leads to anything but a documented refusal."""
    operation = schemas["broken"][f"/{path}"]["POST"]

    @bounded
    @given(case=operation.as_strategy())
    def run(case: Case[Any]) -> None:
        answer = case.call(base_url=server.url)
        case.validate_response(answer, checks=CHECKED)

    run()


def test_the_served_document_is_of_the_whole_api(schemas: dict[str, Any]) -> None:
    document = openapi_document(load_service(), "0")
    served = schemas["valid"].raw_schema
    assert served["paths"].keys() == document["paths"].keys()
    assert served["components"] == document["components"]
    assert len(served["paths"]) == len(PATHS) == 78
