"""How good a model of Custom Labels is on its test pictures, in the metrics of AWS.

Each label has its own assumed threshold, the one with the best F1 on these pictures, unless its
owner plans another; and its metrics are those at it. The metrics of the model are the means over
its labels (as in AWS's example of a summary file), of those that the test pictures show.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from openrekog.models.custom.labels import CustomLabel
from openrekog.server.analysis.evaluation.curves import Counts, CurvePoint, Scores
from openrekog.server.analysis.matching import PredictedPicture, expected, matches

FULL = 100.0
"""Confidences are percent, thresholds are ratios, as in AWS's files."""


@dataclass(frozen=True, slots=True)
class Metrics:
    precision: float
    recall: float
    f1_score: float


@dataclass(frozen=True, slots=True)
class LabelEvaluation:
    """`testing_images` have the label; `threshold` is the assumed one, 0..1."""

    label: str
    testing_images: int
    threshold: float
    counts: Counts
    average_precision: float
    highest_recall: float
    curve: tuple[CurvePoint, ...]

    @property
    def metrics(self) -> Metrics:
        return Metrics(self.counts.precision, self.counts.recall, self.counts.f1_score)


@dataclass(frozen=True, slots=True)
class Confusion:
    """`value` is the share of the test pictures with one label, but not the other, that are given
    the other one; of the label itself it is the share that are given it."""

    ground_truth_label: str
    predicted_label: str
    value: float


@dataclass(frozen=True, slots=True)
class Evaluation:
    """`labels` are in the model's order. A model is `located` if it finds objects; then there are
    the averages of precision and recall over all confidences, else there is a confusion matrix."""

    located: bool
    testing_images: int
    labels: tuple[LabelEvaluation, ...]
    confusions: tuple[Confusion, ...]

    @property
    def tested(self) -> tuple[LabelEvaluation, ...]:
        return tuple(label for label in self.labels if label.testing_images)

    @property
    def metrics(self) -> Metrics:
        each = [label.metrics for label in self.tested]
        return Metrics(
            mean(one.precision for one in each),
            mean(one.recall for one in each),
            mean(one.f1_score for one in each),
        )

    @property
    def average_precision(self) -> float:
        return mean(label.average_precision for label in self.tested)

    @property
    def average_recall(self) -> float:
        """Of all predictions, at the same overlap of boxes as everything else."""
        return mean(label.highest_recall for label in self.tested)

    @property
    def thresholds(self) -> Mapping[str, float]:
        return {label.label: label.threshold for label in self.labels}


@dataclass(frozen=True, slots=True)
class Judged:
    """A prediction, which of the picture's truth it is, if any, and whether it is `above` the
    threshold of its label."""

    prediction: CustomLabel
    match: int | None
    above: bool

    @property
    def present(self) -> bool:
        return self.match is not None


@dataclass(slots=True)
class Tally:
    """Of one label, while the pictures are gone through."""

    scores: Scores = field(default_factory=Scores)
    images: int = 0

    def evaluated(self, label: str, planned: float | None) -> LabelEvaluation:
        found = self.scores.sorted()
        threshold = found.threshold() if planned is None else planned
        return LabelEvaluation(
            label=label,
            testing_images=self.images,
            threshold=threshold,
            counts=found.above(threshold),
            average_precision=found.average_precision(),
            highest_recall=found.above(-1.0).recall,
            curve=found.curve(),
        )


def evaluate(
    labels: Sequence[str],
    pictures: Collection[PredictedPicture],
    *,
    located: bool,
    planned: float | None = None,
) -> Evaluation:
    """`labels` are the model's; what the pictures have besides does not count. `planned` is the
    threshold that all labels will be used with, 0..1, if that is known. The pictures are gone
    through twice, and not kept."""
    tallies = {label: Tally() for label in labels}
    for picture in pictures:
        _count(tallies, picture, located=located)
    found = tuple(tally.evaluated(label, planned) for label, tally in tallies.items())
    evaluation = Evaluation(located, len(pictures), found, ())
    if located:
        return evaluation
    confusions = _confusions(evaluation, pictures)
    return Evaluation(located, len(pictures), found, confusions)


def judge(
    picture: PredictedPicture, thresholds: Mapping[str, float], *, located: bool
) -> list[Judged]:
    """The predictions of labels that have a threshold, in their order."""
    return [
        Judged(each, match, each.confidence / FULL > thresholds[each.name])
        for each, match in zip(picture.predictions, matches(picture, located=located), strict=True)
        if each.name in thresholds
    ]


def mean(values: Iterable[float]) -> float:
    each = list(values)
    return sum(each) / len(each) if each else 0.0


def _count(tallies: Mapping[str, Tally], picture: PredictedPicture, *, located: bool) -> None:
    there = [label.name for label in expected(picture, located=located).values()]
    for name, count in Counter(there).items():
        if name in tallies:
            tallies[name].scores.there += count
            tallies[name].images += 1
    for each, match in zip(picture.predictions, matches(picture, located=located), strict=True):
        if each.name in tallies:
            tallies[each.name].scores.add(each.confidence / FULL, right=match is not None)


def _confusions(
    evaluation: Evaluation, pictures: Iterable[PredictedPicture]
) -> tuple[Confusion, ...]:
    """At the assumed thresholds, so that what a label has in common with itself is its recall;
    AWS's example must be at one threshold for all, since it shows another number there."""
    labels, thresholds = evaluation.labels, evaluation.thresholds
    places = {label.label: place for place, label in enumerate(labels)}
    given = np.zeros((len(labels), len(labels)), np.int64)
    for picture in pictures:
        _confuse(given, places, picture, judge(picture, thresholds, located=False))
    return tuple(
        Confusion(row.label, column.label, float(given[i, j]) / row.testing_images)
        for i, row in enumerate(labels)
        if row.testing_images
        for j, column in enumerate(labels)
    )


def _confuse(
    given: NDArray[np.int64],
    places: Mapping[str, int],
    picture: PredictedPicture,
    judged: Iterable[Judged],
) -> None:
    there = expected(picture, located=False).values()
    true = [places[label.name] for label in there if label.name in places]
    for each in judged:
        column = places[each.prediction.name]
        if each.above and each.present:
            given[column, column] += 1
        elif each.above:
            given[true, column] += 1
