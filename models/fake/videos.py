"""A shot detector without weights: a shot changes where two frames differ by a fifth of the range
on average, and nowhere else."""

import numpy as np
from numpy.typing import NDArray

from openrekog.models.results import FrameStrip

LEAST_DIFFERENCE = 255 / 5


class FakeShotDetector:
    def changes(self, frames: FrameStrip) -> NDArray[np.float32]:
        quarter = len(frames) // 4
        middle = frames[quarter : 3 * quarter + 1].astype(np.int16)
        differences = np.abs(np.diff(middle, axis=0)).mean(axis=(1, 2, 3))
        return np.asarray(differences >= LEAST_DIFFERENCE, np.float32)
