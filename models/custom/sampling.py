"""What is kept of many pictures for learning, so that memory stays bounded."""

import heapq
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openrekog.models.custom.learning import Looked

Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rows:
    """Pictures with what was `seen` of them, (pictures, numbers), and whether each has each label,
    `truth` (pictures, labels)."""

    labels: tuple[str, ...]
    seen: NDArray[np.float32]
    truth: NDArray[np.bool_]

    def of_label(self, label: str) -> NDArray[np.bool_]:
        """Which pictures have it."""
        if label not in self.labels:
            return np.zeros(len(self.truth), np.bool_)
        return self.truth[:, self.labels.index(label)]


def gather(looked: Iterable[Looked], numbers: np.dtype[np.floating], most: int) -> Rows:
    """At most so many pictures, in their order. Of more, those whose set of labels is most frequent
    are drawn by lot, so that rare labels stay whole. Labels are in alphabetical order."""
    sampled = _sample(looked, most)
    names = tuple(sorted({label.name for each in sampled for label in each.truth}))
    column = {name: place for place, name in enumerate(names)}
    truth = np.zeros((len(sampled), len(names)), np.bool_)
    for row, each in zip(truth, sampled, strict=True):
        row[[column[label.name] for label in each.truth]] = True
    seen = b"".join(each.seen for each in sampled)
    shape = (len(sampled), -1) if sampled else (0, 0)
    return Rows(names, np.frombuffer(seen, numbers).reshape(shape).astype(np.float32), truth)


def _sample(looked: Iterable[Looked], most: int) -> list[Looked]:
    """Each picture draws a lot, and the largest group gives up its highest ones: what stays of a
    group is then a fair sample of it."""
    lots = np.random.RandomState(seed=0)  # NumPy promises that its numbers never change
    groups: dict[Key, list[tuple[float, int, Looked]]] = {}
    for count, each in enumerate(looked):
        group = groups.setdefault(_key(each), [])
        heapq.heappush(group, (-lots.random_sample(), count, each))
        if count >= most:
            heapq.heappop(max(groups.values(), key=len))
    kept = [(count, each) for group in groups.values() for _, count, each in group]
    return [each for _, each in sorted(kept, key=lambda pair: pair[0])]


def _key(looked: Looked) -> Key:
    return tuple(sorted({label.name for label in looked.truth}))
