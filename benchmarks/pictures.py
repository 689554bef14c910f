"""The pictures that the programs send: one public-domain portrait, in many sizes and bytes."""

import io
from collections.abc import Mapping, Sequence
from functools import cache

import numpy as np
import PIL.Image
import skimage.data

# The face and its surroundings, as (left, top, right, bottom) in NASA's 512 x 512 picture.
PORTRAIT = (100, 0, 350, 250)

# As much of the picture as makes the face fill a third of the height of a photo.
BUST = (32, 0, 480, 448)

SIZES: Mapping[str, tuple[int, int]] = {
    "tiny": (96, 96),
    "portrait": (250, 250),
    "photo": (640, 480),
    "medium": (1280, 960),
    "large": (4000, 3000),
}
"""Names of pictures, and their widths and heights."""


@cache
def astronaut() -> PIL.Image.Image:
    pixels = skimage.data.astronaut()  # type: ignore[no-untyped-call]  # has no annotations
    return PIL.Image.fromarray(pixels)


def jpeg(name: str, variant: int = 0) -> bytes:
    """One of SIZES as a JPEG. Variants show the same in a slightly other light: other bytes."""
    width, height = SIZES[name]
    return encode(framed(width, height), variant)


def variants(name: str, count: int) -> Sequence[bytes]:
    return [jpeg(name, variant) for variant in range(count)]


def framed(width: int, height: int) -> PIL.Image.Image:
    """The portrait alone when the picture is small; else the bust, as high as the picture."""
    if max(width, height) <= PORTRAIT[2] - PORTRAIT[0]:
        return astronaut().crop(PORTRAIT).resize((width, height), PIL.Image.Resampling.LANCZOS)
    side = min(width, height)
    picture = PIL.Image.new("RGB", (width, height), (118, 122, 128))
    scaled = astronaut().crop(BUST).resize((side, side), PIL.Image.Resampling.LANCZOS)
    picture.paste(scaled, ((width - side) // 2, (height - side) // 2))
    return picture


def encode(picture: PIL.Image.Image, variant: int = 0) -> bytes:
    pixels = np.asarray(picture).astype(np.int16) + variant % 24
    lit = PIL.Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
    written = io.BytesIO()
    lit.save(written, "JPEG", quality=90)
    return written.getvalue()
