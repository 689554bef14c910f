"""The predictions of one label as scores that are right or wrong: where the threshold between them
is best, and what it would be elsewhere."""

from array import array
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

UNKNOWN = 0.5
"""The threshold of a label of which testing has shown nothing right."""

STEPS = 100
"""Of a curve from 0 to 1."""


class CurvePoint(NamedTuple):
    """`precision` is None where nothing is predicted."""

    threshold: float
    precision: float | None
    recall: float


class Counts(NamedTuple):
    true_positives: int
    false_positives: int
    false_negatives: int

    @property
    def precision(self) -> float:
        predicted = self.true_positives + self.false_positives
        return self.true_positives / predicted if predicted else 0.0

    @property
    def recall(self) -> float:
        there = self.true_positives + self.false_negatives
        return self.true_positives / there if there else 0.0

    @property
    def f1_score(self) -> float:
        return f1_score(*self)


def f1_score(true_positives: int, false_positives: int, false_negatives: int) -> float:
    """The harmonic mean of precision and recall; 0 where nothing is right."""
    all_ = 2 * true_positives + false_positives + false_negatives
    return 2 * true_positives / all_ if all_ else 0.0


@dataclass(slots=True)
class Scores:
    """`there` is how many are to be found, of which the predictions need not know."""

    scores: "array[float]" = field(default_factory=lambda: array("d"))
    right: bytearray = field(default_factory=bytearray)
    there: int = 0

    def add(self, score: float, *, right: bool) -> None:
        """A prediction and its confidence, 0..1."""
        self.scores.append(score)
        self.right.append(right)

    def sorted(self) -> "SortedScores":
        scores = np.asarray(self.scores, dtype=np.float64)
        order = np.argsort(-scores, kind="stable")
        right = np.frombuffer(bytes(self.right), dtype=np.uint8)[order]
        return SortedScores(scores[order], np.cumsum(right, dtype=np.int64), self.there)


@dataclass(frozen=True, slots=True)
class SortedScores:
    """Scores of predictions, highest first, and how many of the first n are right."""

    scores: NDArray[np.float64]
    right: NDArray[np.int64]
    there: int

    def above(self, threshold: float) -> Counts:
        """What the threshold makes of the predictions; those on it are not above."""
        predicted = int(np.searchsorted(-self.scores, -threshold, side="left"))
        right = int(self.right[predicted - 1]) if predicted else 0
        return Counts(right, predicted - right, self.there - right)

    def threshold(self) -> float:
        """The assumed threshold: where F1 is best on these scores. It lies in the middle of the gap
        between two of them, and where several are as good, of the widest: so it says the same of
        these pictures as any other place in the gap, and is the likeliest to hold on new ones."""
        cuts, below = self._cuts()
        f1 = 2 * self.right[cuts] / (cuts + 1 + max(self.there, 1))
        if not cuts.size or f1.max() == 0:
            return UNKNOWN
        best = cuts[f1 == f1.max()]
        upper, lower = self.scores[best], below[best]
        widest = int(np.argmax(upper - lower))
        middle = float(upper[widest] + lower[widest]) / 2
        # Between two neighbouring numbers there is no other.
        return middle if middle < upper[widest] else float(lower[widest])

    def average_precision(self) -> float:
        """The area under the highest precision at each recall or more (PASCAL VOC 2010)."""
        cuts, _ = self._cuts()
        if not cuts.size or not self.there:
            return 0.0
        precision = self.right[cuts] / (cuts + 1)
        steps = np.diff(self.right[cuts] / self.there, prepend=0.0)
        return float(np.sum(steps * np.maximum.accumulate(precision[::-1])[::-1]))

    def curve(self) -> tuple[CurvePoint, ...]:
        return tuple(self._point(step / STEPS) for step in range(STEPS + 1))

    def _point(self, threshold: float) -> CurvePoint:
        counts = self.above(threshold)
        predicted = counts.true_positives + counts.false_positives
        return CurvePoint(threshold, counts.precision if predicted else None, counts.recall)

    def _cuts(self) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """The places of the last of each run of equal scores; and below each score the next."""
        below = np.append(self.scores[1:], 0.0)[: self.scores.size]
        return np.flatnonzero(self.scores > below), below
