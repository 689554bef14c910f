"""Photographs that come with scikit-image: public domain (NASA) and CC0, and forms of them."""

from functools import cache

import cv2
import numpy as np
import PIL.Image
import skimage

from openrekog.models.results import Image


@cache
def photograph(name: str) -> Image:
    with PIL.Image.open(f"{skimage.data_dir}/{name}") as picture:
        pixels = np.array(picture.convert("RGB"))
    pixels.flags.writeable = False
    return pixels


def astronaut() -> Image:
    """Eileen Collins, 512 x 512, photographed by NASA when she was 35 or 36."""
    return photograph("astronaut.png")


def crop(left: int, top: int, right: int, bottom: int) -> Image:
    """A part of the astronaut's picture."""
    return np.ascontiguousarray(astronaut()[top:bottom, left:right])


def resized(image: Image, width: int, height: int) -> Image:
    how = cv2.INTER_AREA if width < image.shape[1] else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(image, (width, height), interpolation=how), np.uint8)


def mirrored(image: Image) -> Image:
    return np.ascontiguousarray(image[:, ::-1])


def grey(image: Image) -> Image:
    return np.repeat(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)[:, :, None], 3, axis=2)


def darkened(image: Image, factor: float) -> Image:
    return (image * factor).astype(np.uint8)


def blurred(image: Image, radius: float) -> Image:
    return np.asarray(cv2.GaussianBlur(image, (0, 0), radius), np.uint8)


def recompressed(image: Image, quality: int) -> Image:
    _, data = cv2.imencode(".jpg", image[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.ascontiguousarray(cv2.imdecode(data, cv2.IMREAD_COLOR)[:, :, ::-1])
