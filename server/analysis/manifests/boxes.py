"""Reads labelled boxes, and leaves out those that AWS would."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from openrekog.server.analysis.manifests.annotations import (
    LONGEST_LABEL,
    Annotation,
    Boxes,
    BoxMetadata,
    ImageSize,
)
from openrekog.server.analysis.manifests.entries import (
    Attribute,
    LabelledBox,
    ManifestEntry,
    checked,
)

MOST_BOXES = 50

SMALLEST_SIDE, LARGEST_SIDE = 64, 4096

TRAINING_SIDE = 1280
"""Larger images are shrunk to this side for training; boxes must be more than a pixel then."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A box of a line, and all that its being right depends on."""

    annotation: Annotation
    size: ImageSize
    confidence: float | None
    label: str | None


def read_boxes(entry: ManifestEntry, attribute: Attribute) -> None:
    code = "ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT"
    metadata = checked(entry, attribute, BoxMetadata, attribute.metadata, code)
    code = "ERROR_INVALID_LABEL_ATTRIBUTE_FORMAT"
    boxes = checked(entry, attribute, Boxes, attribute.value, code)
    if metadata is None or boxes is None:
        return
    for code, found in WHOLE:
        if found(boxes):
            entry.note(code, attribute.value)
            return
    good = list(_good_boxes(entry, attribute, boxes, metadata))
    if not good:
        entry.note("ERROR_NO_VALID_ANNOTATIONS", attribute.value)
    entry.boxes.extend(good)
    if good:
        entry.size = entry.size or boxes.image_size[0]


def _good_boxes(
    entry: ManifestEntry, attribute: Attribute, boxes: Boxes, metadata: BoxMetadata
) -> Iterator[LabelledBox]:
    for index, annotation in enumerate(boxes.annotations):
        told = metadata.objects[index].confidence if index < len(metadata.objects) else None
        label = metadata.class_map.get(str(annotation.class_id))
        candidate = Candidate(annotation, boxes.image_size[0], told, label)
        places = {"metadata": attribute.metadata, "box": attribute.value["annotations"][index]}
        faults = [(code, place) for code, place, found in FAULTS if found(candidate)]
        for code, place in faults:
            entry.note(code, places[place])
        if not faults and label is not None:
            box = annotation.model_dump(exclude={"class_id"})
            yield LabelledBox(label, **box)


def _off_frame(box: Candidate) -> bool:
    at, size = box.annotation, box.size
    return (
        min(at.left, at.top, at.width, at.height) < 0
        or at.left + at.width > size.width
        or at.top + at.height > size.height
    )


def _too_small(box: Candidate) -> bool:
    scale = min(1.0, TRAINING_SIDE / max(box.size.width, box.size.height))
    return min(box.annotation.width, box.annotation.height) * scale <= 1


def _wrong_size(boxes: Boxes) -> bool:
    [size] = boxes.image_size
    return min(size.width, size.height) < SMALLEST_SIDE or (
        max(size.width, size.height) > LARGEST_SIDE
    )


WHOLE: tuple[tuple[str, Callable[[Boxes], bool]], ...] = (
    ("WARNING_NO_ATTRIBUTE_ANNOTATIONS", lambda boxes: not boxes.annotations),
    ("ERROR_INVALID_IMAGE_DIMENSION", _wrong_size),
    ("ERROR_TOO_MANY_BOUNDING_BOXES", lambda boxes: len(boxes.annotations) > MOST_BOXES),
)
"""What leaves no box of an attribute."""

FAULTS: tuple[tuple[str, str, Callable[[Candidate], bool]], ...] = (
    ("ERROR_MISSING_BOUNDING_BOX_CONFIDENCE", "metadata", lambda box: box.confidence is None),
    ("ERROR_MISSING_CLASS_MAP_ID", "metadata", lambda box: box.label is None),
    (
        "ERROR_INVALID_LABEL_NAME_LENGTH",
        "metadata",
        lambda box: box.label is not None and not 0 < len(box.label) <= LONGEST_LABEL,
    ),
    ("ERROR_INVALID_BOUNDING_BOX", "box", _off_frame),
    ("ERROR_BOUNDING_BOX_TOO_SMALL", "box", _too_small),
)
"""What leaves one box out, and where it is noted."""
