"""Pictures as squares of one size, their proportions not kept, as large networks take them."""

from collections.abc import Sequence

import cv2
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
    """The same by four pixels for each one, as torchvision does it to tensors without antialias."""
    squares = [cv2.resize(image, (side, side), interpolation=cv2.INTER_LINEAR) for image in images]
    return stack([np.asarray(square, np.uint8) for square in squares]) / np.float32(255)


def imagenet_scaled(pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    """Pixels of 0 to 1 as networks take them that were pretrained on ImageNet."""
    return (pixels - IMAGENET_MEAN[:, None, None]) / IMAGENET_SPREAD[:, None, None]
