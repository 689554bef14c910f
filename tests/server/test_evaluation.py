"""Metrics of custom models, against numbers that were counted by hand."""

from collections.abc import Sequence

import pytest

from openrekog.models.custom.labels import CustomLabel, TrueLabel
from openrekog.models.results import Box
from openrekog.server.analysis.evaluation.metrics import (
    Evaluation,
    LabelEvaluation,
    evaluate,
    judge,
)
from openrekog.server.analysis.matching import PredictedPicture, overlap

APPROX = 1e-12


def picture(truth: str, **confidences: float) -> PredictedPicture:
    """Labels of a whole image: those that are true, with blanks between, and what is said."""
    true = tuple(TrueLabel(name) for name in truth.split())
    return PredictedPicture(true, [CustomLabel(name, c) for name, c in confidences.items()])


def evaluated(*pictures: PredictedPicture, labels: Sequence[str] = ("cat", "dog")) -> Evaluation:
    return evaluate(labels, pictures, located=False)


def of(evaluation: Evaluation, label: str = "cat") -> LabelEvaluation:
    return next(each for each in evaluation.labels if each.label == label)


def threshold(right: Sequence[float], wrong: Sequence[float] = ()) -> float:
    pictures = [picture("cat", cat=c) for c in right] + [picture("dog", cat=c) for c in wrong]
    return of(evaluated(*pictures)).threshold


@pytest.mark.parametrize(
    ("right", "wrong", "expected"),
    [
        pytest.param([90, 80], [30, 10], 0.55, id="all right: the middle of the gap"),
        pytest.param([90, 60], [70, 10], 0.35, id="one wrong above one right"),
        pytest.param([90], [95], 0.45, id="only right with a false alarm"),
        pytest.param([80, 80], [80, 20], 0.5, id="equal scores cannot be parted"),
        pytest.param([60], [], 0.3, id="nothing wrong at all"),
        pytest.param([100, 100], [0, 0], 0.5, id="certain of everything"),
        pytest.param([90, 40], [60, 50, 35], 0.75, id="two as good: the wider gap above"),
        pytest.param([90, 40], [80, 70, 10], 0.25, id="two as good: the wider gap below"),
        pytest.param([], [90], 0.5, id="no picture has the label"),
        pytest.param([0], [50], 0.5, id="found at no threshold"),
    ],
)
def test_the_assumed_threshold(
    right: Sequence[float], wrong: Sequence[float], expected: float
) -> None:
    assert threshold(right, wrong) == pytest.approx(expected, abs=APPROX)


def test_neighbouring_scores_are_parted() -> None:
    upper = 50.0
    lower = 49.99999999999999
    found = of(evaluated(picture("cat", cat=upper), picture("dog", cat=lower)))
    assert found.counts == (1, 0, 0)


def test_metrics_are_counted_at_the_threshold_of_each_label() -> None:
    found = evaluated(
        picture("cat", cat=90, dog=5),
        picture("cat", cat=80, dog=70),
        picture("cat", cat=20, dog=30),
        picture("dog", cat=60, dog=65),
        picture("dog", cat=10, dog=95),
    )
    cat, dog = of(found, "cat"), of(found, "dog")
    # Above 70: two of three cats, no false alarm (F1 0.8); above 15 all three with one (F1 6/7).
    assert (cat.counts, cat.threshold) == ((3, 1, 0), pytest.approx(0.15))
    # Above 47.5: both dogs and the cat of 70; above 82.5 one dog of two (F1 2/3); so the first.
    assert (dog.counts, dog.threshold) == ((2, 1, 0), pytest.approx(0.475))
    assert (cat.metrics.precision, cat.metrics.recall) == (0.75, 1)
    assert cat.metrics.f1_score == pytest.approx(6 / 7)
    assert (cat.testing_images, dog.testing_images, found.testing_images) == (3, 2, 5)
    assert found.metrics.f1_score == pytest.approx((6 / 7 + 4 / 5) / 2)
    assert found.metrics.precision == pytest.approx((3 / 4 + 2 / 3) / 2)


def test_labels_that_no_test_picture_has_are_left_out_of_the_mean() -> None:
    found = evaluated(picture("cat", cat=90, dog=10), picture("cat", cat=80, dog=20))
    assert of(found, "dog").testing_images == 0
    assert of(found, "dog").metrics.f1_score == 0
    assert found.metrics.f1_score == 1


def test_no_test_pictures_and_no_predictions() -> None:
    assert evaluated().metrics.f1_score == 0
    silent = evaluated(picture("cat"), picture("dog"))
    assert [label.counts for label in silent.labels] == [(0, 0, 1), (0, 0, 1)]
    assert silent.metrics.recall == 0


def test_labels_that_the_model_does_not_know_do_not_count() -> None:
    found = evaluated(picture("cat bird", cat=90, bird=80, dog=1))
    assert [label.label for label in found.labels] == ["cat", "dog"]
    assert judge(picture("bird", bird=80), found.thresholds, located=False) == []


def test_the_confusion_of_labels() -> None:
    found = evaluated(
        *[picture("cat", cat=90, dog=10)] * 3,
        picture("cat", cat=90, dog=80),
        *[picture("dog", cat=5, dog=80)] * 2,
        picture("cat dog", cat=90, dog=80),
    )
    matrix = {(c.ground_truth_label, c.predicted_label): c.value for c in found.confusions}
    # The last picture is both, and so no cat that is taken for a dog.
    assert matrix == {
        ("cat", "cat"): 1.0,
        ("cat", "dog"): pytest.approx(1 / 5),
        ("dog", "cat"): 0.0,
        ("dog", "dog"): 1.0,
    }


def test_what_is_said_of_each_prediction() -> None:
    said = picture("cat", cat=10, dog=90)
    judged = judge(said, {"cat": 0.5, "dog": 0.5}, located=False)
    assert [(each.present, each.above) for each in judged] == [(True, False), (False, True)]


def test_the_curve_tells_what_other_thresholds_would_give() -> None:
    found = of(evaluated(picture("cat", cat=90), picture("cat", cat=40), picture("dog", cat=60)))
    at = {point.threshold: (point.precision, point.recall) for point in found.curve}
    assert at[0.0] == (pytest.approx(2 / 3), 1.0)
    assert at[0.5] == (0.5, 0.5)
    assert at[0.7] == (1.0, 0.5)
    assert at[0.95] == (None, 0.0)
    assert len(found.curve) == 101


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        (Box(0.1, 0.1, 0.4, 0.4), 1.0),
        (Box(0.3, 0.1, 0.4, 0.4), 1 / 3),
        (Box(0.6, 0.6, 0.1, 0.1), 0.0),
        (Box(0.2, 0.2, 0.2, 0.2), 0.25),
    ],
)
def test_the_overlap_of_boxes(other: Box, expected: float) -> None:
    assert overlap(Box(0.1, 0.1, 0.4, 0.4), other) == pytest.approx(expected)
