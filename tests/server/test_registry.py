"""How handlers are bound to the API, and the table of operations."""

from collections.abc import Callable
from typing import Any

import pytest

from openrekog.api_spec.service import load_service
from openrekog.api_spec.shapes import (
    DetectFacesRequest,
    DetectFacesResponse,
    DetectTextRequest,
    DetectTextResponse,
)
from openrekog.server.context import Context
from openrekog.server.operations.registry import WrongHandlerError, operation, snake_case
from openrekog.server.operations.table import markdown, operation_states


def test_name_and_annotations_bind() -> None:
    @operation
    def detect_text(context: Context, request: DetectTextRequest) -> DetectTextResponse:
        return {}

    assert detect_text.__name__ == "detect_text"


def detect_face(context: Context, request: DetectFacesRequest) -> DetectFacesResponse:
    return {}


def detect_faces(context: Context, request: DetectTextRequest) -> DetectFacesResponse:
    return {}


def detect_labels(context: Context, request: Any) -> None:
    return None


def compare_faces(context: Context) -> None:
    return None


@pytest.mark.parametrize("handler", [detect_face, detect_faces, detect_labels, compare_faces])
def test_what_does_not_fit_is_refused(handler: Callable[..., Any]) -> None:
    with pytest.raises(WrongHandlerError, match=handler.__name__):
        operation(handler)


def test_operations_are_named_apart() -> None:
    names = load_service().operations
    assert len({snake_case(name) for name in names}) == len(names) == 75
    assert snake_case("GetFaceLivenessSessionResults") == "get_face_liveness_session_results"


def test_the_table_has_every_operation_once() -> None:
    states = operation_states()
    assert sorted(state.name for state in states) == sorted(load_service().operations)
    table = markdown()
    for state in states:
        assert table.count(f"| {state.name} |") == 1
    assert {"DetectFaces", "IndexFaces"} <= {state.name for state in states if state.available}
