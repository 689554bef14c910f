"""Pictures as squares of one size, their proportions not kept, as large networks take them."""

from collections.abc import Sequence

import numpy as np
import PIL.Image
from numpy.typing import NDArray

from openrekog.models.geometry import stack
from openrekog.models.results import Image

# Channel means and spreads of ImageNet's training pictures, 0 to 1, as torchvision has them.
IMAGENET_MEAN = np.array([0.485, 0.456, 0.406], np.float32)
IMAGENET_SPREAD = np.array([0.229, 0.224, 0.225], np.float32)


def averaged(images: Sequence[Image], side: int) -> NDArray[np.float32]:
    """RGB 0 to 1, shape (n, 3, side, side), by Pillow's bilinear filter, which averages what it
    shrinks: what torchvision and most training code do to a picture."""
    how = PIL.Image.Resampling.BILINEAR
    squares = [PIL.Image.fromarray(image).resize((side, side), how) for image in images]
    return stack([np.asarray(square) for square in squares]) / np.float32(255)


def sampled(images: Sequence[Image], side: int) -> NDArray[np.float32]:
    """The same by four pixels for each one, not rounded, as torchvision does it to tensors without
    antialias. Only the pixels that are needed are widened to floats."""
    squares = np.stack([_interpolated(image, side) for image in images])
    return np.ascontiguousarray(squares.transpose(0, 3, 1, 2)) / np.float32(255)


def _interpolated(image: Image, side: int) -> NDArray[np.float32]:
    upper, lower, down = _neighbours(image.shape[0], side)
    left, right, across = _neighbours(image.shape[1], side)
    rows = [
        image[which][:, left] * (1 - across[:, None]) + image[which][:, right] * across[:, None]
        for which in (upper, lower)
    ]
    mixed = rows[0] * (1 - down[:, None, None]) + rows[1] * down[:, None, None]
    return np.asarray(mixed, np.float32)


def _neighbours(
    size: int, side: int
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float32]]:
    """Between which two of `size` pixels each of `side` lies, and how near to the second."""
    places = np.clip((np.arange(side) + 0.5) * size / side - 0.5, 0, size - 1)
    first = np.floor(places).astype(np.intp)
    return first, np.minimum(first + 1, size - 1), (places - first).astype(np.float32)


def imagenet_scaled(pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    """Pixels of 0 to 1 as networks take them that were pretrained on ImageNet."""
    return (pixels - IMAGENET_MEAN[:, None, None]) / IMAGENET_SPREAD[:, None, None]
