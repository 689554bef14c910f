"""What custom models learn pictures by: the features of the whole picture and of its middle."""

from collections.abc import Sequence

import cv2
import numpy as np

from openrekog.models.capabilities import FeatureExtractor
from openrekog.models.results import Image, Vectors
from openrekog.models.windows import resized

SIDE, MARGIN = 260, 16
"""Networks look at the middle of a picture. Of a square with a margin, that is the square."""

_TWO = np.float32(np.sqrt(2))
"""The length of two unit vectors beside each other."""


class Looks:
    """Both sets of features beside each other, the square root of each number taken, which
    `make accuracy` finds better than the features as they are, on objects and on surfaces."""

    def __init__(self, features: FeatureExtractor) -> None:
        self._features = features
        self.name = f"{features.feature_name}, whole and middle"
        self.dimension = 2 * features.dimension

    def of(self, images: Sequence[Image]) -> Vectors:
        """A unit vector for each image, shape (len(images), dimension)."""
        views = [*map(_whole, images), *images]
        vectors = self._features.extract(views)
        halves = np.split(np.sign(vectors) * np.sqrt(np.abs(vectors)), 2)
        return np.asarray(np.concatenate([*map(_unit, halves)], axis=1) / _TWO, np.float32)


def _whole(image: Image) -> Image:
    square = resized(image, SIDE, SIDE, cv2.INTER_CUBIC)
    return np.asarray(
        cv2.copyMakeBorder(square, MARGIN, MARGIN, MARGIN, MARGIN, cv2.BORDER_REFLECT_101),
        np.uint8,
    )


def _unit(vectors: Vectors) -> Vectors:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, np.finfo(np.float32).tiny), np.float32)
