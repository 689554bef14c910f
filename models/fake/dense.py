"""A DenseExtractor without weights.

Rules, so that tests can foresee the answers: a pixel is striking if its colours differ by 128 and
more. A cell with a striking middle is taken for an object, and would draw the box around all
striking pixels that hang together with it; any other would draw itself. Features are whether a cell
is striking, where its box lies, and the means of red, green and blue; those alone are in the maps.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from openrekog.models.dense import Cells, DenseFeatures, DenseShape, FeatureMap, Numbers
from openrekog.models.results import Image
from openrekog.models.windows import resized

STRIDES = (8, 16, 32)
STRIKING = 128
COLOURS, NUMBERS = 3, 8


class FakeDenseExtractor:
    """A DenseExtractor; see the module for its rules."""

    feature_name = "fake"
    shape = DenseShape(STRIDES, NUMBERS, tuple((stride, COLOURS) for stride in STRIDES))

    def extract(self, image: Image, side: int) -> DenseFeatures:
        height, width = image.shape[:2]
        scale = side / max(height, width)
        size = max(1, round(width * scale)), max(1, round(height * scale))
        scaled = resized(image, *size)
        maps = tuple(FeatureMap(stride, _means(scaled, stride)) for stride in STRIDES)
        parts = _Parts(scaled)
        return DenseFeatures(*size, tuple(_cells(parts, each) for each in maps), maps)


class _Parts:
    """The striking parts of a picture, those that hang together as one."""

    def __init__(self, image: Image) -> None:
        red, green, blue = cv2.split(image)
        most = np.maximum(np.maximum(red, green), blue)
        least = np.minimum(np.minimum(red, green), blue)
        striking = (cv2.subtract(most, least) >= STRIKING).astype(np.uint8)
        _, self._numbers, places, _ = cv2.connectedComponentsWithStats(striking)
        self._boxes = places[:, :4].astype(np.float64)
        self._boxes[:, 2:] += self._boxes[:, :2]

    def at(self, centres: Numbers) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
        """Whether each point is striking, and the box of what it is a part of."""
        last = np.array(self._numbers.shape[::-1]) - 1
        columns, rows = np.minimum(centres, last).astype(int).T
        numbers = self._numbers[rows, columns]
        return numbers > 0, self._boxes[numbers]


def _means(image: Image, stride: int) -> Numbers:
    rows, columns = (-(-length // stride) for length in image.shape[:2])
    means = cv2.resize(image, (columns, rows), interpolation=cv2.INTER_AREA)
    return np.asarray(means / 255, np.float32)


def _cells(parts: _Parts, means: FeatureMap) -> Cells:
    stride, (rows, columns) = means.stride, means.values.shape[:2]
    grid = np.stack(np.meshgrid(np.arange(columns), np.arange(rows)), axis=-1).reshape(-1, 2)
    centres = ((grid + 0.5) * stride).astype(np.float32)
    striking, around = parts.at(centres)
    own = np.concatenate([centres - stride / 2, centres + stride / 2], axis=1)
    boxes = np.where(striking[:, None], around, own)
    middles, sides = (boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]
    columns_of_features = [
        striking[:, None],
        (middles - centres) / stride,
        np.log(sides / stride),
        means.values.reshape(-1, COLOURS),
    ]
    return Cells(
        stride,
        centres,
        np.concatenate(columns_of_features, axis=1, dtype=np.float32),
        boxes.astype(np.float32),
        striking.astype(np.float32),
    )
