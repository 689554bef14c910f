"""How detectors that predict a set of boxes hand over what they found."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from openrekog.models.results import Box, DetectedObject

LEAST_SCORE = 0.05


def ranked(
    names: Sequence[str],
    corners: NDArray[np.floating],
    scores: NDArray[np.floating],
) -> list[DetectedObject]:
    """Objects out of corners (n, 4), left, top, right and bottom in ratios, and scores (n) of 0 to
    1, most confident first; boxes are cut at the picture's edges."""
    likely = [index for index in np.argsort(-scores, kind="stable") if scores[index] >= LEAST_SCORE]
    return [
        DetectedObject(names[index], _box(corners[index]), float(100 * scores[index]))
        for index in likely
    ]


def _box(corners: NDArray[np.floating]) -> Box:
    left, top, right, bottom = np.clip(corners, 0, 1).tolist()
    return Box(left, top, right - left, bottom - top)
