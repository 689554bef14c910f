"""Metrics of custom models that find objects: by hand, and as pycocotools counts them."""

import contextlib
import io
import random
from collections.abc import Sequence
from typing import Any

import pytest
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from openrekog.models.custom.labels import CustomLabel, TrueLabel
from openrekog.models.results import Box
from openrekog.server.analysis.evaluation.metrics import Evaluation, evaluate
from openrekog.server.analysis.matching import PredictedPicture, matches

HERE, BESIDE, FAR = Box(0.1, 0.1, 0.2, 0.2), Box(0.12, 0.1, 0.2, 0.2), Box(0.6, 0.6, 0.2, 0.2)


def found(*predictions: tuple[str, float, Box], truth: Sequence[tuple[str, Box]]) -> Evaluation:
    return evaluate(["cup", "pen"], [pictured(*predictions, truth=truth)], located=True)


def pictured(
    *predictions: tuple[str, float, Box], truth: Sequence[tuple[str, Box]]
) -> PredictedPicture:
    return PredictedPicture(
        [TrueLabel(name, box) for name, box in truth],
        [CustomLabel(name, confidence, box) for name, confidence, box in predictions],
    )


def test_a_second_box_of_one_object_is_wrong() -> None:
    picture = pictured(("cup", 60, HERE), ("cup", 90, BESIDE), truth=[("cup", HERE)])
    assert matches(picture, located=True) == [None, 0]


def test_a_box_of_another_label_or_elsewhere_is_wrong() -> None:
    picture = pictured(("pen", 90, HERE), ("cup", 80, FAR), truth=[("cup", HERE)])
    assert matches(picture, located=True) == [None, None]


def test_each_of_two_objects_side_by_side_is_found() -> None:
    truth = [("cup", HERE), ("cup", BESIDE)]
    picture = pictured(("cup", 90, BESIDE), ("cup", 80, HERE), truth=truth)
    assert matches(picture, located=True) == [1, 0]


def test_metrics_count_boxes_and_not_pictures() -> None:
    evaluation = found(
        ("cup", 90, HERE),
        ("cup", 70, Box(0.4, 0.4, 0.1, 0.1)),
        truth=[("cup", HERE), ("cup", FAR), ("pen", FAR)],
    )
    cup, pen = evaluation.labels
    assert cup.counts == (1, 0, 1)
    assert cup.threshold == pytest.approx(0.8)
    assert (cup.testing_images, pen.testing_images) == (1, 1)
    assert pen.counts == (0, 0, 1)
    assert evaluation.average_recall == pytest.approx((0.5 + 0) / 2)
    assert evaluation.confusions == ()


def test_labels_of_whole_images_are_no_objects() -> None:
    picture = PredictedPicture([TrueLabel("cup")], [CustomLabel("cup", 90, HERE)])
    assert matches(picture, located=True) == [None]


def test_the_averages_are_those_of_coco() -> None:
    """Its precision is read at 101 places of recall, ours where it changes: hence the tolerance."""
    pictures = crowd(60)
    ours = evaluate(["cup", "pen"], pictures, located=True)
    precision, recall = coco(pictures)
    assert ours.average_precision == pytest.approx(precision, abs=0.005)
    assert ours.average_recall == pytest.approx(recall, abs=1e-9)
    assert 0.3 < ours.average_precision < 0.9


def crowd(count: int) -> list[PredictedPicture]:
    """Objects that are found more or less, among boxes that are not there."""
    chance = random.Random(7)

    def anywhere() -> Box:
        return Box(chance.uniform(0, 0.7), chance.uniform(0, 0.7), 0.2, 0.2)

    pictures = []
    for _ in range(count):
        truth = [(chance.choice(["cup", "pen"]), anywhere()) for _ in range(4)]
        seen = [
            (name, chance.uniform(40, 99), moved(box, chance.uniform(0, 0.08)))
            for name, box in truth
            if chance.random() < 0.8
        ]
        false = [(name, chance.uniform(5, 80), anywhere()) for name in ("cup", "pen")]
        pictures.append(pictured(*seen, *false, truth=truth))
    return pictures


def moved(box: Box, by: float) -> Box:
    return Box(box.left + by, box.top, box.width, box.height)


def coco(pictures: Sequence[PredictedPicture]) -> tuple[float, float]:
    """Average precision and recall at an overlap of 0.5, by COCO's own program."""
    ids = {"cup": 1, "pen": 2}
    truth: list[dict[str, Any]] = []
    seen: list[dict[str, Any]] = []
    for number, picture in enumerate(pictures, 1):
        for label in picture.truth:
            common = {"image_id": number, "category_id": ids[label.name], "iscrowd": 0}
            truth.append({**common, **boxed(label.box), "id": len(truth) + 1})
        for prediction in picture.predictions:
            common = {"image_id": number, "category_id": ids[prediction.name]}
            seen.append({**common, **boxed(prediction.box), "score": prediction.confidence})
    with contextlib.redirect_stdout(io.StringIO()):
        dataset = COCO()
        dataset.dataset = {
            "info": {},
            "images": [{"id": number} for number in range(1, len(pictures) + 1)],
            "annotations": truth,
            "categories": [{"id": number, "name": name} for name, number in ids.items()],
        }
        dataset.createIndex()
        judge = COCOeval(dataset, dataset.loadRes(seen), "bbox")
        judge.evaluate()
        judge.accumulate()
        judge.summarize()
    # Of precision and recall, [0] is the overlap of 0.5, the last two all areas and most boxes.
    precision = judge.eval["precision"][0, :, :, 0, -1].mean()
    return float(precision), float(judge.eval["recall"][0, :, 0, -1].mean())


def boxed(box: Box | None) -> dict[str, Any]:
    assert box is not None
    return {
        "bbox": [box.left * 1000, box.top * 1000, box.width * 1000, box.height * 1000],
        "area": box.area * 1e6,
    }
