"""What each kind of sighting says about labels: one reader a kind, all of them in READERS."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from openrekog.models.calibration import Curve
from openrekog.models.results import Box, Face
from openrekog.models.vocabulary.schemes import EXCLUSIVE, labelled_classes
from openrekog.server.analysis.sightings import Chances, Sighting


@dataclass(frozen=True, slots=True)
class Clue:
    """That a label is true of a picture; `box` holds the instance, where the clue is one."""

    name: str
    confidence: float
    box: Box | None = None


Reader = Callable[[Sighting], Iterator[Clue]]

# Chances below this say nothing, and a thousand classes have them.
LEAST_CONFIDENCE = 1.0

# The sum of the chances of a label's classes as its Confidence. On photographs of COCO, which show
# several things and are none of ImageNet's, the sum is about the share of labels that are right
# (`make accuracy`, "Labels of pictures"), except at the top: of those with 95 and more, 94 % were.
LABEL_CONFIDENCE: Mapping[str, Curve] = {
    "imagenet": Curve.through([(0, 0), (90, 88), (100, 95)]),
}

# How many persons the boxes hold, each counted by its confidence, as the Confidence of a crowd.
CROWD = Curve.through([(3, 0), (6, 50), (10, 80), (20, 99)])


def read_objects(sighting: Sighting) -> Iterator[Clue]:
    classes = labelled_classes(sighting.object_scheme)
    for found in sighting.objects:
        known = classes[found.name]
        for label in known.labels:
            yield Clue(label.name, found.confidence, found.box if known.boxed else None)


def read_classes(sighting: Sighting) -> Iterator[Clue]:
    """A label's chance is that of its classes together, where a picture has only one of them; so an
    ancestor may be sure where none of its descendants is."""
    for chances in sighting.classes:
        curve = LABEL_CONFIDENCE.get(chances.scheme)
        for name, chance in _label_chances(chances):
            if chance >= LEAST_CONFIDENCE:
                yield Clue(name, curve.scale(chance) if curve else chance)


def read_faces(sighting: Sighting) -> Iterator[Clue]:
    for face in sighting.faces:
        yield Clue("Face", face.confidence, face.box)
        smile = face.attributes.smile
        if smile is not None and smile.value:
            yield Clue("Smile", face.confidence * smile.confidence / 100)


def read_covers(sighting: Sighting) -> Iterator[Clue]:
    for face, cover in zip(sighting.faces, sighting.covers, strict=False):
        if cover.value:
            yield Clue("Mask", face.confidence * cover.confidence / 100)


@dataclass(frozen=True, slots=True)
class Kind:
    """People of a gender (or any) from one age, in years, up to another."""

    name: str
    gender: str | None
    since: float
    until: float


GROWN, OLD, END = 18, 65, 150
KINDS = (
    Kind("Baby", None, 0, 3),
    Kind("Child", None, 3, 13),
    Kind("Teen", None, 13, GROWN),
    Kind("Adult", None, GROWN, END),
    Kind("Senior Citizen", None, OLD, END),
    Kind("Female", "Female", 0, END),
    Kind("Male", "Male", 0, END),
    Kind("Girl", "Female", 3, GROWN),
    Kind("Boy", "Male", 3, GROWN),
    Kind("Woman", "Female", GROWN, END),
    Kind("Man", "Male", GROWN, END),
)


def read_people(sighting: Sighting) -> Iterator[Clue]:
    """What gender and age of a face say of the person that it belongs to, whose box it is given."""
    persons = _persons(sighting)
    for face in sighting.faces:
        box = _box_around(face, persons)
        for kind in KINDS:
            confidence = face.confidence * _chance_of(kind, face)
            if confidence >= LEAST_CONFIDENCE:
                yield Clue(kind.name, confidence, box)


def read_crowd(sighting: Sighting) -> Iterator[Clue]:
    persons = _persons(sighting)
    confidence = CROWD.scale(sum(clue.confidence for clue in persons) / 100)
    if confidence >= LEAST_CONFIDENCE:
        yield Clue("Crowd", confidence)


def read_text(sighting: Sighting) -> Iterator[Clue]:
    """Without a box: AWS's Text has no instances."""
    if sighting.text >= LEAST_CONFIDENCE:
        yield Clue("Text", sighting.text)


SAID_OF_PEOPLE = frozenset({"Face", "Smile", "Mask", "Crowd", *(kind.name for kind in KINDS)})
"""The labels that come from faces and from boxes of persons, less their ancestors."""

READERS: Sequence[Reader] = (
    read_objects,
    read_classes,
    read_faces,
    read_covers,
    read_people,
    read_crowd,
    read_text,
)


@dataclass(frozen=True, slots=True)
class _Steps:
    """Which of a scheme's classes lead to which of its labels: pairs of their numbers."""

    classes: Sequence[str]
    labels: Sequence[str]
    class_of: NDArray[np.intp]
    label_of: NDArray[np.intp]


@cache
def _steps(scheme: str) -> _Steps:
    known = labelled_classes(scheme)
    pairs = [
        (number, name)
        for number, found in enumerate(known.values())
        for name in sorted({each for label in found.labels for each in label.line})
    ]
    labels = sorted({name for _, name in pairs})
    places = {name: number for number, name in enumerate(labels)}
    return _Steps(
        tuple(known),
        labels,
        np.array([number for number, _ in pairs], np.intp),
        np.array([places[name] for _, name in pairs], np.intp),
    )


def _label_chances(chances: Chances) -> Iterator[tuple[str, float]]:
    steps = _steps(chances.scheme)
    given = np.array([chances.of.get(name, 0.0) for name in steps.classes])
    totals = np.zeros(len(steps.labels))
    gather = np.add if chances.scheme in EXCLUSIVE else np.maximum
    gather.at(totals, steps.label_of, given[steps.class_of])
    return zip(steps.labels, np.minimum(totals, 100).tolist(), strict=True)


def _persons(sighting: Sighting) -> list[Clue]:
    return [clue for clue in read_objects(sighting) if clue.name == "Person"]


def _box_around(face: Face, persons: Sequence[Clue]) -> Box | None:
    """The smallest box of a probable person that holds the middle of the face."""
    x, y = face.box.left + face.box.width / 2, face.box.top + face.box.height / 2
    boxes = [clue.box for clue in persons if clue.box is not None and clue.confidence >= 50]
    around = [
        box
        for box in boxes
        if box.left <= x <= box.left + box.width and box.top <= y <= box.top + box.height
    ]
    return min(around, key=lambda box: box.area, default=None)


def _chance_of(kind: Kind, face: Face) -> float:
    """That a person is of this kind, 0 to 1; every age of the estimated range is as likely."""
    known = face.attributes
    if known.age_low is None or known.age_high is None or known.gender is None:
        return 0.0
    years = min(known.age_high, kind.until) - max(known.age_low, kind.since)
    share = max(0.0, years) / (known.age_high - known.age_low)
    if kind.gender is None:
        return share
    sure = known.gender.confidence / 100
    return share * (sure if known.gender.value == kind.gender else 1 - sure)
