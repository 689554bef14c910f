"""Every kind of picture file that must be read, upright, through a real request."""

import random
import struct
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
import PIL.Image
import pytest
from PIL.Image import Image, Transpose

from tests.acceptance.photos import astronaut, encoded, jpeg, photograph, png, png_file, resized


def sixteen_bits() -> bytes:
    samples = np.asarray(astronaut().convert("L")).astype(np.uint16) << 8
    return png(PIL.Image.fromarray(samples))


def rgb_of_sixteen_bits() -> bytes:
    """Pillow writes no such PNG, so the chunks are put together here."""
    samples = (np.asarray(astronaut()).astype(np.uint16) << 8).astype(">u2")
    rows = b"".join(b"\0" + row.tobytes() for row in samples)
    header = struct.pack(">IIBBBBB", astronaut().width, astronaut().height, 16, 2, 0, 0, 0)
    return png_file((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))


def with_alpha() -> Image:
    picture = astronaut().convert("RGBA")
    picture.putalpha(255)
    return picture


READABLE: dict[str, Callable[[], bytes]] = {
    "jpeg": lambda: jpeg(astronaut()),
    "progressive jpeg": lambda: jpeg(astronaut(), progressive=True),
    "grey jpeg": lambda: jpeg(astronaut().convert("L")),
    "cmyk jpeg": lambda: jpeg(astronaut().convert("CMYK")),
    "png": lambda: png(astronaut()),
    "grey png": lambda: png(astronaut().convert("L")),
    "palette png": lambda: png(astronaut().quantize(128)),
    "alpha png": lambda: png(with_alpha()),
    "grey alpha png": lambda: png(astronaut().convert("LA")),
    "16 bit grey png": sixteen_bits,
    "16 bit rgb png": rgb_of_sixteen_bits,
    "trailing bytes": lambda: jpeg(astronaut()) + b"more",
}


def box_of(client: Any, picture: bytes) -> list[float]:
    [detail] = client.detect_faces(Image={"Bytes": picture})["FaceDetails"]
    box = detail["BoundingBox"]
    return [box[side] for side in ("Left", "Top", "Width", "Height")]


@pytest.mark.parametrize("picture", READABLE.values(), ids=READABLE)
def test_the_same_face_is_seen_in_every_kind_of_file(
    real_client: Any, picture: Callable[[], bytes]
) -> None:
    expected = box_of(real_client, png(astronaut()))
    assert box_of(real_client, picture()) == pytest.approx(expected, abs=0.03)


def test_transparency_is_white_and_no_face(client: Any) -> None:
    picture = with_alpha()
    picture.putalpha(0)
    assert client.detect_faces(Image={"Bytes": png(picture)})["FaceDetails"] == []


# How a camera held so stores a picture that is upright once it is turned by this orientation.
AS_STORED: dict[int, Callable[[Image], Image]] = {
    1: lambda picture: picture,
    2: lambda picture: picture.transpose(Transpose.FLIP_LEFT_RIGHT),
    3: lambda picture: picture.transpose(Transpose.ROTATE_180),
    4: lambda picture: picture.transpose(Transpose.FLIP_TOP_BOTTOM),
    5: lambda picture: picture.transpose(Transpose.TRANSPOSE),
    6: lambda picture: picture.transpose(Transpose.ROTATE_90),
    7: lambda picture: picture.transpose(Transpose.TRANSVERSE),
    8: lambda picture: picture.transpose(Transpose.ROTATE_270),
}


def oriented(picture: Image, orientation: int) -> Any:
    exif = picture.getexif()
    exif[0x0112] = orientation
    return exif


@pytest.mark.parametrize("orientation", AS_STORED)
def test_jpeg_photographs_are_turned_upright(real_client: Any, orientation: int) -> None:
    portrait = astronaut().crop((60, 0, 460, 300))
    expected = box_of(real_client, jpeg(portrait))
    stored = AS_STORED[orientation](portrait)
    picture = jpeg(stored, exif=oriented(stored, orientation))
    assert box_of(real_client, picture) == pytest.approx(expected, abs=0.03)
    answer = real_client.detect_faces(Image={"Bytes": picture})
    assert "OrientationCorrection" not in answer


@pytest.mark.parametrize("orientation", [0, 9, 6000])
def test_an_orientation_that_does_not_exist_is_none(client: Any, orientation: int) -> None:
    picture = photograph("chelsea.png")
    turned = jpeg(picture, exif=oriented(picture, orientation))
    expected = client.detect_faces(Image={"Bytes": jpeg(picture)})["FaceDetails"]
    assert client.detect_faces(Image={"Bytes": turned})["FaceDetails"] == expected


def test_oddities_of_pictures_do_not_fill_the_log(server: Any, client: Any) -> None:
    exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\6\0"
    client.detect_faces(Image={"Bytes": jpeg(photograph("chelsea.png"), exif=exif)})
    assert "Corrupt EXIF" not in server.log.read_text()


def test_png_pictures_are_taken_as_stored(client: Any) -> None:
    picture = photograph("chelsea.png")
    turned = png(picture, exif=oriented(picture, 6))
    expected = client.detect_faces(Image={"Bytes": png(picture)})["FaceDetails"]
    assert client.detect_faces(Image={"Bytes": turned})["FaceDetails"] == expected


class TestFormatsThatASettingAllows:
    def test_they_are_read(self, launch: Any) -> None:
        kinds = ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "AVIF"]
        client = launch(image_formats=kinds).client()
        for kind in kinds:
            picture = encoded(photograph("chelsea.png"), kind)
            assert client.detect_faces(Image={"Bytes": picture})["FaceDetails"], kind

    def test_damaged_files_of_them_are_refused(self, launch: Any) -> None:
        kinds = ["WEBP", "GIF", "TIFF", "BMP", "AVIF"]
        client = launch(image_formats=kinds).client()
        chance = random.Random(7)
        for kind in kinds:
            whole = encoded(resized(photograph("chelsea.png"), 120), kind)
            for number in range(40):
                broken = bytearray(
                    whole if number % 2 else whole[: chance.randrange(9, len(whole))]
                )
                for _ in range(number // 4):
                    broken[chance.randrange(len(broken))] = chance.randrange(256)
                code = outcome(client, bytes(broken))
                assert code in (
                    "OK",
                    "InvalidImageFormatException",
                    "InvalidParameterException",
                    "ImageTooLargeException",
                ), kind


def outcome(client: Any, picture: bytes) -> str:
    try:
        client.detect_faces(Image={"Bytes": picture})
    except client.exceptions.ClientError as error:
        code: str = error.response["Error"]["Code"]
        return code
    return "OK"
