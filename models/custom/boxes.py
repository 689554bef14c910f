"""Boxes of candidates and of what is there: how they overlap, and the way from one to the other.

Boxes are left, top, right, bottom in pixels, shape (n, 4). A shift is where the middle goes, in
sides of the box that is shifted, and the logarithm of what each side is multiplied by, as in R-CNN
(Girshick et al. 2014).
"""

import numpy as np
from numpy.typing import NDArray

Boxes = NDArray[np.float64]
Numbers = NDArray[np.floating]

MOST_STRETCH = 4.0
"""No side becomes more than e^4 times as long: what was learnt may say anything of other places."""

LEAST_SIDE = 2.0


def all_overlaps(boxes: Numbers, others: Numbers) -> NDArray[np.float64]:
    """Intersection over union of each with each, shape (boxes, others)."""
    ones, twos = np.asarray(boxes, np.float64)[:, None], np.asarray(others, np.float64)[None]
    sides = np.minimum(ones[..., 2:], twos[..., 2:]) - np.maximum(ones[..., :2], twos[..., :2])
    shared = np.clip(sides, 0, None).prod(axis=2)
    areas = [(each[..., 2:] - each[..., :2]).prod(axis=2) for each in (ones, twos)]
    return np.asarray(shared / np.maximum(areas[0] + areas[1] - shared, 1e-9), np.float64)


def shifts_to(boxes: Numbers, targets: Numbers) -> NDArray[np.float64]:
    sides, wanted = _sides(boxes), _sides(targets)
    return np.concatenate(
        [(_middles(targets) - _middles(boxes)) / sides, np.log(wanted / sides)], axis=1
    )


def shifted(boxes: Numbers, shifts: Numbers) -> Boxes:
    sides = _sides(boxes)
    middles = _middles(boxes) + shifts[:, :2] * sides
    halves = sides * np.exp(np.clip(shifts[:, 2:], -MOST_STRETCH, MOST_STRETCH)) / 2
    return np.concatenate([middles - halves, middles + halves], axis=1)


def squares(centres: Numbers, side: float) -> Boxes:
    return np.concatenate([centres - side / 2, centres + side / 2], axis=1, dtype=np.float64)


def cut(boxes: Numbers, width: float, height: float) -> Boxes:
    """At the edges of the picture."""
    return np.clip(np.asarray(boxes, np.float64), 0, (width, height, width, height))


def large_enough(boxes: Numbers) -> NDArray[np.bool_]:
    return np.asarray((boxes[:, 2:] - boxes[:, :2]).min(axis=1, initial=np.inf) >= LEAST_SIDE)


def _middles(boxes: Numbers) -> NDArray[np.float64]:
    return np.asarray((boxes[:, :2] + boxes[:, 2:]) / 2, np.float64)


def _sides(boxes: Numbers) -> NDArray[np.float64]:
    return np.maximum(np.asarray(boxes[:, 2:] - boxes[:, :2], np.float64), 1e-3)
