"""What is kept of many pictures for learning, so that memory stays bounded."""

import heapq
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openrekog.models.custom.learning import Looked

MOST_PICTURES = 25_000
"""250 labels of a hundred pictures each. Twice 1,280 single-precision numbers of each take 256 MB,
and the regression as much again."""

Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rows:
    """Pictures with what was seen of them: `features` (pictures, views, dimension) and whether each
    has each label, `truth` (pictures, labels)."""

    labels: tuple[str, ...]
    features: NDArray[np.float32]
    truth: NDArray[np.bool_]


def gather(looked: Iterable[Looked], shape: tuple[int, ...], kept: np.dtype[np.floating]) -> Rows:
    """At most MOST_PICTURES pictures in their order. Of more, those whose set of labels is most
    frequent are drawn by lot, so that rare labels stay whole; labels are in alphabetical order."""
    sampled = _sample(looked)
    names = tuple(sorted({label.name for each in sampled for label in each.truth}))
    truth = [[name in _key(each) for name in names] for each in sampled]
    seen = [np.frombuffer(each.seen, kept).reshape(shape) for each in sampled]
    features = np.stack(seen).astype(np.float32) if seen else np.zeros((0, *shape[1:]), np.float32)
    return Rows(names, features, np.array(truth, np.bool_).reshape(len(sampled), len(names)))


def _sample(looked: Iterable[Looked]) -> list[Looked]:
    """Each picture draws a lot, and the largest group gives up its highest ones: what stays of a
    group is then a fair sample of it."""
    lots = np.random.RandomState(seed=0)  # NumPy promises that its numbers never change
    groups: dict[Key, list[tuple[float, int, Looked]]] = {}
    for count, each in enumerate(looked):
        group = groups.setdefault(_key(each), [])
        heapq.heappush(group, (-lots.random_sample(), count, each))
        if count >= MOST_PICTURES:
            heapq.heappop(max(groups.values(), key=len))
    kept = sorted((count, each) for group in groups.values() for _, count, each in group)
    return [each for _, each in kept]


def _key(looked: Looked) -> Key:
    return tuple(sorted({label.name for label in looked.truth}))
