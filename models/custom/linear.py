"""Linear heads on features, and how they are fitted. SciPy is imported where something is learnt:
servers that never learn shall not pay for it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float32]

STEPS = 60
"""Of the solver; where it has not come to its end by then, its place is as good."""


@dataclass(frozen=True, slots=True)
class Linear:
    """`weights` (dimension, outputs) and `bias` (outputs)."""

    weights: Numbers
    bias: Numbers

    def __call__(self, features: Numbers) -> Numbers:
        return features @ self.weights + self.bias

    def scaled(self, factor: float, offset: float = 0.0) -> "Linear":
        return Linear(self.weights * np.float32(factor), self.bias * np.float32(factor) + offset)

    @classmethod
    def constant(cls, dimension: int, values: "NDArray[np.floating] | list[float]") -> "Linear":
        """Says the same of everything."""
        bias = np.asarray(values, np.float32)
        return cls(np.zeros((dimension, len(bias)), np.float32), bias)


@dataclass(frozen=True, slots=True)
class Scale:
    """Makes features comparable: each has mean 0 and the same deviation, all together length 1."""

    mean: Numbers
    deviation: Numbers

    @classmethod
    def of(cls, features: Numbers) -> "Scale":
        spread = features.std(axis=0) + np.float32(1e-2)
        return cls(features.mean(axis=0), spread * np.float32(np.sqrt(features.shape[1])))

    def apply(self, features: Numbers) -> Numbers:
        rows = features - self.mean
        rows /= self.deviation
        return rows

    def unwound(self, head: Linear) -> Linear:
        """The head for features as they are."""
        weights = head.weights / self.deviation[:, None]
        return Linear(weights, head.bias - self.mean @ weights)


def fit_logistic(features: Numbers, truth: Numbers, strength: float, weight: float = 1.0) -> Linear:
    """Log-odds of each label on its own: `truth` (n, labels) is 0 or 1, and may lie between. True
    rows count `weight` times; `strength` is that of the fit against the pull of the weights to
    nothing (scikit-learn's C)."""
    from scipy.optimize import minimize

    scale = Scale.of(features)
    rows, labels = scale.apply(features), truth.shape[1]
    weights = 1 + (np.float32(weight) - 1) * truth

    def loss(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        head = flat.reshape(-1, labels).astype(np.float32)
        scores = rows @ head[:-1] + head[-1]
        wrong = weights * (1 / (1 + np.exp(-np.clip(scores, -50, 50))) - truth)
        value = float((weights * (np.logaddexp(0, scores) - truth * scores)).sum())
        slope = strength * np.vstack([rows.T @ wrong, wrong.sum(axis=0)]).astype(np.float64)
        pull = np.vstack([head[:-1], np.zeros((1, labels), np.float32)])
        return strength * value + float((pull**2).sum()) / 2, (slope + pull).ravel()

    start = np.zeros((rows.shape[1] + 1) * labels)
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": STEPS})
    head = found.x.reshape(-1, labels).astype(np.float32)
    return scale.unwound(Linear(head[:-1], head[-1]))


def fit_ridge(features: Numbers, targets: NDArray[np.floating], pull: float) -> Linear:
    """Least squares, with `pull` against large weights, beside features of length 1 on average."""
    scale, mean = Scale.of(features), targets.mean(axis=0)
    rows, wanted = scale.apply(features).astype(np.float64), targets - mean
    if len(rows) < rows.shape[1]:
        weights = rows.T @ np.linalg.solve(rows @ rows.T + pull * np.eye(len(rows)), wanted)
    else:
        gram = rows.T @ rows + pull * np.eye(rows.shape[1])
        weights = np.linalg.solve(gram, rows.T @ wanted)
    head = Linear(weights.astype(np.float32), mean.astype(np.float32))
    return scale.unwound(head)
