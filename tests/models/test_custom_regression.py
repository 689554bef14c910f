"""Confidence is what it says: on numbers whose truth is known, and known to be partly wrong."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import expit, softmax

from openrekog.models.custom.regression import Exclusive, Independent, learn

WRONG = 0.2


def drawn(count: int, seed: int) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Unit vectors of 64 numbers, of which one tells the label; every fifth label is wrong."""
    lots = np.random.RandomState(seed)
    second = lots.random_sample(count) < 0.5
    vectors = lots.standard_normal((count, 64))
    vectors[:, 0] += np.where(second, 6, -6)
    told = second ^ (lots.random_sample(count) < WRONG)
    units = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return units.astype(np.float32), np.stack([~told, told], axis=1)


SEEDS = (0, 2, 3)
TRUTH = drawn(4000, 1)


def test_exclusive_labels() -> None:
    sure, right = [], []
    for seed in SEEDS:
        head = learn(*drawn(300, seed), Exclusive())
        vectors, truth = TRUTH
        chances = softmax(head.scores(vectors).astype(float), axis=1)
        sure.append(chances.max(axis=1).mean())
        right.append((chances.argmax(axis=1) == truth.argmax(axis=1)).mean())
    assert min(right) > 0.72
    # Not calibrated they are 0.06 too sure.
    assert np.mean(sure) == pytest.approx(np.mean(right), abs=0.04)


def test_independent_labels() -> None:
    given, there = [], []
    for seed in SEEDS:
        head = learn(*drawn(300, seed), Independent())
        vectors, truth = TRUTH
        chances = expit(head.scores(vectors).astype(float))
        given.append(chances[chances >= 0.5].mean())
        there.append(truth[chances >= 0.5].mean())
    assert np.mean(given) == pytest.approx(np.mean(there), abs=0.04)
