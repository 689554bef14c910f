"""Logistic regression that starts from what is believed already, and moves that near the pictures
that are taught, and nowhere else. Imported where something is learnt, since SciPy is large."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular
from scipy.optimize import minimize
from scipy.special import expit, log_expit
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # it has no types

from openrekog.models.custom.folds import ALWAYS, BEYOND, fold_of_each

Numbers = NDArray[np.float64]
Truth = NDArray[np.bool_]

STEEPNESSES = (4.0, 8.0)
"""How fast the influence of a picture falls with the cosine of two looks, exp(s * (cosine - 1)):
of 8 a third is left at a cosine of 0.86, and a hundredth at 0.42."""
STRENGTHS = (3.0, 30.0, 300.0)
USUAL = (4.0, 300.0)

STEPS = 100
LEAST = 1e-6
"""Added where two pictures may be one, for the numbers' sake."""

STILLNESS = 1.0
"""How much a picture about which the belief is right resists being moved either way, in half the
square of the log odds. Without it, pictures that were taught as false alarms take the label from
nearly all others that have it, too; `make accuracy` counts how many lose it."""
MOST_JUDGED = 500


@dataclass(frozen=True, slots=True)
class Lesson:
    """Pictures with unit `looks` (pictures, dimension), the log odds that are `believed` of each
    label, and the `truth`, both (pictures, labels)."""

    looks: Numbers
    believed: Numbers
    truth: Truth

    @property
    def right(self) -> Truth:
        """Where the belief is."""
        right: Truth = (self.believed > 0) == self.truth
        return right

    def of(self, which: NDArray[np.bool_]) -> "Lesson":
        return Lesson(self.looks[which], self.believed[which], self.truth[which])


def fit(lesson: Lesson) -> tuple[float, Numbers]:
    """The steepness, and the weight of each picture for each label (pictures, labels)."""
    with threadpool_limits(1, user_api="blas"):  # regression.py tells why
        steepness, strength = _choose(lesson)
        return steepness, _weights(lesson, steepness, strength)


def nearness(looks: Numbers, examples: Numbers, steepness: float) -> Numbers:
    return np.asarray(np.exp(steepness * (looks @ examples.T - 1)), np.float64)


def _choose(lesson: Lesson) -> tuple[float, float]:
    """Steepness and strength by which pictures are judged best without having been taught."""
    folds = fold_of_each(np.hstack([lesson.truth, lesson.right]), MOST_JUDGED)
    if folds.max(initial=ALWAYS) < 1:
        return USUAL
    few = folds != BEYOND
    lesson, folds = lesson.of(few), folds[few]
    losses = {
        (steepness, strength): _loss_without(lesson, folds, steepness, strength)
        for steepness in STEEPNESSES
        for strength in STRENGTHS
    }
    return min(losses, key=losses.__getitem__)


def _loss_without(
    lesson: Lesson, folds: NDArray[np.intp], steepness: float, strength: float
) -> float:
    loss = 0.0
    for fold in range(folds.max() + 1):
        taught, asked = lesson.of(folds != fold), lesson.of(folds == fold)
        weights = _weights(taught, steepness, strength)
        near = nearness(asked.looks, taught.looks, steepness)
        loss += _loss(asked.believed + near @ weights, asked.truth)
    return loss


def _weights(lesson: Lesson, steepness: float, strength: float) -> Numbers:
    """Kernel logistic regression: the least loss and half the squared length of the function, over
    the strength (Hastie, Tibshirani, Friedman, The Elements of Statistical Learning, 5.8). It is
    sought in coordinates in which that length is the usual one, where few steps are enough."""
    near = nearness(lesson.looks, lesson.looks, steepness)
    root = np.linalg.cholesky(near + LEAST * np.eye(len(near)))
    still = STILLNESS * lesson.right

    def cost(flat: Numbers) -> tuple[float, Numbers]:
        place = flat.reshape(lesson.truth.shape)
        moved = root @ place
        odds = lesson.believed + moved
        loss = _loss(odds, lesson.truth) + float((still * moved**2).sum() / 2)
        slope = root.T @ (expit(odds) - lesson.truth + still * moved) + place / strength
        return loss + float((place**2).sum()) / (2 * strength), slope.ravel()

    start = np.zeros(lesson.truth.size)
    found = minimize(cost, start, jac=True, method="L-BFGS-B", options={"maxiter": STEPS})
    place = found.x.reshape(lesson.truth.shape)
    return np.asarray(solve_triangular(root.T, place, lower=False), np.float64)


def _loss(odds: Numbers, truth: Truth) -> float:
    return -float(np.where(truth, log_expit(odds), log_expit(-odds)).sum())
