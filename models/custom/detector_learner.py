"""Learns to find objects: in the first round which cells of pictures are worth a closer look, and
in the second what is in the boxes that they then propose."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # it has no types

from openrekog.models.capabilities import DenseExtractor
from openrekog.models.custom.detector import Judges, detector_graph, proposer_graph
from openrekog.models.custom.detector_lesson import DetectorLesson
from openrekog.models.custom.folds import FOLDS, lot_of
from openrekog.models.custom.keeping import Arrays, is_examined, pack, thinned, unpack
from openrekog.models.custom.labels import TrueLabel
from openrekog.models.custom.learning import CannotLearnError, Looked
from openrekog.models.custom.linear import Numbers
from openrekog.models.custom.model_file import MOST_LABELS, ModelFile, read, write
from openrekog.models.custom.proposer_lesson import ProposerLesson
from openrekog.models.custom.proposers import Proposers, all_weight_shapes
from openrekog.models.custom.sights import (
    Sight,
    cells_seen,
    is_right,
    joined,
    regions_asked,
    regions_seen,
    sights_of,
)
from openrekog.models.results import Image

PROPOSER, DETECTOR = "proposer", "detector"

PICTURES = "pictures"
"""The setting of a proposer that tells how many there were."""

Picture = tuple[Sequence[TrueLabel], Arrays]
"""What is there, and what was seen."""


class DetectorLearner:
    """A `Learner`. Pictures without boxes teach what is no object."""

    rounds = 2

    def __init__(self, dense: DenseExtractor) -> None:
        self._dense = dense

    def look(self, image: Image, truth: Sequence[TrueLabel], so_far: bytes | None) -> bytes:
        lot, sights = lot_of(image), sights_of(self._dense, image, truth)
        if so_far is None:
            cells = joined([cells_seen(sight) for sight in sights])
            return pack({**cells, "fold": np.array(lot % FOLDS)})
        return pack(self._regions(sights, self._read(so_far), lot))

    def _regions(self, sights: Iterable[Sight], before: "_FirstRound", lot: int) -> Arrays:
        """What judges are taught, and what some pictures are examined on."""
        lots = np.random.RandomState(lot)  # NumPy promises that its numbers never change
        examined = is_examined(before.pictures, lots)
        parts, asked = list[Arrays](), dict[str, NDArray[np.generic]]()
        for sight in sights:
            parts.append(regions_seen(sight, before.proposers.whole))
            if examined and sight.first:
                asked |= regions_asked(sight, before.proposers.others[lot % FOLDS])
        seen = joined(parts)
        return {**thinned(seen, is_right(seen), before.pictures, lots), **asked}

    def learn(self, looked: Iterable[Looked], so_far: bytes | None = None) -> bytes:
        pictures = ((each.truth, unpack(each.seen)) for each in looked)
        with threadpool_limits(1, user_api="blas"):  # regression.py tells why
            return self._first(pictures) if so_far is None else self._second(pictures, so_far)

    def _first(self, pictures: Iterable[Picture]) -> bytes:
        lesson, labels = ProposerLesson(self._dense.shape), set[str]()
        for truth, seen in pictures:
            lesson.add(seen)
            labels |= {label.name for label in truth if label.box}
        _check(labels)
        weights, graph = lesson.fit().weights(), proposer_graph(self._dense.shape)
        return self._write(PROPOSER, sorted(labels), weights, graph, {PICTURES: lesson.pictures})

    def _second(self, pictures: Iterable[Picture], so_far: bytes) -> bytes:
        before = self._read(so_far)
        labels, lesson = before.labels, DetectorLesson(before.labels)
        for truth, seen in pictures:
            lesson.add(truth, seen)
        judges = lesson.fit()
        if judges is None:
            raise CannotLearnError("No object of the pictures is large enough to be seen.")
        weights = {**before.proposers.whole.weights(), **_weights(judges)}
        graph = detector_graph(self._dense.shape, len(labels))
        return self._write(DETECTOR, labels, weights, graph)

    def _read(self, so_far: bytes) -> "_FirstRound":
        file, shape = read(so_far), self._dense.shape
        file.check_features(self._dense.feature_name)
        file.check_shapes(all_weight_shapes(shape))
        pictures = int(file.settings[PICTURES])
        return _FirstRound(Proposers.of(file.weights, shape), file.labels, pictures)

    def _write(
        self,
        kind: str,
        labels: Sequence[str],
        weights: Mapping[str, Numbers],
        graph: str,
        settings: Mapping[str, int] = MappingProxyType({}),
    ) -> bytes:
        features = self._dense.feature_name
        return write(ModelFile(kind, tuple(labels), features, weights, dict(settings)), graph)


@dataclass(frozen=True, slots=True)
class _FirstRound:
    """What it learnt, and from how many pictures."""

    proposers: Proposers
    labels: tuple[str, ...]
    pictures: int


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
