"""Errors: one class for each, and the exact bytes that clients read."""

import inspect
import pickle

import orjson
import pytest

from openrekog.api_spec import errors
from openrekog.api_spec.service import load_service

SERVICE = load_service()
NAMED = [
    value
    for value in vars(errors).values()
    if inspect.isclass(value) and issubclass(value, errors.ApiError) and hasattr(value, "code_name")
]


def test_every_error_of_the_model_and_of_the_overlay_has_its_class() -> None:
    codes = {error.code_name for error in NAMED}
    assert codes == set(SERVICE.overlay.errors)
    modelled = {code for operation in SERVICE.operations.values() for code in operation.errors}
    assert len(modelled) == 23
    framework = {code for code, notes in SERVICE.overlay.errors.items() if notes.framework}
    assert codes - modelled == framework


def test_class_names_are_the_codes_without_exception() -> None:
    for error in NAMED:
        assert error.__name__ == error.code_name.removesuffix("Exception")


def test_service_errors_name_themselves_four_times_over() -> None:
    error = errors.ResourceNotFound("The collection id: staff does not exist")
    body = orjson.loads(error.body(logref="d5d1b3a0-0000-4000-8000-000000000000"))
    assert body == {
        "__type": "ResourceNotFoundException",
        "Code": "ResourceNotFoundException",
        "Logref": "d5d1b3a0-0000-4000-8000-000000000000",
        "Message": "The collection id: staff does not exist",
    }
    assert list(body) == ["__type", "Code", "Logref", "Message"]


def test_every_service_error_gets_a_logref_of_its_own() -> None:
    error = errors.InvalidParameter()
    assert orjson.loads(error.body())["Logref"] != orjson.loads(error.body())["Logref"]


@pytest.mark.parametrize(
    ("error", "body"),
    [
        (errors.Validation("wrong"), {"__type": "ValidationException", "message": "wrong"}),
        (errors.Serialization(), {"__type": "SerializationException"}),
        (errors.Serialization("odd"), {"__type": "SerializationException", "Message": "odd"}),
        (errors.UnknownOperation(), {"__type": "UnknownOperationException"}),
        (
            errors.MissingAuthenticationToken(),
            {
                "__type": "MissingAuthenticationTokenException",
                "message": "Missing Authentication Token",
            },
        ),
    ],
)
def test_framework_errors_are_brief(error: errors.ApiError, body: dict[str, str]) -> None:
    assert orjson.loads(error.body()) == body


def test_statuses() -> None:
    assert errors.InternalServerError().status == 500
    assert errors.RequestEntityTooLarge().status == 413
    assert errors.RequestTimeout().status == 408
    others = {errors.ApiError(error.code_name).status for error in NAMED} - {500, 413, 408}
    assert others == {400}
    assert errors.Throttling("Service Unavailable", status=500).status == 500


def test_an_unlisted_code_is_a_service_error() -> None:
    error = errors.ApiError("Odd", "odd", 418)
    assert (error.status, orjson.loads(error.body())["Code"]) == (418, "Odd")


def test_errors_survive_pickling() -> None:
    error = pickle.loads(pickle.dumps(errors.Throttling("slow", status=500)))
    assert (type(error), error.message, error.status) == (errors.Throttling, "slow", 500)
