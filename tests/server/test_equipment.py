"""What is made of what the models say: models made by hand, which say foreseeable things."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest

from openrekog.models.fake import fake_models
from openrekog.models.loaded import Models
from openrekog.models.pack import packs
from openrekog.models.results import Box, DetectedObject, Image, Judgement
from openrekog.server.analysis.equipment import COVERS, MOST_PERSONS, find_persons, person_report

STRIPES: Image = np.tile(np.arange(256, dtype=np.uint8), (200, 1))[:, :, None].repeat(3, axis=2)
HELMET, MITTEN, CAT = "n03127747", "n03775071", "n02123045"


@dataclass
class Objects:
    objects: list[DetectedObject]
    scheme: str = "coco"

    def detect(self, images: Sequence[Image]) -> list[list[DetectedObject]]:
        return [self.objects for _ in images]


@dataclass
class Classes:
    """Says the same of every crop, and remembers their shapes."""

    chances: Mapping[str, float]
    shapes: list[tuple[int, ...]] = field(default_factory=list)
    scheme: str = "imagenet"

    def classify(self, images: Sequence[Image]) -> list[Mapping[str, float]]:
        self.shapes += [image.shape for image in images]
        nothing = {name: 0.0 for names in COVERS.values() for name in names}
        return [{**nothing, **self.chances} for _ in images]


@dataclass
class FaceCovers:
    judgement: Judgement[bool]

    def classify(self, image: Image, faces: Sequence[Box]) -> list[Judgement[bool]]:
        return [self.judgement for _ in faces]


def person(left: float = 0.1, width: float = 0.8, confidence: float = 99.0) -> DetectedObject:
    return DetectedObject("person", Box(left, 0.05, width, 0.9), confidence)


def models(**others: Any) -> Models:
    """The fake pack's, who see one body in full, with others in their place."""
    bare: Mapping[str, Any] = {
        "objects": Objects([person()]),
        "classes": Classes({}),
        "face_covers": FaceCovers(Judgement(False, 99.0)),
    }
    return replace(fake_models(packs()["fake"]), **{**bare, **others})


def report(**others: Any) -> dict[str, Any]:
    ((found,),) = find_persons(models(**others), [STRIPES])
    return dict(person_report(0, found))


def items(answer: Mapping[str, Any]) -> dict[str, list[Mapping[str, Any]]]:
    return {part["Name"]: part["EquipmentDetections"] for part in answer["BodyParts"]}


def test_bare_parts_are_listed_with_nothing_on_them() -> None:
    answer = report()
    assert items(answer) == {"FACE": [], "HEAD": [], "LEFT_HAND": [], "RIGHT_HAND": []}
    assert set(answer) == {"BodyParts", "BoundingBox", "Confidence", "Id"}
    assert answer["BoundingBox"] == {"Left": 0.1, "Top": 0.05, "Width": 0.8, "Height": 0.9}


def test_a_mask_is_on_the_lower_part_of_the_face() -> None:
    (mask,) = items(report(face_covers=FaceCovers(Judgement(True, 92.0))))["FACE"]
    assert mask["Type"] == "FACE_COVER"
    assert mask["Confidence"] == 92
    assert mask["CoversBodyPart"] == {"Value": True, "Confidence": pytest.approx(80)}
    # The fake face stands at (0.2, 0.1), 0.6 wide and 0.8 high.
    box = mask["BoundingBox"]
    assert (box["Left"], box["Width"]) == pytest.approx((0.2, 0.6))
    assert box["Top"] + box["Height"] == pytest.approx(0.9)


@pytest.mark.parametrize(
    ("chances", "covered"),
    [
        pytest.param({HELMET: 90.0}, {"HEAD"}, id="helmet"),
        pytest.param({HELMET: 30.0, "n03379051": 30.0}, {"HEAD"}, id="one of two helmets"),
        pytest.param({HELMET: 49.0}, set(), id="not sure enough"),
        pytest.param({MITTEN: 90.0}, {"LEFT_HAND", "RIGHT_HAND"}, id="mittens"),
        pytest.param({CAT: 90.0}, set(), id="cat"),
    ],
)
def test_covers_are_classes_of_the_classifier(
    chances: Mapping[str, float], covered: set[str]
) -> None:
    found = items(report(classes=Classes(chances)))
    assert {name for name, own in found.items() if own} == covered
    kinds = {"HEAD": "HEAD_COVER", "LEFT_HAND": "HAND_COVER", "RIGHT_HAND": "HAND_COVER"}
    for name in covered:
        (item,) = found[name]
        assert item["Type"] == kinds[name]
        assert 50 <= item["Confidence"] <= 75


def test_each_part_is_shown_to_the_classifier_once() -> None:
    classes = Classes({})
    report(classes=classes)
    assert len(classes.shapes) == 3
    assert all(min(shape[:2]) >= 1 for shape in classes.shapes)


def test_parts_of_a_few_pixels_are_not_looked_at() -> None:
    far = models(
        objects=Objects([DetectedObject("person", Box(0.93, 0.8, 0.06, 0.2), 99.0)]),
        classes=Classes({HELMET: 99.0, MITTEN: 99.0}),
        face_covers=FaceCovers(Judgement(True, 99.0)),
    )
    ((found,),) = find_persons(far, [STRIPES])
    assert [part.name for part in found.parts] == ["FACE", "HEAD", "LEFT_HAND", "RIGHT_HAND"]
    assert all(part.items == () for part in found.parts)


def test_persons_are_the_largest_fifteen_and_sure() -> None:
    crowd = [person(0.01 * number, 0.02 + 0.01 * number) for number in range(20)]
    doubtful = person(0, 1, confidence=49)
    dog = DetectedObject("dog", Box(0, 0, 1, 1), 99)
    (found,) = find_persons(models(objects=Objects([dog, doubtful, *crowd])), [STRIPES])
    assert len(found) == MOST_PERSONS
    widths = [one.box.width for one in found]
    assert widths == sorted(widths, reverse=True)
    assert widths[0] == pytest.approx(0.21)


def test_nobody_costs_no_more_than_the_detector() -> None:
    alone = models(objects=Objects([]), poses=None, faces=None, classes=None, face_covers=None)
    assert find_persons(alone, [STRIPES, STRIPES]) == [[], []]
