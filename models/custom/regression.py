"""Logistic regression with its strength chosen, and its chances calibrated, on pictures that it was
not fitted to. Imported where something is learnt, since scikit-learn is large."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_expit, log_softmax
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # it has no types

from openrekog.models.custom.folds import ALWAYS, BEYOND, FOLDS, fold_of_each

Array = NDArray[np.float32]
Scores = NDArray[np.float64]
Truth = NDArray[np.bool_]

STRENGTHS = (10.0, 100.0, 1000.0)
"""Of the fit against the pull of the weights to nothing (scikit-learn's C), for unit vectors."""
USUAL = 100.0
"""Where there are too few pictures to choose."""

MOST_JUDGED = 2_000
"""More pictures do not change the choice."""

STEPS, TOLERANCE = 100, 1e-3
"""Of the solver. Where it has not come to its end by then, its place is as good."""

SHARPEST = 10.0
NEVER = -20.0
"""The score of a label that no picture of a fit has."""


@dataclass(frozen=True, slots=True)
class Head:
    """`weights` (dimension, labels) and `bias` (labels)."""

    weights: Array
    bias: Array

    def scores(self, features: Array) -> Array:
        return features @ self.weights + self.bias

    def sharpened(self, factor: float) -> "Head":
        return Head(self.weights * np.float32(factor), self.bias * np.float32(factor))


class Relation(Protocol):
    """What labels are to each other."""

    def fit(self, features: Array, truth: Truth, strength: float) -> Head: ...

    def loss(self, scores: Scores, truth: Truth, doubt: float) -> float:
        """Mean log loss; the truth is wrong about one in so many as 1 / doubt."""


class Exclusive:
    """Each picture has one label."""

    def fit(self, features: Array, truth: Truth, strength: float) -> Head:
        return _fit(features, truth.argmax(axis=1), truth.shape[1], strength)

    def loss(self, scores: Scores, truth: Truth, doubt: float) -> float:
        likely = np.where(truth, 1 - doubt, doubt / (truth.shape[1] - 1))
        return -float((likely * log_softmax(scores, axis=1)).sum(axis=1).mean())


class Independent:
    """A picture may have several labels, or none."""

    def fit(self, features: Array, truth: Truth, strength: float) -> Head:
        heads = [_fit(features, label.astype(np.intp), 2, strength) for label in truth.T]
        return Head(
            np.stack([head.weights[:, 1] - head.weights[:, 0] for head in heads], axis=1),
            np.array([head.bias[1] - head.bias[0] for head in heads], np.float32),
        )

    def loss(self, scores: Scores, truth: Truth, doubt: float) -> float:
        likely = np.where(truth, 1 - doubt, doubt)
        loss = likely * log_expit(scores) + (1 - likely) * log_expit(-scores)
        return -float(loss.sum(axis=1).mean())


def learn(features: Array, truth: Truth, relation: Relation) -> Head:
    """`features` (pictures, dimension) are unit vectors, `truth` is (pictures, labels)."""
    # Where requests have the cores too, more threads of BLAS wait for each other: 30 s instead of
    # one. And so sums do not depend on how many cores there are.
    with threadpool_limits(1, user_api="blas"), warnings.catch_warnings():
        # scikit-learn warns of labels of one picture each, and where STEPS did not suffice.
        warnings.simplefilter("ignore", UserWarning)
        return _learn(features, truth, relation)


def _learn(features: Array, truth: Truth, relation: Relation) -> Head:
    folds = fold_of_each(truth, MOST_JUDGED)
    if folds.max(initial=ALWAYS) < 1:
        return relation.fit(features, truth, USUAL)
    few, every = folds != BEYOND, range(FOLDS)
    (_, factor), strength = min(
        (_judge(features[few], truth[few], folds[few], every, each, relation), each)
        for each in STRENGTHS
    )
    if not few.all():
        # What is fitted to all is better than what was fitted to few, and may be surer.
        _, factor = _judge(features, truth, folds, every[:1], strength, relation)
    return relation.fit(features, truth, strength).sharpened(factor)


def _judge(
    features: Array,
    truth: Truth,
    folds: NDArray[np.intp],
    asked: Sequence[int],
    strength: float,
    relation: Relation,
) -> tuple[float, float]:
    """How badly the folds `asked` are judged by fits without them with the best sharpening (Guo et
    al. 2017: temperature), and that sharpening. Few pictures prove little, even if all were judged
    right: as Platt has it, the truth is taken to be wrong about one in as many as there are and two
    more."""
    scores = np.zeros(truth.shape)
    for fold in asked:
        out = folds == fold
        scores[out] = relation.fit(features[~out], truth[~out], strength).scores(features[out])
    judged = np.isin(folds, asked)
    scores, truth = scores[judged], truth[judged]
    doubt = 1 / (len(truth) + 2)
    found = minimize_scalar(
        lambda log: relation.loss(np.exp(log) * scores, truth, doubt),
        bounds=(-np.log(SHARPEST), np.log(SHARPEST)),
        method="bounded",
    )
    return float(found.fun), float(np.exp(found.x))


def _fit(features: Array, classes: NDArray[np.intp], count: int, strength: float) -> Head:
    present = np.unique(classes)
    weights = np.zeros((features.shape[1], count), np.float32)
    bias = np.full(count, NEVER, np.float32)
    bias[present] = 0
    if len(present) > 1:
        model = LogisticRegression(C=strength, max_iter=STEPS, tol=TOLERANCE).fit(features, classes)
        weights[:, present], bias[present] = _both_ways(model)
    return Head(weights, bias)


def _both_ways(model: LogisticRegression) -> tuple[Array, Array]:
    """Of two classes scikit-learn gives the second one's score over the first's alone."""
    weights, bias = model.coef_.T, model.intercept_
    if weights.shape[1] == 1:
        return np.hstack([-weights / 2, weights / 2]), np.concatenate([-bias / 2, bias / 2])
    return weights, bias
