"""Learns to find objects: in the first round which cells of pictures are worth a closer look, and
in the second what is in the boxes that they then propose."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import chain

import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # it has no types

from openrekog.models.capabilities import DenseExtractor
from openrekog.models.custom.detector import Judges, detector_graph, proposer_graph
from openrekog.models.custom.detector_lesson import DetectorLesson
from openrekog.models.custom.labels import TrueLabel
from openrekog.models.custom.learning import CannotLearnError, Looked
from openrekog.models.custom.linear import Numbers
from openrekog.models.custom.model_file import MOST_LABELS, ModelFile, read, write
from openrekog.models.custom.proposer import Proposer, weight_shapes
from openrekog.models.custom.proposer_lesson import ProposerLesson
from openrekog.models.custom.sights import (
    Arrays,
    cells_seen,
    joined,
    pack,
    regions_seen,
    sights_of,
    unpack,
)
from openrekog.models.dense import DenseShape
from openrekog.models.results import Image

PROPOSER, DETECTOR = "proposer", "detector"


class DetectorLearner:
    """A `Learner`. Pictures without boxes teach what is no object."""

    rounds = 2

    def __init__(self, dense: DenseExtractor) -> None:
        self._dense = dense

    def look(self, image: Image, truth: Sequence[TrueLabel], so_far: bytes | None) -> bytes:
        """In the second round with the proposer and the labels, which become parts of the model."""
        sights = sights_of(self._dense, image, truth)
        if so_far is None:
            return pack(joined([cells_seen(sight) for sight in sights]))
        proposer, labels = self._read(so_far)
        seen = joined([regions_seen(sight, proposer) for sight in sights])
        return pack({**seen, **proposer.weights(), "labels": np.array(labels)})

    def learn(self, looked: Iterable[Looked]) -> bytes:
        pictures = ((each.truth, unpack(each.seen)) for each in looked)
        first = next(pictures, None)
        if first is None:
            raise CannotLearnError("There are no pictures.")
        learn = self._second if "overlaps" in first[1] else self._first
        with threadpool_limits(1, user_api="blas"):  # regression.py tells why
            return learn(chain([first], pictures))

    def _first(self, pictures: Iterable[tuple[Sequence[TrueLabel], Arrays]]) -> bytes:
        lesson, labels = ProposerLesson(self._dense.shape), set[str]()
        for truth, seen in pictures:
            lesson.add(seen)
            labels |= {label.name for label in truth if label.box}
        _check(labels)
        weights = lesson.fit().weights()
        return self._write(PROPOSER, sorted(labels), weights, proposer_graph(self._dense.shape))

    def _second(self, pictures: Iterable[tuple[Sequence[TrueLabel], Arrays]]) -> bytes:
        pictures = iter(pictures)
        first = next(pictures)
        labels: list[str] = first[1]["labels"].tolist()
        lesson = DetectorLesson(labels)
        for truth, seen in chain([first], pictures):
            lesson.add(truth, seen)
        judges = lesson.fit()
        if judges is None:
            raise CannotLearnError("No object of the pictures is large enough to be seen.")
        weights = {**_proposer(first[1], self._dense.shape).weights(), **_weights(judges)}
        graph = detector_graph(self._dense.shape, len(labels))
        return self._write(DETECTOR, labels, weights, graph)

    def _read(self, so_far: bytes) -> tuple[Proposer, tuple[str, ...]]:
        file, shape = read(so_far), self._dense.shape
        file.check_features(self._dense.feature_name)
        file.check_shapes(weight_shapes(shape))
        return Proposer.of(file.weights, shape.strides), file.labels

    def _write(
        self, kind: str, labels: Sequence[str], weights: Mapping[str, Numbers], graph: str
    ) -> bytes:
        return write(ModelFile(kind, tuple(labels), self._dense.feature_name, weights), graph)


def _proposer(seen: Arrays, shape: DenseShape) -> Proposer:
    weights = {name: seen[name].astype(np.float32) for name in weight_shapes(shape)}
    return Proposer.of(weights, shape.strides)


def _weights(judges: Judges) -> Mapping[str, Numbers]:
    return {
        "weights": judges.labels.weights,
        "bias": judges.labels.bias,
        "shift_weights": judges.shifts.weights,
        "shift_bias": judges.shifts.bias,
    }


def _check(labels: Collection[str]) -> None:
    if not labels:
        raise CannotLearnError("No picture has a box.")
    if len(labels) > MOST_LABELS:
        raise CannotLearnError(
            f"The boxes have {len(labels)} labels; a model learns up to {MOST_LABELS}."
        )
