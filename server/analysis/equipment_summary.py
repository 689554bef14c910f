"""Who wears the equipment that is required: the `Summary` of DetectProtectiveEquipment."""

from collections.abc import Iterable, Iterator, Sequence, Set
from enum import Enum

from openrekog.api_spec.shapes import (
    ProtectiveEquipmentSummarizationAttributes,
    ProtectiveEquipmentSummary,
    ProtectiveEquipmentType,
)
from openrekog.models.calibration import LEAST_CONFIDENCE
from openrekog.server.analysis.equipment import TYPES, DressedPart, Person


class Verdict(Enum):
    WITH = "PersonsWithRequiredEquipment"
    WITHOUT = "PersonsWithoutRequiredEquipment"
    INDETERMINATE = "PersonsIndeterminate"


def summarise(
    persons: Sequence[Person], wanted: ProtectiveEquipmentSummarizationAttributes
) -> ProtectiveEquipmentSummary:
    """Every person's id stands in one of the three lists.

    Nothing is reported below a confidence of 50, so that a lower `MinConfidence` acts as 50.
    """
    least = max(wanted["MinConfidence"], LEAST_CONFIDENCE)
    types = frozenset(wanted["RequiredEquipmentTypes"])
    verdicts = [judge(person, types, least) for person in persons]
    ids = {
        verdict: [number for number, found in enumerate(verdicts) if found is verdict]
        for verdict in Verdict
    }
    return {
        "PersonsWithRequiredEquipment": ids[Verdict.WITH],
        "PersonsWithoutRequiredEquipment": ids[Verdict.WITHOUT],
        "PersonsIndeterminate": ids[Verdict.INDETERMINATE],
    }


def judge(person: Person, types: Set[ProtectiveEquipmentType], least: float) -> Verdict:
    """Indeterminate as soon as one confidence that counts is too low, or a part is not seen."""
    if person.confidence < least:
        return Verdict.INDETERMINATE
    return _worst(_type_verdict(person.parts, kind, least) for kind in types)


def _type_verdict(
    parts: Iterable[DressedPart], kind: ProtectiveEquipmentType, least: float
) -> Verdict:
    own = [part for part in parts if TYPES[part.name] == kind]
    return _worst(_part_verdicts(own, kind, least)) if own else Verdict.INDETERMINATE


def _part_verdicts(
    parts: Iterable[DressedPart], kind: ProtectiveEquipmentType, least: float
) -> Iterator[Verdict]:
    for part in parts:
        items = [item for item in part.items if item.type == kind]
        confidences = [sure for item in items for sure in (item.confidence, item.covers.confidence)]
        if min([part.confidence, *confidences]) < least:
            yield Verdict.INDETERMINATE
        elif any(item.covers.value for item in items):
            yield Verdict.WITH
        else:
            yield Verdict.WITHOUT


def _worst(verdicts: Iterable[Verdict]) -> Verdict:
    found = set(verdicts)
    order = (Verdict.INDETERMINATE, Verdict.WITHOUT, Verdict.WITH)
    return next((verdict for verdict in order if verdict in found), Verdict.WITH)
