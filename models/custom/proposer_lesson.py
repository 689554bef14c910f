"""What a proposer is learnt from: cells that are to find an object, and others."""

from dataclasses import dataclass, field

import numpy as np

from openrekog.models.custom.linear import Linear, fit_logistic, fit_ridge
from openrekog.models.custom.proposer import NEVER, OUTPUTS, Proposer
from openrekog.models.custom.row_sample import Columns, RowSample
from openrekog.models.custom.sights import Arrays
from openrekog.models.dense import DenseShape

MOST_CELLS = 30_000
"""Of each stride, right ones and wrong ones each."""

STRENGTH, PULL = 30.0, 0.15


@dataclass(slots=True)
class ProposerLesson:
    shape: DenseShape
    _cells: dict[int, "_Cells"] = field(init=False)

    def __post_init__(self) -> None:
        self._cells = {stride: _Cells() for stride in self.shape.strides}

    def add(self, seen: Arrays) -> None:
        for stride, cells in self._cells.items():
            cells.add({name: seen[f"{name} {stride}"] for name in ("features", "right", "shifts")})

    def fit(self) -> Proposer:
        heads = {stride: cells.fit(self.shape.numbers) for stride, cells in self._cells.items()}
        return Proposer(heads)


@dataclass(slots=True)
class _Cells:
    right: RowSample = field(default_factory=lambda: RowSample(MOST_CELLS))
    wrong: RowSample = field(default_factory=lambda: RowSample(MOST_CELLS))

    def add(self, cells: Columns) -> None:
        is_right = cells["right"].astype(np.bool_)
        for sample, which in ((self.right, is_right), (self.wrong, ~is_right)):
            sample.add({name: column[which] for name, column in cells.items()})

    def fit(self, numbers: int) -> Linear:
        """A stride that none of the objects is meant for proposes nothing."""
        right, wrong = self.right.columns(), self.wrong.columns()
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
