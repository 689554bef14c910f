"""Who is said to wear what is required: the truth table of the Summary."""

from typing import get_args

import pytest

from openrekog.api_spec.shapes import BodyPart, ProtectiveEquipmentType
from openrekog.models.results import Box, Judgement
from openrekog.server.analysis.equipment import TYPES, DressedPart, Item, Person
from openrekog.server.analysis.equipment_summary import summarise

BOX = Box(0.1, 0.1, 0.5, 0.8)
WITH = "PersonsWithRequiredEquipment"
WITHOUT = "PersonsWithoutRequiredEquipment"
UNSURE = "PersonsIndeterminate"


def bare(name: BodyPart, confidence: float = 99) -> DressedPart:
    return DressedPart(name, confidence, ())


def covered(
    name: BodyPart,
    part: float = 99,
    item: float = 99,
    covers: tuple[bool, float] = (True, 99),
    kind: ProtectiveEquipmentType | None = None,
) -> DressedPart:
    return DressedPart(name, part, (Item(kind or TYPES[name], BOX, item, Judgement(*covers)),))


def person(*parts: DressedPart, confidence: float = 99) -> Person:
    return Person(BOX, confidence, parts)


def verdict(someone: Person, *required: ProtectiveEquipmentType, least: float = 80) -> str:
    summary = summarise(
        [someone], {"MinConfidence": least, "RequiredEquipmentTypes": list(required)}
    )
    assert set(summary) == {WITH, WITHOUT, UNSURE}
    (found,) = [name for name, ids in summary.items() if ids == [0]]
    return found


FACE = {
    "covered": (covered("FACE"), WITH),
    "bare": (bare("FACE"), WITHOUT),
    "worn wrongly": (covered("FACE", covers=(False, 99)), WITHOUT),
    "part unsure": (covered("FACE", part=79), UNSURE),
    "bare part unsure": (bare("FACE", 79), UNSURE),
    "item unsure": (covered("FACE", item=79), UNSURE),
    "coverage unsure": (covered("FACE", covers=(True, 79)), UNSURE),
    "worn wrongly, unsure": (covered("FACE", covers=(False, 79)), UNSURE),
    "as sure as asked": (covered("FACE", part=80, item=80, covers=(True, 80)), WITH),
    "another item": (covered("FACE", kind="HEAD_COVER"), WITHOUT),
}


@pytest.mark.parametrize(("part", "expected"), FACE.values(), ids=FACE)
def test_one_type_and_one_part(part: DressedPart, expected: str) -> None:
    assert verdict(person(part), "FACE_COVER") == expected


@pytest.mark.parametrize(("part", "_expected"), FACE.values(), ids=FACE)
def test_an_unsure_person_is_indeterminate(part: DressedPart, _expected: str) -> None:
    assert verdict(person(part, confidence=79), "FACE_COVER") == UNSURE


def test_a_part_that_is_not_seen_is_indeterminate() -> None:
    assert verdict(person(covered("HEAD")), "FACE_COVER") == UNSURE
    assert verdict(person(), "HAND_COVER") == UNSURE


HANDS = {
    "both": ([covered("LEFT_HAND"), covered("RIGHT_HAND")], WITH),
    "the one that is seen": ([covered("RIGHT_HAND")], WITH),
    "only one of two": ([covered("LEFT_HAND"), bare("RIGHT_HAND")], WITHOUT),
    "none": ([bare("LEFT_HAND"), bare("RIGHT_HAND")], WITHOUT),
    "one unsure": ([covered("LEFT_HAND"), covered("RIGHT_HAND", item=60)], UNSURE),
    "one bare, one unsure": ([bare("LEFT_HAND"), covered("RIGHT_HAND", item=60)], UNSURE),
}


@pytest.mark.parametrize(("hands", "expected"), HANDS.values(), ids=HANDS)
def test_two_hands(hands: list[DressedPart], expected: str) -> None:
    assert verdict(person(*hands), "HAND_COVER") == expected


SEVERAL = {
    "all": ([covered("FACE"), covered("HEAD")], WITH),
    "one missing": ([covered("FACE"), bare("HEAD")], WITHOUT),
    "both missing": ([bare("FACE"), bare("HEAD")], WITHOUT),
    "one unsure": ([covered("FACE"), covered("HEAD", item=60)], UNSURE),
    "one missing, one unsure": ([bare("FACE"), covered("HEAD", item=60)], UNSURE),
    "what is not required does not count": (
        [covered("FACE"), covered("HEAD"), bare("LEFT_HAND", 60)],
        WITH,
    ),
}


@pytest.mark.parametrize(("parts", "expected"), SEVERAL.values(), ids=SEVERAL)
def test_several_types(parts: list[DressedPart], expected: str) -> None:
    assert verdict(person(*parts), "FACE_COVER", "HEAD_COVER") == expected


@pytest.mark.parametrize("least", [0, 49.9, 50])
def test_a_bar_below_50_acts_as_50(least: float) -> None:
    assert verdict(person(covered("FACE", item=50)), "FACE_COVER", least=least) == WITH
    assert verdict(person(covered("FACE", item=49.9)), "FACE_COVER", least=least) == UNSURE


def test_every_id_is_in_exactly_one_list() -> None:
    people = [
        person(part, confidence=sure) for part, _ in FACE.values() for sure in (40, 60, 79, 81, 99)
    ]
    summary = summarise(people, {"MinConfidence": 80, "RequiredEquipmentTypes": ["FACE_COVER"]})
    ids = [*summary[WITH], *summary[WITHOUT], *summary[UNSURE]]  # type: ignore[literal-required]
    assert sorted(ids) == list(range(len(people)))


def test_every_body_part_has_its_type() -> None:
    assert set(TYPES) == set(get_args(BodyPart))
    assert set(TYPES.values()) == set(get_args(ProtectiveEquipmentType))
