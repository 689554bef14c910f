"""What sightings say about labels, and how clues become the labels of a picture."""

import numpy as np
import pytest

from openrekog.models.fake import FAKE_PACK, fake_models
from openrekog.models.pack import packs
from openrekog.models.results import (
    Box,
    DetectedObject,
    Face,
    FaceAttributes,
    Judgement,
    Pose,
    Quality,
)
from openrekog.server.analysis.clues import READERS, Clue
from openrekog.server.analysis.labels import FoundLabel, find_labels, merge
from openrekog.server.analysis.sightings import Chances, Sighting

LEFT, RIGHT = Box(0, 0, 0.4, 1), Box(0.6, 0, 0.4, 1)


def sighting(
    objects: list[DetectedObject] | None = None,
    faces: list[Face] | None = None,
    **chances: dict[str, float],
) -> Sighting:
    classes = [Chances(scheme, of) for scheme, of in chances.items()]
    return Sighting("coco", objects or [], classes, faces or [])


def labels(seen: Sighting) -> dict[str, FoundLabel]:
    found = merge(clue for reader in READERS for clue in reader(seen))
    return {each.label.name: each for each in found}


def confidences(seen: Sighting) -> dict[str, float]:
    return {name: each.confidence for name, each in labels(seen).items()}


def person(box: Box = LEFT, confidence: float = 90) -> DetectedObject:
    return DetectedObject("person", box, confidence)


def face(
    gender: str = "Female", sure: float = 90, ages: tuple[int, int] = (30, 40), left: float = 0.15
) -> Face:
    return Face(
        box=Box(left, 0.1, 0.1, 0.1),
        confidence=100,
        landmarks=np.zeros((68, 2), np.float32),
        pose=Pose(0, 0, 0),
        quality=Quality(50, 50),
        attributes=FaceAttributes(
            age_low=ages[0],
            age_high=ages[1],
            gender=Judgement(gender, sure),
            smile=Judgement(False, 80),
        ),
    )


def test_a_label_is_as_sure_as_its_surest_clue_and_ancestors_follow() -> None:
    found = merge([Clue("Dog", 60, LEFT), Clue("Dog", 80, RIGHT), Clue("Cat", 70)])
    assert [(each.label.name, each.confidence) for each in found] == [
        ("Animal", 80),
        ("Canine", 80),
        ("Dog", 80),
        ("Mammal", 80),
        ("Pet", 80),
        ("Cat", 70),
    ]
    dog = found[2]
    assert [(one.box, one.confidence) for one in dog.instances] == [(RIGHT, 80), (LEFT, 60)]
    assert not any(each.instances for each in found if each is not dog)


def test_objects_are_instances_and_skis_are_only_a_sport() -> None:
    found = labels(sighting([person(), DetectedObject("skis", RIGHT, 70)]))
    assert [one.box for one in found["Person"].instances] == [LEFT]
    assert found["Skiing"].confidence == found["Snow"].confidence == 70
    assert found["Skiing"].instances == ()


def test_chances_of_breeds_add_up_to_a_dog() -> None:
    # A beagle and a bluetick are hounds, a pug is not.
    found = confidences(sighting(imagenet={"n02088364": 30, "n02088632": 20, "n02110958": 10}))
    assert found["Beagle"] < found["Hound"] < found["Dog"] == found["Mammal"]
    assert found["Dog"] == pytest.approx(60, abs=2)
    assert found["Pug"] == pytest.approx(10, abs=1)


def test_independent_classes_do_not_add_up() -> None:
    found = confidences(sighting(rekognition={"Beagle": 60, "Pug": 70}))
    assert (found["Beagle"], found["Dog"]) == (60, 70)


def test_several_classifiers_are_heard() -> None:
    found = confidences(sighting(imagenet={"n02110958": 90}, rekognition={"Wedding": 66}))
    assert {"Pug", "Wedding"} <= set(found)


def test_chances_of_next_to_nothing_are_not_spoken_of() -> None:
    assert confidences(sighting(imagenet={"n02110958": 0.4})) == {}


def test_a_woman_has_the_box_of_the_person_around_her_face() -> None:
    found = labels(sighting([person(LEFT), person(RIGHT)], [face()]))
    assert [one.box for one in found["Woman"].instances] == [LEFT]
    assert found["Woman"].confidence == pytest.approx(90)
    assert found["Man"].confidence == pytest.approx(10)
    assert found["Adult"].confidence == 100
    assert "Girl" not in found
    assert [one.box for one in found["Face"].instances] == [Box(0.15, 0.1, 0.1, 0.1)]


def test_a_face_without_a_person_around_it_has_no_box() -> None:
    found = labels(sighting([person(RIGHT)], [face()]))
    assert found["Woman"].instances == ()
    unsure = labels(sighting([person(LEFT, 40)], [face()]))
    assert unsure["Woman"].instances == ()


AGES = [
    ((0, 2), "Male", {"Baby": 100, "Male": 90}, {"Boy", "Child", "Adult", "Man"}),
    ((5, 10), "Male", {"Child": 100, "Boy": 90}, {"Baby", "Adult", "Man", "Teen"}),
    ((14, 17), "Female", {"Teen": 100, "Girl": 90}, {"Child", "Adult", "Woman"}),
    ((16, 20), "Female", {"Adult": 50, "Teen": 50, "Woman": 45, "Girl": 45}, {"Child"}),
    ((70, 80), "Male", {"Senior Citizen": 100, "Man": 90, "Adult": 100}, {"Boy", "Teen"}),
]


@pytest.mark.parametrize(("ages", "gender", "expected", "absent"), AGES)
def test_ages_and_genders(
    ages: tuple[int, int], gender: str, expected: dict[str, float], absent: set[str]
) -> None:
    found = confidences(sighting(faces=[face(gender, ages=ages)]))
    assert {name: found[name] for name in expected} == pytest.approx(expected)
    assert not absent & {name for name, confidence in found.items() if confidence >= 1}


def test_a_covered_face_is_a_mask() -> None:
    faces = [face(), face(left=0.7), face(left=0.5)]
    covers = [Judgement(False, 95.0), Judgement(True, 80.0)]
    found = confidences(Sighting("coco", [], [], faces, covers))
    assert found["Mask"] == 80
    assert "Mask" not in confidences(Sighting("coco", [], [], faces, covers[:1]))


def test_persons_make_a_crowd() -> None:
    few, some, many = (
        confidences(sighting([person(confidence=90)] * number)).get("Crowd", 0)
        for number in (2, 8, 30)
    )
    assert few == 0
    assert 50 < some < 90
    assert many > 95


def test_a_batch_is_named_like_its_pictures_one_by_one() -> None:
    models = fake_models(packs()[FAKE_PACK])
    pictures = [
        np.random.default_rng(number).integers(0, 256, (90, 120, 3), np.uint8)
        for number in range(3)
    ]
    pictures.append(np.full((90, 120, 3), 127, np.uint8))
    together = find_labels(models, pictures)
    assert together == [find_labels(models, [picture])[0] for picture in pictures]
    assert together[0]
    # Every class is as likely as another there, and many are animals.
    assert max(each.confidence for each in together[-1]) < 50
    assert find_labels(models, []) == []


def test_text_is_a_label_without_instances() -> None:
    found = labels(Sighting("coco", [], [], [], text=85))
    assert {name: each.confidence for name, each in found.items()} == {"Text": 85}
    assert not found["Text"].instances
    assert labels(Sighting("coco", [], [], [])) == {}
