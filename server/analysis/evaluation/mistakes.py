"""The pictures on which a custom model is most wrong, for people to look at."""

import heapq
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from openrekog.models.custom.labels import TrueLabel
from openrekog.server.analysis.evaluation.documents import Pictured
from openrekog.server.analysis.evaluation.metrics import FULL, Evaluation, Judged, judge
from openrekog.server.analysis.matching import PredictedPicture, expected

MOST = 24


@dataclass(frozen=True, slots=True)
class Missed:
    """Something true that is not said; `score`, 0..1, is how near it came, if it was found."""

    label: TrueLabel
    score: float | None


@dataclass(frozen=True, slots=True)
class Mistake:
    """A picture with what is said of it wrongly, rightly, and not at all. `severity` is that of the
    worst of it: how far a score is beyond its threshold, as a share of how far it can be."""

    pictured: Pictured
    wrong: tuple[Judged, ...]
    right: tuple[Judged, ...]
    missed: tuple[Missed, ...]
    severity: float


def worst_mistakes(
    pictures: Iterable[Pictured], evaluation: Evaluation, most: int = MOST
) -> list[Mistake]:
    """The worst first."""
    thresholds, located = evaluation.thresholds, evaluation.located
    found = (_mistake(pictured, thresholds, located=located) for pictured in pictures)
    wrong = (mistake for mistake in found if mistake.wrong or mistake.missed)
    return heapq.nlargest(most, wrong, key=lambda mistake: mistake.severity)


def _mistake(pictured: Pictured, thresholds: Mapping[str, float], *, located: bool) -> Mistake:
    judged = judge(pictured.picture, thresholds, located=located)
    said = sorted((each for each in judged if each.above), key=lambda e: -e.prediction.confidence)
    wrong = tuple(each for each in said if not each.present)
    missed = tuple(_missed(pictured.picture, judged, thresholds, located=located))
    severities = [
        *(_beyond(each, thresholds) for each in wrong),
        *(1 - (each.score or 0.0) / thresholds[each.label.name] for each in missed),
    ]
    right = tuple(each for each in said if each.present)
    return Mistake(pictured, wrong, right, missed, max(severities, default=0.0))


def _missed(
    picture: PredictedPicture,
    judged: Iterable[Judged],
    thresholds: Mapping[str, float],
    *,
    located: bool,
) -> Iterator[Missed]:
    found = {each.match: each for each in judged}
    for place, label in expected(picture, located=located).items():
        best = found.get(place)
        if label.name in thresholds and not (best and best.above):
            yield Missed(label, None if best is None else best.prediction.confidence / FULL)


def _beyond(each: Judged, thresholds: Mapping[str, float]) -> float:
    threshold = thresholds[each.prediction.name]
    return (each.prediction.confidence / FULL - threshold) / (1 - threshold)
