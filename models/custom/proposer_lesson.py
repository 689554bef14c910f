"""What proposers are learnt from: cells that are to find an object, and others."""

from dataclasses import dataclass, field

import numpy as np

from openrekog.models.custom.folds import FOLDS
from openrekog.models.custom.keeping import Arrays
from openrekog.models.custom.linear import Linear, fit_logistic, fit_ridge
from openrekog.models.custom.proposer import NEVER, OUTPUTS, Proposer
from openrekog.models.custom.proposers import Proposers
from openrekog.models.custom.row_sample import Columns, RowSample
from openrekog.models.dense import DenseShape

MOST_CELLS = 30_000
"""Of each stride, right ones and wrong ones each."""

STRENGTH, PULL = 30.0, 0.15

COLUMNS = ("features", "right", "shifts")


@dataclass(slots=True)
class ProposerLesson:
    shape: DenseShape
    _cells: dict[int, "_Cells"] = field(init=False)
    _folds: set[int] = field(default_factory=set)
    pictures: int = 0

    def __post_init__(self) -> None:
        self._cells = {stride: _Cells() for stride in self.shape.strides}

    def add(self, seen: Arrays) -> None:
        fold = int(seen["fold"])
        self._folds.add(fold)
        self.pictures += 1
        for stride, cells in self._cells.items():
            cells.add({name: seen[f"{name} {stride}"] for name in COLUMNS}, fold)

    def fit(self) -> Proposers:
        whole = self._without(None)
        return Proposers(
            whole,
            tuple(self._without(fold) if self._tells(fold) else whole for fold in range(FOLDS)),
        )

    def _tells(self, fold: int) -> bool:
        """Whether there are pictures in it, and objects in others."""
        others = [_without(cells.right.columns(), fold) for cells in self._cells.values()]
        return fold in self._folds and any(cells is not None for cells in others)

    def _without(self, fold: int | None) -> Proposer:
        return Proposer(
            {stride: cells.fit(self.shape.numbers, fold) for stride, cells in self._cells.items()}
        )


@dataclass(slots=True)
class _Cells:
    right: RowSample = field(default_factory=lambda: RowSample(MOST_CELLS))
    wrong: RowSample = field(default_factory=lambda: RowSample(MOST_CELLS))

    def add(self, cells: Columns, fold: int) -> None:
        is_right = cells["right"].astype(np.bool_)
        cells = {**cells, "fold": np.full(len(is_right), fold)}
        for sample, which in ((self.right, is_right), (self.wrong, ~is_right)):
            sample.add({name: column[which] for name, column in cells.items()})

    def fit(self, numbers: int, fold: int | None) -> Linear:
        """Without the cells of a fold. A stride that no object is meant for proposes nothing."""
        right, wrong = (_without(each.columns(), fold) for each in (self.right, self.wrong))
        if right is None or wrong is None:
            return Linear.constant(numbers, [NEVER, *[0.0] * (OUTPUTS - 1)])
        features = [part["features"].astype(np.float32) for part in (right, wrong)]
        shifts = fit_ridge(features[0], right["shifts"].astype(np.float64), PULL)
        truth = np.repeat(np.array([[1], [0]], np.float32), [*map(len, features)], axis=0)
        balance = np.sqrt(len(features[1]) / len(features[0]))
        worth = fit_logistic(np.concatenate(features), truth, STRENGTH, float(balance))
        return Linear(
            np.hstack([worth.weights, shifts.weights]), np.hstack([worth.bias, shifts.bias])
        )


def _without(cells: Columns | None, fold: int | None) -> Columns | None:
    """None where none is left."""
    if cells is None or fold is None:
        return cells
    kept = cells["fold"] != fold
    return {name: column[kept] for name, column in cells.items()} if kept.any() else None
