"""What a detector's judges are learnt from: boxes that were proposed, right and wrong ones."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from openrekog.models.custom.certainty import Examined, Finding, certainty, findings
from openrekog.models.custom.detector import Judges
from openrekog.models.custom.keeping import Arrays
from openrekog.models.custom.labels import TrueLabel
from openrekog.models.custom.linear import Numbers, fit_logistic, fit_ridge
from openrekog.models.custom.row_sample import Columns, RowSample
from openrekog.models.custom.sights import ASKED_FEATURES, RIGHT, is_right, taught_of_asked

MOST_RIGHT, MOST_WRONG = 5_000, 10_000
"""3,474 single-precision numbers of each box take 208 MB, and the fit as much again."""

MOST_EXAMINED = 100
"""Pictures on which confidence is learnt."""

FOLDS = 2
"""Models that are learnt only to be examined on the pictures that they were not learnt from."""

STRENGTH, PULL = 100.0, 10.0
"""Of the labels' fit, and against large shifts."""


@dataclass(slots=True)
class DetectorLesson:
    labels: Sequence[str]
    _right: RowSample = field(default_factory=lambda: RowSample(MOST_RIGHT))
    _wrong: RowSample = field(default_factory=lambda: RowSample(MOST_WRONG))
    _examined: dict[int, Examined] = field(default_factory=dict)
    _pictures: int = 0

    def add(self, truth: Sequence[TrueLabel], seen: Arrays) -> None:
        """What the picture is examined on is taught, too, since there the first stage knows as
        little as in new pictures; but never to who is examined on it."""
        located = [label for label in truth if label.box]
        self._teach(located, seen)
        if ASKED_FEATURES in seen and len(self._examined) < MOST_EXAMINED:
            self._teach(located, taught_of_asked(seen, located))
            self._examined[self._pictures] = Examined.of(located, seen, self.labels)
        self._pictures += 1

    def _teach(self, located: Sequence[TrueLabel], seen: Arrays) -> None:
        overlaps = seen["overlaps"].astype(np.float32)
        columns = {
            "features": seen["features"],
            "shifts": seen["shifts"],
            "truth": self._truth(located, overlaps),
            "picture": np.full(len(overlaps), self._pictures),
        }
        right = is_right(seen)
        for sample, which in ((self._right, right), (self._wrong, ~right)):
            sample.add({name: column[which] for name, column in columns.items()})

    def fit(self) -> Judges | None:
        """None where no object was ever seen."""
        right, wrong = self._right.columns(), self._wrong.columns()
        if right is None:
            return None
        rows = _Rows.of(right, wrong)
        judges = rows.judges()
        return Judges(certainty(self._examine(rows)).applied(judges.labels), judges.shifts)

    def _examine(self, rows: "_Rows") -> Iterable[Finding]:
        for fold in range(FOLDS):
            others = rows.without(fold)
            asked = [each for number, each in self._examined.items() if number % FOLDS == fold]
            if asked and others.count_right:
                judges = others.judges()
                for each in asked:
                    yield from findings(judges, each)

    def _truth(self, located: Sequence[TrueLabel], overlaps: Numbers) -> NDArray[np.bool_]:
        """Which labels each box has, shape (boxes, labels): those of all objects that it fits."""
        own = np.array([[label.name == name for name in self.labels] for label in located], bool)
        fits: NDArray[np.bool_] = overlaps >= RIGHT
        return np.asarray(fits @ own.reshape(len(located), len(self.labels)), np.bool_)


@dataclass(frozen=True, slots=True)
class _Rows:
    """Right boxes before wrong ones; only right ones have shifts that tell anything."""

    features: Numbers
    truth: Numbers
    shifts: NDArray[np.float64]
    pictures: NDArray[np.intp]
    count_right: int

    @classmethod
    def of(cls, right: Columns, wrong: Columns | None) -> "_Rows":
        parts = [right] if wrong is None else [right, wrong]
        features, truth, pictures = (
            np.concatenate([part[name] for part in parts])
            for name in ("features", "truth", "picture")
        )
        return cls(
            features.astype(np.float32),
            truth.astype(np.float32),
            right["shifts"].astype(np.float64),
            pictures.astype(np.intp),
            len(right["picture"]),
        )

    def without(self, fold: int) -> "_Rows":
        kept = self.pictures % FOLDS != fold
        return _Rows(
            self.features[kept],
            self.truth[kept],
            self.shifts[kept[: self.count_right]],
            self.pictures[kept],
            int(kept[: self.count_right].sum()),
        )

    def judges(self) -> Judges:
        labels = fit_logistic(self.features, self.truth, STRENGTH)
        return Judges(labels, fit_ridge(self.features[: self.count_right], self.shifts, PULL))
