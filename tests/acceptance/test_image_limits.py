"""Pictures that must be refused, and the smallest and largest that must not."""

import base64
import struct
import time
import zlib
from collections.abc import Callable
from typing import Any

import PIL.Image
import pytest

from tests.acceptance.photos import (
    MIB,
    astronaut,
    encoded,
    jpeg,
    nobody,
    padded,
    person,
    photograph,
    png_file,
    resized,
)
from tests.acceptance.refusals import refusal, refused_with

MOST_BYTES = 5 * MIB


def claiming(width: int, height: int) -> bytes:
    """A small PNG file whose header claims these dimensions."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(1000))
    return png_file((b"IHDR", header), (b"IDAT", pixels), (b"IEND", b""))


def jpeg_claiming(width: int, height: int) -> bytes:
    """A JPEG file with its frame header (SOF0) changed to these dimensions."""
    data = bytearray(jpeg(PIL.Image.new("RGB", (96, 96), "red")))
    at = data.index(b"\xff\xc0") + 5
    data[at : at + 4] = struct.pack(">HH", height, width)
    return bytes(data)


UNREADABLE: dict[str, tuple[str, Callable[[], bytes]]] = {
    "gif": ("InvalidImageFormatException", lambda: encoded(astronaut(), "GIF")),
    "bmp": ("InvalidImageFormatException", lambda: encoded(astronaut(), "BMP")),
    "tiff": ("InvalidImageFormatException", lambda: encoded(astronaut(), "TIFF")),
    "webp": ("InvalidImageFormatException", lambda: encoded(astronaut(), "WEBP")),
    "text": ("InvalidImageFormatException", lambda: b"no picture at all" * 20),
    "zeros": ("InvalidImageFormatException", lambda: bytes(5000)),
    "one byte": ("InvalidImageFormatException", lambda: b"\xff"),
    "magic only": ("InvalidImageFormatException", lambda: b"\x89PNG\r\n\x1a\n"),
    "jpeg start only": ("InvalidImageFormatException", lambda: b"\xff\xd8\xff\xe0"),
    "double base64": (
        "InvalidImageFormatException",
        lambda: base64.b64encode(jpeg(astronaut())),
    ),
    "no bytes": ("ValidationException", lambda: b""),
    "79 wide": ("InvalidParameterException", lambda: nobody(79, 200)),
    "79 high": ("InvalidParameterException", lambda: nobody(200, 79)),
    "10,001 wide": ("ImageTooLargeException", lambda: nobody(10_001, 80)),
    "10,001 high": ("ImageTooLargeException", lambda: nobody(80, 10_001)),
    "png bomb": ("ImageTooLargeException", lambda: claiming(60_000, 60_000)),
    "largest claim": ("ImageTooLargeException", lambda: claiming(2**31 - 1, 2**31 - 1)),
    "jpeg bomb": ("ImageTooLargeException", lambda: jpeg_claiming(60_000, 60_000)),
    "claim without pixels": ("InvalidImageFormatException", lambda: claiming(5000, 5000)),
    "no dimensions": ("InvalidImageFormatException", lambda: claiming(0, 0)),
}


@pytest.mark.parametrize(("code", "picture"), UNREADABLE.values(), ids=UNREADABLE)
def test_pictures_that_are_refused(client: Any, code: str, picture: Callable[[], bytes]) -> None:
    data = picture()
    started = time.monotonic()
    found, message = refusal(client.detect_faces, Image={"Bytes": data})
    if data.startswith(b"\x89PNG") and found == "InvalidParameterException":
        assert message == "Request has invalid parameters"
    assert (found, time.monotonic() - started < 5) == (code, True), message


@pytest.mark.parametrize(("width", "height"), [(80, 80), (10_000, 80), (80, 10_000)])
def test_the_smallest_and_the_largest_picture(client: Any, width: int, height: int) -> None:
    answer = client.detect_faces(Image={"Bytes": nobody(width, height)})
    assert answer["FaceDetails"] == []


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_cut_off_pictures(client: Any, kind: str) -> None:
    """Never more than the documented refusal, and never half a picture."""
    whole = encoded(resized(astronaut(), 160), kind)
    for length in {*range(1, 60), *range(60, len(whole) - 12, len(whole) // 40)}:
        message = refused_with(
            "InvalidImageFormatException", client.detect_faces, Image={"Bytes": whole[:length]}
        )
        assert message == "Request has invalid image format", length
    assert client.detect_faces(Image={"Bytes": whole})["FaceDetails"]


def test_the_limit_of_bytes(client: Any) -> None:
    picture = jpeg(photograph("chelsea.png"))
    most = padded(picture, MOST_BYTES)
    assert client.detect_faces(Image={"Bytes": most})["FaceDetails"]
    message = refused_with(
        "ValidationException",
        client.detect_faces,
        Image={"Bytes": padded(picture, MOST_BYTES + 1)},
    )
    assert message == (
        "1 validation error detected: Value 'java.nio.HeapByteBuffer[pos=0 lim=5242881 "
        "cap=5242881]' at 'image.bytes' failed to satisfy constraint: Member must have length "
        "less than or equal to 5242880"
    )


def test_two_pictures_of_the_largest_size(client: Any) -> None:
    most = padded(jpeg(photograph("chelsea.png")), MOST_BYTES)
    answer = client.compare_faces(SourceImage={"Bytes": most}, TargetImage={"Bytes": most})
    assert len(answer["FaceMatches"]) == 1


@pytest.mark.parametrize(
    "image",
    [
        {},
        {"S3Object": {}},
        {"S3Object": {"Bucket": "photos"}},
        {"S3Object": {"Name": "a.jpg"}},
        {"Bytes": person(1), "S3Object": {"Bucket": "photos", "Name": "a.jpg"}},
    ],
    ids=["neither", "empty object", "no name", "no bucket", "both"],
)
def test_exactly_one_of_bytes_and_object(client: Any, image: dict[str, Any]) -> None:
    message = refused_with("InvalidParameterException", client.detect_faces, Image=image)
    assert message == "Requested image should either contain bytes or s3 object."
