"""How confident a detector may be: scores of objects in pictures that it was not taught, and how
many of them were right (Platt 1999)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openrekog.models.custom.boxes import Boxes, all_overlaps
from openrekog.models.custom.detector import Judges
from openrekog.models.custom.keeping import Arrays
from openrekog.models.custom.labels import TrueLabel
from openrekog.models.custom.linear import Linear
from openrekog.models.custom.sights import ASKED_BOXES, ASKED_FEATURES, RIGHT, boxes_of

FEWEST = 5
"""Right and wrong findings each, without which nothing is known: scores are then halved, since
those of few examples are always too sure."""

DOUBTFUL = 0.5
FLATTEST, SHARPEST = 0.05, 2.0

Finding = tuple[float, bool]
"""A score as log-odds, and whether it was right."""


@dataclass(frozen=True, slots=True)
class Examined:
    """A picture as it is looked at when objects are sought: the boxes proposed, in ratios of it,
    and what is there, by the places of labels."""

    features: NDArray[np.float16]
    boxes: Boxes
    truth: Boxes
    labels: NDArray[np.intp]

    @classmethod
    def of(cls, located: Sequence[TrueLabel], seen: Arrays, labels: Sequence[str]) -> "Examined":
        return cls(
            seen[ASKED_FEATURES].astype(np.float16),
            seen[ASKED_BOXES].astype(np.float64),
            boxes_of(located),
            np.array([labels.index(label.name) for label in located], np.intp),
        )


@dataclass(frozen=True, slots=True)
class Certainty:
    """What log-odds are multiplied by, and what is added to them."""

    factor: float
    offset: float

    def applied(self, labels: Linear) -> Linear:
        return labels.scaled(self.factor, self.offset)


def findings(judges: Judges, examined: Examined) -> Iterator[Finding]:
    """The most confident first, each object proves one finding right."""
    found = judges.find(examined.features.astype(np.float32), examined.boxes, 1, 1)
    left = np.ones(len(examined.truth), np.bool_)
    overlaps = all_overlaps(found.boxes, examined.truth)
    for row, score, label in zip(overlaps, found.scores, found.classes, strict=True):
        fits = row * (left & (examined.labels == label))
        right = fits.max(initial=0) >= RIGHT
        if right:
            left[fits.argmax()] = False
        yield float(score), bool(right)


def certainty(told: Iterable[Finding]) -> Certainty:
    told = list(told)
    scores = np.array([score for score, _ in told])
    right = np.array([proven for _, proven in told], np.bool_)
    if min(right.sum(), (~right).sum()) < FEWEST:
        return Certainty(DOUBTFUL, 0.0)
    return _platt(scores, right)


def _platt(scores: NDArray[np.float64], right: NDArray[np.bool_]) -> Certainty:
    """As Platt has it, the truth is taken to be wrong about one in as many as there are and two
    more, so that nothing is proven by few."""
    from scipy.optimize import minimize

    counts = np.array([(~right).sum(), right.sum()])
    likely = np.where(right, (counts[1] + 1) / (counts[1] + 2), 1 / (counts[0] + 2))

    def loss(line: NDArray[np.float64]) -> float:
        odds = line[0] * scores + line[1]
        return float((np.logaddexp(0, odds) - likely * odds).sum())

    bounds = [(FLATTEST, SHARPEST), (-10.0, 10.0)]
    factor, offset = minimize(loss, [DOUBTFUL, 0.0], method="L-BFGS-B", bounds=bounds).x
    return Certainty(float(factor), float(offset))
