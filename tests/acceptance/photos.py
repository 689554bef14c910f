"""Pictures for the tests: real photographs where models look at them, made ones where not."""

import io
import struct
import zlib
from functools import cache
from typing import Any

import numpy as np
import PIL.Image
from PIL import ImageFilter
from PIL.Image import Image, Resampling
from skimage import data_dir  # type: ignore[attr-defined]  # it is exported lazily

MIB = 1024 * 1024

ASTRONAUT_FACE = (160, 50, 300, 220)  # left, top, right, bottom of the head with some margin


@cache
def photograph(name: str) -> Image:
    """One of the public-domain or CC0 pictures that come with scikit-image."""
    with PIL.Image.open(f"{data_dir}/{name}") as picture:
        return picture.convert("RGB")


def astronaut() -> Image:
    """Eileen Collins, 512 x 512 pixels, photographed by NASA (public domain)."""
    return photograph("astronaut.png")


def head() -> Image:
    return astronaut().crop(ASTRONAUT_FACE)


def heads(*heights: int, width: int = 1200, height: int = 800) -> Image:
    """The same head at several heights in pixels, side by side on grey, in the order given."""
    canvas = PIL.Image.new("RGB", (width, height), (120, 120, 120))
    step = width // len(heights)
    for number, size in enumerate(heights):
        small = resized(head(), size)
        canvas.paste(small, (number * step + (step - small.width) // 2, (height - size) // 2))
    return canvas


def resized(picture: Image, height: int) -> Image:
    width = round(picture.width * height / picture.height)
    return picture.resize((width, height), Resampling.LANCZOS)


def blurred(picture: Image, radius: float) -> Image:
    return picture.filter(ImageFilter.GaussianBlur(radius))


def darkened(picture: Image, factor: float) -> Image:
    return picture.point(lambda value: value * factor)


@cache
def person(number: int) -> bytes:
    """A picture in which the fake pack sees one face, unlike that of every other number."""
    grid = np.random.default_rng(number).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    return png(PIL.Image.fromarray(grid).resize((96, 96), Resampling.NEAREST))


def nobody(width: int = 96, height: int = 96) -> bytes:
    """A picture in which no pack sees a face."""
    return png(PIL.Image.new("RGB", (width, height), (127, 127, 127)))


def png(picture: Image, **options: Any) -> bytes:
    return encoded(picture, "PNG", **options)


def jpeg(picture: Image, **options: Any) -> bytes:
    return encoded(picture, "JPEG", **{"quality": 95, **options})


def encoded(picture: Image, image_format: str, **options: Any) -> bytes:
    file = io.BytesIO()
    picture.save(file, image_format, **options)
    return file.getvalue()


def png_file(*chunks: tuple[bytes, bytes]) -> bytes:
    parts = [
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def padded(picture: bytes, length: int) -> bytes:
    """The JPEG file grown to an exact length by bytes after its end."""
    return picture + bytes(length - len(picture))
