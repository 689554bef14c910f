"""The fast way to decode JPEGs gives what Pillow gives, and leaves to Pillow what it cannot do."""

import io
from typing import Any

import numpy as np
import PIL.Image
import pytest
import skimage.data
from PIL.ExifTags import Base as ExifTag

from openrekog.server.media.images import orientation, to_rgb
from openrekog.server.media.jpeg import decode_colour


def jpeg(turn: int = 1, **options: Any) -> bytes:
    """A picture wider than high, with an Exif orientation."""
    picture = PIL.Image.fromarray(skimage.data.astronaut()).crop((0, 0, 333, 217))  # type: ignore[no-untyped-call]  # has no annotations
    exif = PIL.Image.Exif()
    exif[ExifTag.Orientation] = turn
    written = io.BytesIO()
    picture.save(written, "JPEG", exif=exif, **options)
    return written.getvalue()


def opened(data: bytes) -> PIL.Image.Image:
    return PIL.Image.open(io.BytesIO(data))


@pytest.mark.parametrize("turn", range(10))
def test_pictures_stand_upright(turn: int) -> None:
    data = jpeg(turn)
    pixels = decode_colour(data, orientation(opened(data)))
    assert pixels is not None
    assert pixels.shape[:2] == ((333, 217) if turn in range(5, 9) else (217, 333))
    np.testing.assert_array_equal(pixels, to_rgb(opened(data)))


@pytest.mark.parametrize(
    "options",
    [{"progressive": True}, {"subsampling": 0}, {"subsampling": 1}, {"quality": 5}],
    ids=str,
)
def test_encodings(options: dict[str, Any]) -> None:
    data = jpeg(**options)
    np.testing.assert_array_equal(decode_colour(data, 1), to_rgb(opened(data)))


def test_what_is_cut_off_is_left_to_pillow() -> None:
    data = jpeg()
    assert decode_colour(data[: len(data) // 2], 1) is None
    assert decode_colour(b"", 1) is None
