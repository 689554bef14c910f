"""What a detection network sees all over a picture, before it says what is there."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Cells:
    """Places, `stride` pixels apart, at which a network may find an object that is centred there.

    Of each of n cells: its centre (n, 2), what the network sees there (n, d), the box (n, 4) that
    it would draw, and how likely it takes it for an object of any kind (n), 0 to 1.
    """

    stride: int
    centres: Numbers
    features: Numbers
    boxes: Numbers
    objectness: Numbers


@dataclass(frozen=True, slots=True)
class FeatureMap:
    """What a layer gives, shape (rows, columns, channels), a value every `stride` pixels."""

    stride: int
    values: Numbers


@dataclass(frozen=True, slots=True)
class DenseFeatures:
    """Boxes, left, top, right, bottom, and centres are in pixels of the picture as it was scaled
    for the network: `width` and `height` of them."""

    width: int
    height: int
    cells: tuple[Cells, ...]
    maps: tuple[FeatureMap, ...]

    @property
    def sides(self) -> NDArray[np.float64]:
        """Width and height twice: boxes divided by it are ratios of the picture."""
        return np.array([self.width, self.height] * 2, np.float64)


@dataclass(frozen=True, slots=True)
class DenseShape:
    """The strides of cells, the numbers of each cell, and of each map its stride and channels."""

    strides: tuple[int, ...]
    numbers: int
    maps: tuple[tuple[int, int], ...]
