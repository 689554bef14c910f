"""JPEGs of any kind stand upright; the fast way to decode them gives what Pillow gives."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest
import skimage.data
from PIL import ImageOps
from PIL.ExifTags import Base as ExifTag

from openrekog.api_spec.service import load_service
from openrekog.models.results import Image
from openrekog.server.media.images import ImageLoader, to_rgb
from openrekog.server.media.jpeg import decode_colour
from openrekog.server.media.objects import FolderObjects
from openrekog.server.media.pixels import PixelBudget

# Orientation 6, and a resolution of a type that no resolution has.
DAMAGED_EXIF = (
    b"Exif\0\0MM\0*\0\0\0\x08\0\2"
    b"\x01\x12\0\x03\0\0\0\1\0\6\0\0"
    b"\x01\x1a\0\x01\0\0\0\1\0\0\0\x32"
    b"\0\0\0\0"
)


def jpeg(
    turn: int = 1, mode: str = "RGB", form: str = "JPEG", exif: bytes | None = None, **options: Any
) -> bytes:
    """A picture wider than high, with an Exif orientation."""
    picture = PIL.Image.fromarray(skimage.data.astronaut()).crop((0, 0, 333, 217)).convert(mode)  # type: ignore[no-untyped-call]  # has no annotations
    if exif is None:
        made = PIL.Image.Exif()
        made[ExifTag.Orientation] = turn
        exif = made.tobytes()
    written = io.BytesIO()
    picture.save(written, form, exif=exif, **options)
    return written.getvalue()


def opened(data: bytes) -> PIL.Image.Image:
    return PIL.Image.open(io.BytesIO(data))


def loaded(data: bytes) -> Image:
    limits = load_service().operations["DetectFaces"].image
    assert limits is not None
    loader = ImageLoader(FolderObjects(Path()), ("JPEG",), 10**6, PixelBudget(10**6))
    return loader.decode(data, limits).pixels


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
@pytest.mark.parametrize("turn", range(10))
def test_pictures_stand_upright(turn: int, mode: str) -> None:
    data = jpeg(turn, mode)
    pixels = loaded(data)
    assert pixels.shape[:2] == ((333, 217) if turn in range(5, 9) else (217, 333))
    np.testing.assert_array_equal(pixels, to_rgb(ImageOps.exif_transpose(opened(data))))


def test_a_phones_picture_of_several_stands_upright() -> None:
    data = jpeg(6, form="MPO", save_all=True, append_images=[opened(jpeg())])
    assert opened(data).format == "MPO"
    assert loaded(data).shape == (333, 217, 3)


@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_damaged_exif_still_tells_the_orientation(mode: str) -> None:
    assert loaded(jpeg(mode=mode, exif=DAMAGED_EXIF)).shape == (333, 217, 3)


@pytest.mark.parametrize(
    "options",
    [{"progressive": True}, {"subsampling": 0}, {"subsampling": 1}, {"quality": 5}],
    ids=str,
)
def test_encodings(options: dict[str, Any]) -> None:
    data = jpeg(**options)
    np.testing.assert_array_equal(decode_colour(data), to_rgb(opened(data)))


def test_what_is_cut_off_is_left_to_pillow() -> None:
    data = jpeg()
    assert decode_colour(data[: len(data) // 2]) is None
    assert decode_colour(b"") is None
