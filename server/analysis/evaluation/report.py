"""One HTML file about an evaluation, for people: numbers in words, plots, and the worst mistakes as
pictures. It holds all it needs, and nothing in it is loaded or run."""

import base64
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from math import floor

import cv2
from jinja2 import Environment, StrictUndefined, Template

from openrekog.models.results import Image
from openrekog.server.analysis.evaluation.curves import CurvePoint
from openrekog.server.analysis.evaluation.documents import Trained
from openrekog.server.analysis.evaluation.metrics import (
    Confusion,
    Evaluation,
    LabelEvaluation,
    mean,
)
from openrekog.server.analysis.evaluation.mistakes import Mistake

FEW = 10
"""Test pictures of a label: with fewer, one more right or wrong moves its numbers by a tenth."""

MOST_IN_MATRIX = 24
"""Labels that a matrix is readable with; of more only the worst confusions are told."""

MOST_CONFUSIONS = 12
MOST_PLOTS = 24
"""Plots of labels that are open; the others are to be unfolded."""

THUMBNAIL_SIDE = 320
THUMBNAIL_QUALITY = 80

Load = Callable[[str], Image | None]
"""The picture of a source-ref; None if it cannot be read any more."""


@dataclass(frozen=True, slots=True)
class Plot:
    """Precision and recall over a threshold as SVG paths in a square of 100, from its top down."""

    precision: str
    recall: str


@dataclass(frozen=True, slots=True)
class Shown:
    """`picture` is a data URI; `right` counts what is said rightly, by label."""

    mistake: Mistake
    picture: str | None
    right: Counter[str]


def report_name(project: str, version: str) -> str:
    return f"EvaluationReport-{project}-{version}.html"


def evaluation_report(
    evaluation: Evaluation, trained: Trained, mistakes: Sequence[Mistake], load: Load
) -> str:
    """The whole page; pictures are loaded one after the other."""
    worst_first = sorted(evaluation.tested, key=lambda label: label.metrics.f1_score)
    project, version = names_of(trained.project_version_arn)
    return _template().render(
        project=project,
        version=version,
        trained=trained,
        evaluation=evaluation,
        labels=worst_first,
        untested=[label.label for label in evaluation.labels if not label.testing_images],
        few=FEW,
        rough=[label.label for label in worst_first if label.testing_images < FEW],
        plots=[(label, plot_of(label.curve)) for label in worst_first],
        most_plots=MOST_PLOTS,
        overall=plot_of(overall_curve(worst_first)),
        matrix=_matrix(evaluation),
        confusions=worst_confusions(evaluation.confusions),
        mistakes=[_shown(mistake, load) for mistake in mistakes],
    )


def names_of(arn: str) -> tuple[str, str]:
    """Project and version of .../project/NAME/version/NAME/NUMBER."""
    _, project, _, version, _ = arn.rsplit("/", 4)
    return project, version


def percent(ratio: float) -> str:
    """Rounded down, so that only what is whole is called 100 %."""
    return f"{floor(ratio * 1000 + 1e-9) / 10:.4g} %"


def overall_curve(labels: Sequence[LabelEvaluation]) -> list[CurvePoint]:
    """What one threshold for all labels would give, on average over them."""
    curves = zip(*(label.curve for label in labels), strict=True)
    return [_mean_point(points) for points in curves]


def _mean_point(points: Sequence[CurvePoint]) -> CurvePoint:
    said = [point.precision for point in points if point.precision is not None]
    precision = mean(said) if said else None
    return CurvePoint(points[0].threshold, precision, mean(point.recall for point in points))


def plot_of(curve: Iterable[CurvePoint]) -> Plot:
    points = list(curve)
    precision = [(p.threshold, p.precision) for p in points if p.precision is not None]
    return Plot(_path(precision), _path((p.threshold, p.recall) for p in points))


def _path(points: Iterable[tuple[float, float]]) -> str:
    steps = [f"{100 * x:.4g},{100 - 100 * y:.4g}" for x, y in points]
    return "M" + "L".join(steps) if steps else ""


def _matrix(evaluation: Evaluation) -> list[tuple[LabelEvaluation, list[Confusion]]]:
    """A row for each tested label; none if there would be too many."""
    if len(evaluation.labels) > MOST_IN_MATRIX:
        return []
    rows: dict[str, list[Confusion]] = {}
    for confusion in evaluation.confusions:
        rows.setdefault(confusion.ground_truth_label, []).append(confusion)
    return [(label, rows[label.label]) for label in evaluation.tested if label.label in rows]


def worst_confusions(confusions: Iterable[Confusion]) -> list[Confusion]:
    others = (c for c in confusions if c.ground_truth_label != c.predicted_label and c.value > 0)
    return sorted(others, key=lambda confusion: -confusion.value)[:MOST_CONFUSIONS]


def _shown(mistake: Mistake, load: Load) -> Shown:
    image = load(mistake.pictured.source_ref)
    right = Counter(each.prediction.name for each in mistake.right)
    return Shown(mistake, None if image is None else _thumbnail(image), right)


def _thumbnail(image: Image) -> str:
    scale = min(1.0, THUMBNAIL_SIDE / max(image.shape[:2]))
    width, height = (max(1, round(side * scale)) for side in image.shape[1::-1])
    small = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
    quality = [cv2.IMWRITE_JPEG_QUALITY, THUMBNAIL_QUALITY]
    _, data = cv2.imencode(".jpg", cv2.cvtColor(small, cv2.COLOR_RGB2BGR), quality)
    return f"data:image/jpeg;base64,{base64.b64encode(data.tobytes()).decode()}"


def _template() -> Template:
    """Names of labels and files come from strangers: everything is escaped."""
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["percent"] = percent
    source = files("openrekog.server.analysis.evaluation") / "report.html.jinja"
    return environment.from_string(source.read_text(encoding="utf-8"))
