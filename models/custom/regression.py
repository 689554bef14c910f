"""Logistic regression with its strength chosen, and its chances calibrated, on pictures that it was
not fitted to. Imported where something is learnt, since scikit-learn is large."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_expit, log_softmax
from sklearn.linear_model import LogisticRegression

from openrekog.models.custom.sampling import Rows

Array = NDArray[np.float32]
Truth = NDArray[np.bool_]

STRENGTHS = (3.0, 10.0, 30.0, 100.0, 300.0)
"""Of the fit against the pull of the weights to nothing (scikit-learn's C), for unit vectors."""
USUAL = 30.0
"""Where there are too few pictures to choose."""

FOLDS = 5
MOST_JUDGED = 4_000
"""Pictures that strength and calibration are judged on: more change neither."""

SHARPEST = 10.0


@dataclass(frozen=True, slots=True)
class Head:
    """`weights` (dimension, labels) and `bias` (labels)."""

    weights: Array
    bias: Array

    def scores(self, features: Array) -> Array:
        return features @ self.weights + self.bias

    def sharpened(self, factor: float) -> "Head":
        return Head(self.weights * np.float32(factor), self.bias * np.float32(factor))


def fit_calibrated(rows: Rows, *, exclusive: bool) -> Head:
    folds = _folds(rows.truth)
    strength, factor = USUAL, 1.0
    if folds.max(initial=-1) >= 1:
        judged = [(_judge(rows, folds, c, exclusive=exclusive), c) for c in STRENGTHS]
        (_, factor), strength = min(judged)
    return _fit(rows.features, rows.truth, strength, exclusive=exclusive).sharpened(factor)


def _folds(truth: Truth) -> NDArray[np.intp]:
    """In which fold a picture is judged; -1 for those that are in every fit: of a set of labels
    that no other picture has, or beyond what need be judged."""
    folds = np.full(len(truth), -1)
    _, sets, counts = np.unique(truth, axis=0, return_inverse=True, return_counts=True)
    turn = 0
    for which in np.argsort(counts, kind="stable"):
        for row in np.flatnonzero(sets == which) if counts[which] > 1 else ():
            folds[row], turn = turn % FOLDS, turn + 1
    return folds


def _judge(
    rows: Rows, folds: NDArray[np.intp], strength: float, *, exclusive: bool
) -> tuple[float, float]:
    """How badly pictures are judged by fits without them (mean log loss) with the best sharpening,
    and that sharpening. Few pictures prove little, even if all were judged right: as in Platt's
    scaling, the truth is taken to be wrong about one in as many as there are and two more."""
    judged = np.flatnonzero(folds >= 0)
    scores = np.zeros((len(rows.truth), len(rows.labels)))
    for fold in range(folds.max() + 1):
        out = folds == fold
        head = _fit(rows.features[~out], rows.truth[~out], strength, exclusive=exclusive)
        scores[out] = head.scores(rows.features[out, 0])
    doubt = 1 / (len(judged) + 2)
    found = minimize_scalar(
        lambda log: _loss(np.exp(log) * scores[judged], rows.truth[judged], doubt, exclusive),
        bounds=(-np.log(SHARPEST), np.log(SHARPEST)),
        method="bounded",
    )
    return float(found.fun), float(np.exp(found.x))


def _loss(scores: NDArray[np.float64], truth: Truth, doubt: float, exclusive: bool) -> float:
    if exclusive:
        likely = np.where(truth, 1 - doubt, doubt / (truth.shape[1] - 1))
        return float(-(likely * log_softmax(scores, axis=1)).sum(axis=1).mean())
    likely = np.where(truth, 1 - doubt, doubt)
    return float(-(likely * log_expit(scores) + (1 - likely) * log_expit(-scores)).mean())


def _fit(features: Array, truth: Truth, strength: float, *, exclusive: bool) -> Head:
    """Each view of a picture is a row; all of one picture weigh as much as one."""
    views = features.shape[1]
    rows, known = features.reshape(-1, features.shape[2]), np.repeat(truth, views, axis=0)
    if exclusive:
        return _fit_classes(rows, known.argmax(axis=1), truth.shape[1], strength / views)
    columns = [_fit_classes(rows, column.astype(int), 2, strength / views) for column in known.T]
    return Head(
        np.stack([each.weights[:, 1] - each.weights[:, 0] for each in columns], axis=1),
        np.array([each.bias[1] - each.bias[0] for each in columns], np.float32),
    )


def _fit_classes(rows: Array, classes: NDArray[np.intp], count: int, strength: float) -> Head:
    weights = np.zeros((rows.shape[1], count), np.float32)
    present = np.unique(classes)
    # A class that no row has is as good as impossible, and the only one there is certain.
    bias = np.where(np.isin(np.arange(count), present), 0, -NEVER).astype(np.float32)
    if len(present) > 1:
        model = LogisticRegression(C=strength, max_iter=1000).fit(rows, classes)
        weights[:, present], bias[present] = _both_ways(model)
    return Head(weights, bias)


NEVER = 20.0


def _both_ways(model: LogisticRegression) -> tuple[Array, Array]:
    """Of two classes scikit-learn gives the second one's score over the first's alone."""
    weights, bias = model.coef_.T, model.intercept_
    if weights.shape[1] == 1:
        return np.hstack([-weights / 2, weights / 2]), np.concatenate([-bias / 2, bias / 2])
    return weights, bias
