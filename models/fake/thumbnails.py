"""Small copies of images, out of which the fakes draw their answers."""

import hashlib

import cv2
import numpy as np
from numpy.typing import NDArray

from openrekog.models.results import Image

SIDE = 16

LEAST_CONTRAST = 2.0
"""Standard deviation of a thumbnail's values, 0 to 255, below which an image is of one colour."""

Thumbnail = NDArray[np.float32]


def thumbnail(image: Image) -> Thumbnail:
    return cv2.resize(image, (SIDE, SIDE), interpolation=cv2.INTER_AREA).astype(np.float32)


def mean_and_contrast(small: Thumbnail) -> tuple[float, float]:
    """Of all values alike, in one pass: NumPy's three take 15 microseconds, and OpenCV's 2."""
    mean, deviation = cv2.meanStdDev(small.reshape(1, -1))
    return float(mean[0, 0]), float(deviation[0, 0])


def has_one_colour(image: Image) -> bool:
    _, contrast = mean_and_contrast(thumbnail(image))
    return contrast < LEAST_CONTRAST


def digest(small: Thumbnail) -> bytes:
    """64 bytes of coarse steps: the same picture compressed anew mostly gives the same."""
    steps = (cv2.resize(small, (4, 4), interpolation=cv2.INTER_AREA) / 32).astype(np.uint8)
    return hashlib.sha512(steps.tobytes()).digest()
