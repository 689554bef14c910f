"""What protective equipment the persons in pictures wear, and that in the API's words."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from openrekog.api_spec.shapes import (
    BodyPart,
    EquipmentDetection,
    ProtectiveEquipmentBodyPart,
    ProtectiveEquipmentPerson,
    ProtectiveEquipmentType,
)
from openrekog.models.calibration import FACE_COVERED, LEAST_CONFIDENCE, SEEN_COVER
from openrekog.models.geometry import box_pixels
from openrekog.models.loaded import Models
from openrekog.models.results import Box, DetectedObject, Image, Judgement
from openrekog.server.analysis.body_parts import Part, assign_faces, find_parts
from openrekog.server.analysis.faces import bounding_box

MOST_PERSONS = 15

# ImageNet's classes of what protects heads and hands, by WordNet id: all that the classifier knows
# of equipment. It has never been shown a hard hat or a rubber glove. Its hats for show are left
# out: it takes dark hair for bearskins, and straight edges for mortarboards.
COVERS: Mapping[ProtectiveEquipmentType, Mapping[str, str]] = {
    "HEAD_COVER": {
        "n02807133": "bathing cap",
        "n03127747": "crash helmet",
        "n03379051": "football helmet",
        "n04209133": "shower cap",
    },
    "HAND_COVER": {"n03775071": "mitten"},
}

# Body parts smaller than this, in pixels, are not looked at: of faces below 16 pixels on COCO's
# photographs one in seven was taken for masked, of those from 24 on one in forty.
LEAST_SIDE = 24

TYPES: Mapping[BodyPart, ProtectiveEquipmentType] = {
    "FACE": "FACE_COVER",
    "HEAD": "HEAD_COVER",
    "LEFT_HAND": "HAND_COVER",
    "RIGHT_HAND": "HAND_COVER",
}

# Which rows of a part's box its cover takes, from the upper edge: a mask the lower part of a face,
# a hat the upper part of the square around a head.
ROWS: Mapping[ProtectiveEquipmentType, tuple[float, float]] = {
    "FACE_COVER": (0.45, 1.0),
    "HEAD_COVER": (0.05, 0.55),
    "HAND_COVER": (0.0, 1.0),
}


@dataclass(frozen=True, slots=True)
class Item:
    """A piece of equipment, and whether it covers the body part as it should."""

    type: ProtectiveEquipmentType
    box: Box
    confidence: float
    covers: Judgement[bool]


@dataclass(frozen=True, slots=True)
class DressedPart:
    name: BodyPart
    confidence: float
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Person:
    """A person's own left and right hand, whichever side of the picture they are on."""

    box: Box
    confidence: float
    parts: tuple[DressedPart, ...]


def find_persons(models: Models, images: Sequence[Image]) -> list[list[Person]]:
    """The persons of each image, the largest first, at most 15; a person's place is its id."""
    return [
        _dressed(models, image, _persons(objects))
        for image, objects in zip(images, models.objects.detect(images), strict=True)
    ]


def _persons(objects: Sequence[DetectedObject]) -> list[DetectedObject]:
    sure = [one for one in objects if one.name == "person" and one.confidence >= LEAST_CONFIDENCE]
    return sorted(sure, key=lambda one: -one.box.area)[:MOST_PERSONS]


def _dressed(models: Models, image: Image, found: Sequence[DetectedObject]) -> list[Person]:
    if not found:
        return []
    bodies = models.poses.estimate(image, [person.box for person in found])
    faces = assign_faces(bodies, models.faces.find(image), image)
    parts = [tuple(find_parts(body, face, image)) for body, face in zip(bodies, faces, strict=True)]
    items = _items(models, image, [part for own in parts for part in own])
    return [
        Person(
            person.box,
            person.confidence,
            tuple(DressedPart(part.name, part.confidence, next(items)) for part in own),
        )
        for person, own in zip(found, parts, strict=True)
    ]


def _items(models: Models, image: Image, parts: Sequence[Part]) -> Iterator[tuple[Item, ...]]:
    """What is on each of the parts, in their order."""
    clear = [part for part in parts if min(box_pixels(part.box, image)[2:]) >= LEAST_SIDE]
    faces = [part for part in clear if part.name == "FACE"]
    others = [part for part in clear if part.name != "FACE"]
    masks = models.face_covers.classify(image, [part.box for part in faces])
    chances = models.classes.classify([_crop(image, part.box) for part in others])
    found = {face: _mask(face, mask) for face, mask in zip(faces, masks, strict=True)}
    found |= {part: _cover(part, own) for part, own in zip(others, chances, strict=True)}
    for part in parts:
        item = found.get(part)
        yield () if item is None else (item,)


def _mask(face: Part, judgement: Judgement[bool]) -> Item | None:
    if not judgement.value:
        return None
    covers = Judgement(True, FACE_COVERED.scale(judgement.confidence))
    return Item("FACE_COVER", _rows(face.box, "FACE_COVER"), judgement.confidence, covers)


def _cover(part: Part, chances: Mapping[str, float]) -> Item | None:
    kind = TYPES[part.name]
    sure = SEEN_COVER.scale(sum(chances[name] for name in COVERS[kind]))
    if sure < LEAST_CONFIDENCE:
        return None
    return Item(kind, _rows(part.box, kind), sure, Judgement(True, sure))


def _rows(box: Box, kind: ProtectiveEquipmentType) -> Box:
    first, last = ROWS[kind]
    return Box(box.left, box.top + first * box.height, box.width, (last - first) * box.height)


def _crop(image: Image, box: Box) -> Image:
    """The part of a box that is in the picture, at least one pixel of it."""
    rows, columns = image.shape[:2]
    left, right = _span(box.left, box.width, columns)
    top, bottom = _span(box.top, box.height, rows)
    return image[top:bottom, left:right]


def _span(start: float, length: float, pixels: int) -> tuple[int, int]:
    first = int(np.clip(np.floor(start * pixels), 0, pixels - 1))
    last = int(np.clip(np.ceil((start + length) * pixels), first + 1, pixels))
    return first, last


def person_report(number: int, person: Person) -> ProtectiveEquipmentPerson:
    return {
        "BodyParts": [_part_report(part) for part in person.parts],
        "BoundingBox": bounding_box(person.box),
        "Confidence": person.confidence,
        "Id": number,
    }


def _part_report(part: DressedPart) -> ProtectiveEquipmentBodyPart:
    return {
        "Name": part.name,
        "Confidence": part.confidence,
        "EquipmentDetections": [_item_report(item) for item in part.items],
    }


def _item_report(item: Item) -> EquipmentDetection:
    return {
        "BoundingBox": bounding_box(item.box),
        "Confidence": item.confidence,
        "Type": item.type,
        "CoversBodyPart": {"Confidence": item.covers.confidence, "Value": item.covers.value},
    }
