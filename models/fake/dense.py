"""A DenseExtractor without weights.

Rules, so that tests can foresee the answers: features are the means of red, green and blue within
a cell. A pixel is striking if its colours differ by 128 and more; a cell is taken for an object if
its middle is striking, and would draw the box around all striking pixels that hang together with
it, otherwise the cell itself.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from openrekog.models.dense import Cells, DenseFeatures, DenseShape, FeatureMap, Numbers
from openrekog.models.results import Image
from openrekog.models.windows import resized

STRIDES = (8, 16, 32)
STRIKING = 128
COLOURS = 3


class FakeDenseExtractor:
    """A DenseExtractor; see the module for its rules."""

    feature_name = "fake"
    shape = DenseShape(STRIDES, COLOURS, tuple((stride, COLOURS) for stride in STRIDES))

    def extract(self, image: Image, side: int) -> DenseFeatures:
        height, width = image.shape[:2]
        scale = side / max(height, width)
        size = max(1, round(width * scale)), max(1, round(height * scale))
        scaled = resized(image, *size)
        maps = tuple(FeatureMap(stride, _means(scaled, stride)) for stride in STRIDES)
        return DenseFeatures(*size, tuple(_cells(scaled, each) for each in maps), maps)


def _means(image: Image, stride: int) -> Numbers:
    rows, columns = (-(-length // stride) for length in image.shape[:2])
    means = cv2.resize(image, (columns, rows), interpolation=cv2.INTER_AREA)
    return np.asarray(means / 255, np.float32)


def _cells(image: Image, means: FeatureMap) -> Cells:
    stride, (rows, columns) = means.stride, means.values.shape[:2]
    grid = np.stack(np.meshgrid(np.arange(columns), np.arange(rows)), axis=-1).reshape(-1, 2)
    centres = np.minimum((grid + 0.5) * stride, np.array(image.shape[1::-1]) - 1)
    boxes, striking = _boxes(image, centres, stride)
    return Cells(
        stride,
        centres.astype(np.float32),
        means.values.reshape(-1, COLOURS),
        boxes.astype(np.float32),
        striking.astype(np.float32),
    )


def _boxes(
    image: Image, centres: NDArray[np.float64], stride: int
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    striking = (image.max(axis=2) - image.min(axis=2) >= STRIKING).astype(np.uint8)
    _, parts, places, _ = cv2.connectedComponentsWithStats(striking)
    columns, rows = centres.astype(int).T
    part = parts[rows, columns]
    around = places[part, :4].astype(np.float64)
    around[:, 2:] += around[:, :2]
    own = np.concatenate([centres - stride / 2, centres + stride / 2], axis=1)
    return np.where(part[:, None] > 0, around, own), part > 0
