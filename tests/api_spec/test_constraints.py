"""Every constraint of the model is enforced, and only the broken one is reported."""

import sys
import time
import unicodedata

import pytest
from constraint_cases import constraint_cases, minimal_request

from openrekog.api_spec import codec, errors
from openrekog.api_spec.constraints import (
    REQUIRED,
    Breaches,
    compiled,
    constraints,
    java_text,
)
from openrekog.api_spec.examples import example
from openrekog.api_spec.service import load_service, shapes_within

OPERATIONS = load_service().operations


def refusal(operation: str, payload: object) -> errors.ApiError:
    with pytest.raises(errors.ApiError) as caught:
        codec.decode(OPERATIONS[operation], payload)
    return caught.value


@pytest.mark.parametrize("operation", OPERATIONS)
def test_each_broken_constraint_is_refused(operation: str) -> None:
    for case in constraint_cases(OPERATIONS[operation]):
        error = refusal(operation, case.payload)
        assert (error.code, error.status) == (case.code, 400), case
        assert error.message is not None
        assert case.message in error.message, case


def test_the_cases_reach_every_kind_of_constraint() -> None:
    messages = [case.message for each in OPERATIONS.values() for case in constraint_cases(each)]
    assert len(messages) > 2500
    for kind in (
        "Member must not be null",
        "Member must satisfy regular expression pattern",
        "Member must satisfy enum value set",
        "length less than or equal to",
        "length greater than or equal to",
        "value less than or equal to",
        "value greater than or equal to",
        "Map keys must satisfy constraint",
        "Map value must satisfy constraint",
        ".1.member",
    ):
        assert any(kind in message for message in messages), kind


@pytest.mark.parametrize("operation", OPERATIONS)
def test_the_minimal_request_is_valid(operation: str) -> None:
    codec.decode(OPERATIONS[operation], minimal_request(OPERATIONS[operation]))


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_example_is_valid(operation: str) -> None:
    members = OPERATIONS[operation].input.members
    codec.decode(OPERATIONS[operation], {name: example(shape) for name, shape in members.items()})


# The wording that AWS was seen to use, whole.
WORDING = {
    "one breach": (
        "CreateCollection",
        {"CollectionId": "a b"},
        "1 validation error detected: Value 'a b' at 'collectionId' failed to satisfy constraint: "
        r"Member must satisfy regular expression pattern: [a-zA-Z0-9_.\-]+",
    ),
    "pattern before length": (
        "DeleteCollection",
        {"CollectionId": ""},
        "2 validation errors detected: Value '' at 'collectionId' failed to satisfy constraint: "
        r"Member must satisfy regular expression pattern: [a-zA-Z0-9_.\-]+; "
        "Value '' at 'collectionId' failed to satisfy constraint: "
        "Member must have length greater than or equal to 1",
    ),
    "an empty image": (
        "DetectFaces",
        {"Image": {"Bytes": ""}},
        "1 validation error detected: Value 'java.nio.HeapByteBuffer[pos=0 lim=0 cap=0]' at "
        "'image.bytes' failed to satisfy constraint: "
        "Member must have length greater than or equal to 1",
    ),
    "an absent member": (
        "DetectFaces",
        {},
        "1 validation error detected: Value null at 'image' failed to satisfy constraint: "
        "Member must not be null",
    ),
    "a number": (
        "DetectLabels",
        {"Image": {}, "MinConfidence": 101},
        "1 validation error detected: Value '101.0' at 'minConfidence' failed to satisfy "
        "constraint: Member must have value less than or equal to 100",
    ),
    "an enum in a list": (
        "StartSegmentDetection",
        {"Video": {}, "SegmentTypes": ["SHOT", "TECHNICAL_CUES"]},
        "1 validation error detected: Value 'TECHNICAL_CUES' at 'segmentTypes.2.member' failed to "
        "satisfy constraint: Member must satisfy enum value set: [TECHNICAL_CUE, SHOT]",
    ),
    "the keys of a map": (
        "TagResource",
        {"ResourceArn": "a" * 20, "Tags": {"aws:x": "1"}},
        "1 validation error detected: Value '{aws:x=1}' at 'tags' failed to satisfy constraint: "
        "Map keys must satisfy constraint: [Member must satisfy regular expression pattern: "
        r"^(?!aws:)[\p{L}\p{Z}\p{N}_.:/=+\-@]*$, Member must have length less than or equal to "
        "128, Member must have length greater than or equal to 1]",
    ),
}


@pytest.mark.parametrize(("operation", "payload", "message"), WORDING.values(), ids=WORDING)
def test_wording(operation: str, payload: object, message: str) -> None:
    assert refusal(operation, payload).message == message


def test_five_mebibytes_and_one_byte_are_too_much() -> None:
    (case,) = (
        case
        for case in constraint_cases(OPERATIONS["DetectFaces"])
        if "less than or equal to 5242880" in case.message
    )
    assert refusal("DetectFaces", case.payload).message == (
        "1 validation error detected: Value 'java.nio.HeapByteBuffer[pos=0 lim=5242881 "
        "cap=5242881]' at 'image.bytes' failed to satisfy constraint: "
        "Member must have length less than or equal to 5242880"
    )


def test_at_most_ten_breaches_are_reported() -> None:
    error = refusal("DeleteFaces", {"CollectionId": "a", "FaceIds": ["x"] * 50})
    assert error.message is not None
    assert error.message.startswith(
        "10 validation errors detected: Value 'x' at 'faceIds.1.member'"
    )
    assert error.message.count("failed to satisfy") == 10


def test_long_values_are_shown_in_part() -> None:
    error = refusal("DeleteCollection", {"CollectionId": "a" * 1_000_000})
    assert error.message is not None
    assert len(error.message) < 3000


def test_a_list_of_millions_is_refused_without_a_walk() -> None:
    payload = {"CollectionId": "a", "FaceIds": ["a"] * 3_000_000}
    began = time.process_time()
    message = refusal("DeleteFaces", payload).message
    assert time.process_time() - began < 0.5
    assert message is not None
    assert "Member must have length less than or equal to 4096" in message


def test_wrong_types_are_told_before_broken_constraints() -> None:
    payload = {"CollectionId": "", "FaceId": 5}
    assert refusal("SearchFaces", payload).code == "SerializationException"


def test_sensitive_values_are_not_shown() -> None:
    breaches = Breaches()
    breaches.add(((None, "AuditImage"), "Bytes"), b"secret", REQUIRED, sensitive=True)
    with pytest.raises(errors.Validation) as caught:
        breaches.raise_if_any()
    assert str(caught.value).endswith(
        "1 validation error detected: Value at 'auditImage.bytes' failed to satisfy constraint: "
        "Member must not be null"
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.5, "0.5"),
        (100.0, "100.0"),
        (1e7, "1.0E7"),
        (1.5e-5, "1.5E-5"),
        (True, "true"),
        (["a", None], "[a, null]"),
        ({"A": {"B": 1}}, "{A={B=1}}"),
    ],
)
def test_values_are_shown_as_java_shows_them(value: object, text: str) -> None:
    assert java_text(value) == text


def test_tag_patterns_allow_exactly_letters_separators_and_numbers() -> None:
    matches = compiled(r"^([\p{L}\p{Z}\p{N}_.:/=+\-@]*)$").fullmatch
    for code in range(sys.maxunicode + 1):
        char = chr(code)
        allowed = unicodedata.category(char)[0] in "LZN" or char in "_.:/=+-@"
        assert (matches(char) is not None) == allowed, hex(code)


def test_digits_of_other_scripts_are_no_digits_in_arns() -> None:
    arn = "arn:aws:iam::12345678901\u0662:role/x"
    payload = {**minimal_request(OPERATIONS["CreateStreamProcessor"]), "RoleArn": arn}
    message = refusal("CreateStreamProcessor", payload).message
    assert message is not None
    assert "regular expression" in message


def test_no_pattern_takes_long_on_hostile_text() -> None:
    hostile = ("arn:aws:sns:" + ":aaaaaaaaaaaa:" * 1_000_000 + "\n", "-" * 10_000_000, " " * 10**7)
    began = time.process_time()
    roots = [operation.input for operation in OPERATIONS.values()]
    for shape in shapes_within(roots):
        if shape.type_name == "string" and "pattern" in shape.metadata:
            for rule in constraints(shape):
                for text in hostile:
                    rule.holds(text)
                    rule.holds(text[:4096])
    assert time.process_time() - began < 10
