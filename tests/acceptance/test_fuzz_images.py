"""Damaged pictures through HTTP: whatever the bytes, only documented answers."""

from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.acceptance.photos import astronaut, encoded, jpeg, photograph, png, resized

DOCUMENTED = {
    "OK",
    "ImageTooLargeException",
    "InvalidImageFormatException",
    "InvalidParameterException",
    "ValidationException",
}

SMALL = resized(photograph("chelsea.png"), 100)
WHOLE = [
    jpeg(SMALL, quality=70),
    jpeg(SMALL, progressive=True, optimize=True),
    jpeg(SMALL.convert("L")),
    jpeg(SMALL.convert("CMYK")),
    jpeg(
        resized(astronaut(), 90), exif=b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\6\0"
    ),
    png(SMALL),
    png(SMALL.quantize(16)),
    png(SMALL.convert("RGBA")),
    encoded(SMALL.convert("I;16"), "PNG"),
]


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A real file with bytes changed, taken out, doubled, or mixed with another file."""
    data = bytearray(draw(st.sampled_from(WHOLE)))
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(data)))
        length = draw(st.integers(0, 40))
        kind = draw(st.sampled_from(["change", "cut", "double", "insert", "end", "mix"]))
        if kind == "change":
            data[at : at + length] = draw(st.binary(min_size=length, max_size=length))
        elif kind == "cut":
            del data[at : at + length]
        elif kind == "double":
            data[at:at] = data[at : at + length]
        elif kind == "insert":
            data[at:at] = draw(st.binary(max_size=40))
        elif kind == "end":
            del data[at:]
        else:
            data[at:] = draw(st.sampled_from(WHOLE))[at:]
    return bytes(data)


@pytest.fixture(scope="module")
def fuzzed(server: Any) -> Any:
    return server.client("fuzz")


def outcome(client: Any, picture: bytes) -> str:
    try:
        client.detect_faces(Image={"Bytes": picture}, Attributes=["ALL"])
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return "OK"


bounded = settings(
    max_examples=250,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@bounded
@given(picture=damaged())
def test_damaged_files(fuzzed: Any, picture: bytes) -> None:
    assert outcome(fuzzed, picture) in DOCUMENTED


@bounded
@given(
    start=st.sampled_from([b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"BM", b"RIFF"]),
    rest=st.binary(max_size=2000),
)
def test_noise(fuzzed: Any, start: bytes, rest: bytes) -> None:
    assert outcome(fuzzed, start + rest) in DOCUMENTED - {"OK"}


@pytest.mark.parametrize("whole", WHOLE)
def test_whole_files_are_read(fuzzed: Any, whole: bytes) -> None:
    assert outcome(fuzzed, whole) == "OK"
