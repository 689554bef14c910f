"""What a region of a picture looks like: the layers of a network at points of a grid in its box."""

import numpy as np
from numpy.typing import NDArray

from openrekog.models.custom.boxes import Numbers
from openrekog.models.dense import DenseFeatures, DenseShape, FeatureMap

POINTS = {4: 4, 8: 3, 16: 2, 32: 1}
"""Points across a box, by the map's stride: coarse layers have seen around each point already."""

Rows = NDArray[np.float32]


def dimension(shape: DenseShape) -> int:
    return sum(POINTS[stride] ** 2 * channels for stride, channels in shape.maps)


def describe(seen: DenseFeatures, boxes: Numbers) -> Rows:
    """A row for each box, whatever its size and shape, of `dimension` numbers."""
    return np.concatenate([_at_grid(each, boxes) for each in seen.maps], axis=1, dtype=np.float32)


def _at_grid(layer: FeatureMap, boxes: Numbers) -> Rows:
    points = POINTS[layer.stride]
    steps = (np.arange(points) + 0.5) / points
    grid = np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2)
    corners, sides = boxes[:, None, :2], boxes[:, None, 2:] - boxes[:, None, :2]
    places = (corners + grid * sides).reshape(-1, 2)
    return _between(layer.values, places / layer.stride - 0.5).reshape(len(boxes), -1)


def _between(values: Rows, places: Numbers) -> Rows:
    """Values (rows, columns, channels) at places between them, bilinear, as x and y."""
    last = np.array(values.shape[1::-1]) - 1
    places = np.clip(places, 0, last)
    low = places.astype(np.intp)
    high = np.minimum(low + 1, last)
    share = (places - low).astype(np.float32)[..., None]
    (left, top), (right, bottom) = low.T, high.T
    above = values[top, left] * (1 - share[:, 0]) + values[top, right] * share[:, 0]
    below = values[bottom, left] * (1 - share[:, 0]) + values[bottom, right] * share[:, 0]
    return np.asarray(above * (1 - share[:, 1]) + below * share[:, 1], np.float32)
