"""What a detection network says about one window of a picture, before the windows are merged."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from openrekog.models.geometry import suppress
from openrekog.models.results import Image


@dataclass(frozen=True, slots=True)
class Candidates:
    """Boxes (n, 4) as left, top, right, bottom, scores (n), points (n, 5, 2), all in pixels."""

    boxes: NDArray[np.float64]
    scores: NDArray[np.float64]
    points: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.scores)

    def take(self, which: Sequence[int] | NDArray[np.intp] | NDArray[np.bool_]) -> "Candidates":
        return Candidates(self.boxes[which], self.scores[which], self.points[which])

    def suppressed(self, threshold: float) -> "Candidates":
        return self.take(suppress(self.boxes, self.scores, threshold))

    def mapped(self, scale: tuple[float, float], shift: tuple[float, float]) -> "Candidates":
        """The same candidates after x * scale + shift."""
        factors, offsets = np.array(scale), np.array(shift)
        return Candidates(
            self.boxes * np.tile(factors, 2) + np.tile(offsets, 2),
            self.scores,
            self.points * factors + offsets,
        )


def join(parts: Sequence[Candidates]) -> Candidates:
    return Candidates(
        np.concatenate([part.boxes for part in parts]),
        np.concatenate([part.scores for part in parts]),
        np.concatenate([part.points for part in parts]),
    )


class WindowDetector(Protocol):
    """A detection network on a window whose sides are multiples of 32."""

    def candidates(self, window: Image, least: float) -> Candidates:
        """The faces with at least a score, suppressed against each other."""
