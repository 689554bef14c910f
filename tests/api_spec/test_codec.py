"""Bytes in and bytes out: parsing, decoding, encoding, and what fuzzing cannot make of them."""

import base64
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openrekog.api_spec import codec, errors
from openrekog.api_spec.service import load_service, parts

OPERATIONS = load_service().operations


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"null",
        b"[]",
        b'"text"',
        b"5",
        b"{",
        b'{"A": NaN}',
        b'{"A": Infinity}',
        b"{'A': 1}",
        b'{"A": 1} {}',
        b'{"A": "\xff"}',
        b'{"A": "\\ud800"}',
        b"\xef\xbb\xbf{}",
        b'{"A": ' + b"[" * 2000 + b"]" * 2000 + b"}",
        b'{"A": ' * 100_000,
    ],
)
def test_what_is_no_json_object_is_refused_without_a_word(body: bytes) -> None:
    with pytest.raises(errors.Serialization) as caught:
        codec.parse(body)
    assert caught.value.body() == b'{"__type":"SerializationException"}'


def test_unknown_members_are_ignored() -> None:
    payload = codec.parse(b'{"CollectionId": "a", "Other": {"Deep": [1, null]}}')
    assert codec.decode(OPERATIONS["DescribeCollection"], payload) == {"CollectionId": "a"}


def test_numbers_of_either_kind_are_taken_where_they_mean_the_same() -> None:
    payload = codec.parse(
        b'{"CollectionId":"a","FaceId":"11111111-2222-3333-4444-555555555555",'
        b'"MaxFaces":5.0,"FaceMatchThreshold":70}'
    )
    request = codec.decode(OPERATIONS["SearchFaces"], payload)
    assert (type(request["MaxFaces"]), request["MaxFaces"]) == (int, 5)
    assert (type(request["FaceMatchThreshold"]), request["FaceMatchThreshold"]) == (float, 70.0)


@pytest.mark.parametrize("number", ["1e400", "-1e400", "123456789012345678901234567890", "1e308"])
@pytest.mark.parametrize("member", ["MaxFaces", "FaceMatchThreshold"])
def test_huge_numbers_are_refused(number: str, member: str) -> None:
    body = (
        '{"CollectionId":"a","FaceId":"11111111-2222-3333-4444-555555555555",'
        f'"{member}":{number}}}'
    )
    with pytest.raises((errors.Serialization, errors.Validation)):
        codec.decode(OPERATIONS["SearchFaces"], codec.parse(body.encode()))


@given(st.binary(max_size=500))
def test_blobs_survive(data: bytes) -> None:
    payload = {"Image": {"Bytes": base64.b64encode(b"x" + data).decode()}}
    assert codec.decode(OPERATIONS["DetectFaces"], payload)["Image"]["Bytes"] == b"x" + data


def test_null_values_of_a_map_are_refused() -> None:
    with pytest.raises(errors.Validation, match=r"Value null at 'tags\.a\.member'"):
        codec.decode(OPERATIONS["CreateCollection"], {"CollectionId": "a", "Tags": {"a": None}})


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
    | st.sampled_from(["ALL", "QUJD", "us-east-1", "=", "aws:"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


@st.composite
def requests(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """Any JSON at the members of some operation, and below them members by their right names."""
    operation = OPERATIONS[draw(st.sampled_from(sorted(OPERATIONS)))]
    payload: dict[str, Any] = {}
    for name, shape in operation.input.members.items():
        if shape.type_name == "structure" and draw(st.booleans()):
            payload[name] = {member: draw(JSON) for member in parts(shape)}
        elif shape.type_name == "list" and draw(st.booleans()):
            payload[name] = draw(st.lists(JSON, max_size=3))
        elif draw(st.booleans()):
            payload[name] = draw(JSON)
    return operation.name, payload


@given(requests())
@settings(max_examples=400, deadline=None)
def test_decoding_gives_a_request_or_an_api_error(request: tuple[str, dict[str, Any]]) -> None:
    operation, payload = request
    try:
        codec.decode(OPERATIONS[operation], payload)
    except (errors.Serialization, errors.Validation) as error:
        orjson.loads(error.body())


@given(st.binary(max_size=200) | st.text(max_size=100).map(str.encode))
@settings(max_examples=300, deadline=None)
def test_parsing_gives_an_object_or_an_api_error(body: bytes) -> None:
    try:
        assert isinstance(codec.parse(body), dict)
    except errors.Serialization:
        return


def encoded(operation: str, response: dict[str, Any]) -> Any:
    return orjson.loads(codec.encode(OPERATIONS[operation], response))


def test_floats_are_rounded_to_32_bits_as_those_of_aws() -> None:
    face = {"Confidence": 99.9934, "BoundingBox": {"Width": 0.1618020, "Left": -1}}
    answer = encoded("DetectFaces", {"FaceDetails": [face]})
    assert answer["FaceDetails"][0] == {
        "Confidence": 99.99340057373047,
        "BoundingBox": {"Width": 0.16180199384689331, "Left": -1.0},
    }


def test_what_is_none_is_left_out_and_empty_lists_stay() -> None:
    answer = encoded("DetectFaces", {"FaceDetails": [], "OrientationCorrection": None})
    assert answer == {"FaceDetails": []}
    assert codec.encode(OPERATIONS["CreateUser"], {}) == b"{}"


@pytest.mark.parametrize("zone", [UTC, timezone(timedelta(hours=5))])
def test_timestamps_are_seconds_since_1970(zone: timezone) -> None:
    moment = datetime.fromtimestamp(1_700_000_000.123, zone)
    answer = codec.encode(OPERATIONS["DescribeCollection"], {"CreationTimestamp": moment})
    assert answer == b'{"CreationTimestamp":1700000000.123}'


def test_blobs_are_base64() -> None:
    answer = encoded(
        "GetFaceLivenessSessionResults",
        {"SessionId": "s", "Status": "SUCCEEDED", "ReferenceImage": {"Bytes": b"\xff\xd8"}},
    )
    assert answer["ReferenceImage"] == {"Bytes": "/9g="}


REFUSED = {
    "an unknown member": ("DetectFaces", {"Faces": []}, "no 'Faces'"),
    "an unknown member below": ("DetectFaces", {"FaceDetails": [{"Mood": 1}]}, "FaceDetail has no"),
    "the spelling of another": ("CreateCollection", {"CollectionARN": "a"}, "no 'CollectionARN'"),
    "a missing member": ("GetMediaAnalysisJob", {"JobId": "j"}, "lacks CreationTimestamp"),
    "an unknown enum value": (
        "DetectFaces",
        {"OrientationCorrection": "ROTATE_1"},
        "'ROTATE_1' is not a OrientationCorrection",
    ),
    "a number for a text": ("CreateCollection", {"CollectionArn": 5}, "5 is not a string"),
    "a text for a list": ("ListCollections", {"CollectionIds": "abc"}, "'abc' is not a list"),
    "a float for an integer": ("DescribeCollection", {"FaceCount": 5.0}, "not an integer"),
    "a boolean for an integer": ("DescribeCollection", {"FaceCount": True}, "not an integer"),
    "a text for a float": ("SearchFacesByImage", {"SearchedFaceConfidence": "1"}, "float"),
    "no number": ("SearchFacesByImage", {"SearchedFaceConfidence": float("nan")}, "finite"),
    "an infinite number": ("SearchFacesByImage", {"SearchedFaceConfidence": 1e39}, "finite"),
    "a naive time": ("DescribeCollection", {"CreationTimestamp": datetime(2026, 1, 1)}, "zone"),
    "a list for a structure": ("DetectFaces", {"FaceDetails": [[]]}, "FaceDetail"),
    "a text for bytes": (
        "GetFaceLivenessSessionResults",
        {"SessionId": "s", "Status": "SUCCEEDED", "ReferenceImage": {"Bytes": "x"}},
        "not bytes",
    ),
}


@pytest.mark.parametrize(("operation", "response", "reason"), REFUSED.values(), ids=REFUSED)
def test_answers_beyond_the_model_are_refused(
    operation: str, response: dict[str, Any], reason: str
) -> None:
    with pytest.raises(codec.EncodingError, match=reason):
        codec.encode(OPERATIONS[operation], response)
