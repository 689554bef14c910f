"""Labels of objects with their boxes: boxes are proposed, and what each looks like is judged."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from openrekog.models.architectures.objects import MOST_OBJECTS, ObjectCandidates, join
from openrekog.models.capabilities import DenseExtractor
from openrekog.models.custom import proposer, regions
from openrekog.models.custom.boxes import Boxes, cut, shifted
from openrekog.models.custom.labels import CustomLabel
from openrekog.models.custom.linear import Linear, Numbers
from openrekog.models.custom.model_file import ModelFile
from openrekog.models.custom.proposer import Proposals, Proposer
from openrekog.models.dense import DenseFeatures, DenseShape
from openrekog.models.loaded import Models
from openrekog.models.results import Box, Image
from openrekog.models.runtime import Runtime

SIDE, FINE_SIDE = 640, 1280
"""Longer sides of a picture as it is looked at, and of a large one at the second look."""
LARGE = 1000
"""Pictures of as many pixels have more to show at the second look."""

OVERLAP = 0.5
LEAST_CONFIDENCE = 1.0
_LEAST_SCORE = float(np.log(LEAST_CONFIDENCE / (100 - LEAST_CONFIDENCE)))


@dataclass(frozen=True, slots=True)
class Judges:
    """The second stage: the log-odds of each label, and the shift of a box to the object's own."""

    labels: Linear
    shifts: Linear

    def find(self, rows: Numbers, boxes: Boxes, width: float, height: float) -> ObjectCandidates:
        """In pixels, as the boxes are; each label's best box of those that overlap by half."""
        moved = cut(shifted(boxes, self.shifts(rows)), width, height)
        scores = self.labels(rows).astype(np.float64)
        places, labels = np.nonzero(scores > _LEAST_SCORE)
        likely = ObjectCandidates(moved[places], scores[places, labels], labels)
        return likely.suppressed(OVERLAP)


def sides_of(image: Image) -> tuple[int, ...]:
    return (SIDE, FINE_SIDE) if max(image.shape[:2]) >= LARGE else (SIDE,)


def rows_of(seen: DenseFeatures, proposals: Proposals) -> Numbers:
    """What judges look at: what the proposing cell saw, and the region in the box."""
    return np.concatenate([proposals.cells, regions.describe(seen, proposals.boxes)], axis=1)


def row_length(shape: DenseShape) -> int:
    return 1 + shape.numbers + regions.dimension(shape)


class Detector:
    """A `CustomModel`."""

    def __init__(
        self, labels: Sequence[str], dense: DenseExtractor, stages: tuple[Proposer, Judges]
    ) -> None:
        self.labels = tuple(labels)
        self._dense = dense
        self._proposer, self._judges = stages

    def detect(self, images: Sequence[Image]) -> list[list[CustomLabel]]:
        return [self._detect(image) for image in images]

    def _detect(self, image: Image) -> list[CustomLabel]:
        found = join([self._look(image, side) for side in sides_of(image)])
        best = found.suppressed(OVERLAP)
        each = zip(best.boxes, best.scores, best.classes, strict=True)
        return [self._label(*one) for one in islice(each, MOST_OBJECTS)]

    def _look(self, image: Image, side: int) -> ObjectCandidates:
        """Boxes in ratios of the picture."""
        seen = self._dense.extract(image, side)
        proposals = self._proposer.propose(seen)
        rows = rows_of(seen, proposals)
        found = self._judges.find(rows, proposals.boxes, seen.width, seen.height)
        return ObjectCandidates(found.boxes / seen.sides, found.scores, found.classes)

    def _label(self, box: Numbers, score: float, place: int) -> CustomLabel:
        left, top, right, bottom = box.tolist()
        confidence = 100 / (1 + float(np.exp(-score)))
        return CustomLabel(
            self.labels[place], confidence, Box(left, top, right - left, bottom - top)
        )


def open_detector(file: ModelFile, models: Models, _: Runtime) -> Detector:
    file.check_features(models.dense.feature_name)
    shape = models.dense.shape
    file.check_shapes(weight_shapes(shape, len(file.labels)))
    judges = Judges(
        Linear(file.weights["weights"], file.weights["bias"]),
        Linear(file.weights["shift_weights"], file.weights["shift_bias"]),
    )
    return Detector(file.labels, models.dense, (Proposer.of(file.weights, shape.strides), judges))


def weight_shapes(shape: DenseShape, labels: int) -> dict[str, tuple[int, ...]]:
    length = row_length(shape)
    return {
        **proposer.weight_shapes(shape),
        "weights": (length, labels),
        "bias": (labels,),
        "shift_weights": (length, 4),
        "shift_bias": (4,),
    }


def proposer_graph(shape: DenseShape) -> str:
    """The first stage alone, in ONNX's text syntax: for each stride, of cells their worth as
    log-odds and the shift of their square."""
    taken, given = _signature(shape)
    return f"proposer ({taken}) => ({given}) {{ {_first_stage(shape)} }}"


def detector_graph(shape: DenseShape, labels: int) -> str:
    """Both stages: of regions, also the chance of each label and the shift of the box."""
    taken, given = _signature(shape)
    return (
        f"detector ({taken}, float[boxes, {row_length(shape)}] regions)"
        f" => ({given}, float[boxes, {labels}] chances, float[boxes, 4] shifts)"
        f" {{ {_first_stage(shape)} scores = Gemm(regions, weights, bias)"
        f" chances = Sigmoid(scores) shifts = Gemm(regions, shift_weights, shift_bias) }}"
    )


def _signature(shape: DenseShape) -> tuple[str, str]:
    taken = (f"float[n{each}, {shape.numbers}] cells_{each}" for each in shape.strides)
    given = (f"float[n{each}, {proposer.OUTPUTS}] worth_{each}" for each in shape.strides)
    return ", ".join(taken), ", ".join(given)


def _first_stage(shape: DenseShape) -> str:
    return " ".join(
        f"worth_{each} = Gemm(cells_{each}, cell_weights_{each}, cell_bias_{each})"
        for each in shape.strides
    )
