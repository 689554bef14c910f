"""Manifests of Custom Labels: a line of JSON for each image, with its labels or labelled boxes.

A line that names no image is refused; of any other, what is wrong is written into it as AWS does,
as `cl-errors` and `warnings` beside what they are about. The rules and the messages are those of
AWS's pages on non-terminal errors of JSON lines.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, TypeVar

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

MOST_CHARACTERS = 100_000
"""Of a line: the model's DatasetEntry."""

DEEPEST = 100
"""Of lists and objects in each other; what annotations need is five."""

MOST_BOXES = 50
LONGEST_LABEL = 255
"""The model's DatasetLabel; AWS's page says 256, which no filter could name."""

SMALLEST_SIDE, LARGEST_SIDE = 64, 4096
TRAINING_SIDE = 1280
"""Larger images are shrunk to this side for training; boxes must be more than a pixel then."""

# Bucket and key as the API's own S3Object has them, but no NUL, which PostgreSQL does not store.
SOURCE_REF = re.compile(r"s3://(?P<bucket>[0-9A-Za-z.\-_]{3,255})/(?P<key>[^\0]{1,1024})")

CLASSIFICATION = "groundtruth/image-classification"
DETECTION = "groundtruth/object-detection"

METADATA = "-metadata"
OURS = ("cl-metadata", "cl-errors", "warnings")
"""What is added to lines; in a line that comes back it is left out and made anew."""

MESSAGES: Mapping[str, str] = {
    "ERROR_MISSING_SOURCE_REF": "The source-ref key is missing.",
    "ERROR_INVALID_SOURCE_REF_FORMAT": "The format of the source-ref value is invalid.",
    "ERROR_INVALID_JSON_LINE": "The JSON Line has an invalid format.",
    "ERROR_NO_LABEL_ATTRIBUTES": "No label attributes found.",
    "ERROR_INVALID_LABEL_ATTRIBUTE_FORMAT": "The format of the label attribute {} is invalid.",
    "ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT": (
        "The format of the label attribute metadata is invalid."
    ),
    "ERROR_NO_VALID_LABEL_ATTRIBUTES": "No valid label attributes found.",
    "ERROR_MISSING_BOUNDING_BOX_CONFIDENCE": (
        "One or more bounding boxes has a missing confidence value."
    ),
    "ERROR_MISSING_CLASS_MAP_ID": "One of more class ids is missing from the class map.",
    "ERROR_INVALID_IMAGE": "The image is invalid. Check S3 path and/or image properties.",
    "ERROR_INVALID_IMAGE_DIMENSION": (
        "The image dimension(s) do not conform to allowed dimensions."
    ),
    "ERROR_INVALID_BOUNDING_BOX": "The bounding box has off frame values.",
    "ERROR_BOUNDING_BOX_TOO_SMALL": "The height and width of the bounding box is too small.",
    "ERROR_TOO_MANY_BOUNDING_BOXES": "There are more bounding boxes than the allowed maximum.",
    "ERROR_NO_VALID_ANNOTATIONS": "No valid annotations found.",
    "ERROR_UNSUPPORTED_USE_CASE_TYPE": (
        "The use case type of the {}-metadata label attribute metadata is unsupported. "
        "Check the type field."
    ),
    "ERROR_INVALID_LABEL_NAME_LENGTH": "The length of a label name is invalid.",
    "WARNING_UNANNOTATED_RECORD": "Record is unannotated.",
    "WARNING_NO_ANNOTATIONS": "No annotations were found.",
    "WARNING_NO_ATTRIBUTE_ANNOTATIONS": "No attribute annotations were found.",
}


class LineRefused(Exception):  # noqa: N818  # says what happened, as the store's errors do
    """A line that a dataset does not take at all; `code` is one of MESSAGES."""

    def __init__(self, code: str) -> None:
        super().__init__(MESSAGES[code])
        self.code = code


@dataclass(frozen=True, slots=True)
class LabelledBox:
    """Pixels of the image as `image_size` has it."""

    label: str
    left: float
    top: float
    width: float
    height: float


@dataclass(slots=True)
class ManifestEntry:
    """A line as far as it is good: `labels` of the whole image, and `boxes`.

    `document` is the line with what was found wrong in it. A `usable` entry can be trained with,
    though some of its annotations may be left out. `size` is the image's, where boxes tell it.
    """

    source_ref: str
    document: dict[str, Any]
    labels: list[str] = field(default_factory=list)
    boxes: list[LabelledBox] = field(default_factory=list)
    size: "ImageSize | None" = None
    faulty: bool = False
    usable: bool = True

    @property
    def boxed_by_label(self) -> dict[str, bool]:
        """Each label once, and whether a box has it."""
        return {**dict.fromkeys(self.labels, False), **{box.label: True for box in self.boxes}}

    def note(self, code: str, place: dict[str, Any] | None = None, name: str = "") -> None:
        """Writes a fault or a warning into the document, at its top if not at a `place` in it."""
        place = self.document if place is None else place
        warning = code.startswith("WARNING_")
        self.faulty = self.faulty or not warning
        notes = place.setdefault("warnings" if warning else "cl-errors", [])
        told = {"code": code, "message": MESSAGES[code].format(name)}
        if told not in notes:
            notes.append(told)


class Part(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True)


# NUL is what PostgreSQL does not store.
Name = Annotated[str, Field(pattern=r"^[^\x00]*$")]
Finite = Annotated[float, Field(allow_inf_nan=False)]


class Metadata(Part):
    human_annotated: Literal["yes", "no"] = Field(alias="human-annotated")
    creation_date: str = Field(alias="creation-date", min_length=1)
    job_name: str | None = Field(None, alias="job-name")


class LabelMetadata(Metadata):
    class_name: Name = Field(alias="class-name")
    confidence: float = Field(ge=0, le=1)


class BoxConfidence(Part):
    confidence: Annotated[float, Field(ge=0, le=1)] | None = None


class BoxMetadata(Metadata):
    objects: list[BoxConfidence]
    class_map: dict[str, Name] = Field(alias="class-map")


class ImageSize(Part):
    width: int = Field(gt=0)
    height: int = Field(gt=0)
    depth: int = Field(3, gt=0)


class Annotation(Part):
    class_id: int
    left: Finite
    top: Finite
    width: Finite
    height: Finite


class Boxes(Part):
    image_size: list[ImageSize] = Field(min_length=1, max_length=1)
    annotations: list[Annotation] = Field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A box of a line, and all that its being right depends on."""

    annotation: Annotation
    size: ImageSize
    confidence: float | None
    label: str | None


@dataclass(frozen=True, slots=True)
class Attribute:
    """A label attribute and its metadata, as they stand in a line."""

    name: str
    value: Any
    metadata: Any


def parse_line(text: bytes) -> ManifestEntry:
    """Raises LineRefused for a line that is not JSON or names no image."""
    document = read_document(text)
    source_ref = read_source_ref(document)
    entry = ManifestEntry(source_ref, document)
    attributes = list(_attributes(document))
    for attribute in attributes:
        _read(entry, attribute)
    _judge(entry, attributes)
    document["cl-metadata"] = {"is_labeled": bool(entry.labels or entry.boxes)}
    return entry


def read_document(text: bytes) -> dict[str, Any]:
    try:
        document = orjson.loads(text) if len(text.decode()) <= MOST_CHARACTERS else None
    except ValueError as error:
        raise LineRefused("ERROR_INVALID_JSON_LINE") from error
    if not isinstance(document, dict):
        raise LineRefused("ERROR_INVALID_JSON_LINE")
    return {key: _without_ours(part) for key, part in document.items() if key not in OURS}


def _without_ours(value: Any, depth: int = 1) -> Any:
    """What a client sends back as it listed it must not be reproached with its old faults."""
    if depth > DEEPEST:
        raise LineRefused("ERROR_INVALID_JSON_LINE")
    if isinstance(value, dict):
        kept = {key: part for key, part in value.items() if key not in OURS}
        return {key: _without_ours(part, depth + 1) for key, part in kept.items()}
    if isinstance(value, list):
        return [_without_ours(part, depth + 1) for part in value]
    return value


def read_source_ref(document: Mapping[str, Any]) -> str:
    found = document.get("source-ref")
    if found is None:
        raise LineRefused("ERROR_MISSING_SOURCE_REF")
    if not isinstance(found, str) or SOURCE_REF.fullmatch(found) is None:
        raise LineRefused("ERROR_INVALID_SOURCE_REF_FORMAT")
    return found


def _attributes(document: Mapping[str, Any]) -> Iterator[Attribute]:
    for name, value in document.items():
        if name != "source-ref" and name + METADATA in document:
            yield Attribute(name, value, document[name + METADATA])


def _read(entry: ManifestEntry, attribute: Attribute) -> None:
    if not isinstance(attribute.metadata, dict):
        entry.note("ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT")
        return
    kind = attribute.metadata.get("type")
    reader = READERS.get(kind) if isinstance(kind, str) else None
    if reader is None:
        entry.note("ERROR_UNSUPPORTED_USE_CASE_TYPE", attribute.metadata, attribute.name)
        return
    reader(entry, attribute)


def _judge(entry: ManifestEntry, attributes: list[Attribute]) -> None:
    """What is to be said of the line as a whole."""
    if entry.labels or entry.boxes:
        return
    entry.usable = not entry.faulty
    if attributes:
        code = "ERROR_NO_VALID_LABEL_ATTRIBUTES" if entry.faulty else "WARNING_NO_ANNOTATIONS"
    elif entry.document.keys() == {"source-ref"}:
        code = "WARNING_UNANNOTATED_RECORD"
    else:
        code, entry.usable = "ERROR_NO_LABEL_ATTRIBUTES", False
    entry.note(code)


P = TypeVar("P", bound=Part)


def _checked(
    entry: ManifestEntry, attribute: Attribute, kind: type[P], value: Any, code: str
) -> P | None:
    """The value as a `kind`, or None once the fault is noted."""
    try:
        return kind.model_validate(value)
    except ValidationError:
        entry.note(code, attribute.metadata, attribute.name)
        return None


def _read_label(entry: ManifestEntry, attribute: Attribute) -> None:
    if isinstance(attribute.value, bool) or not isinstance(attribute.value, int):
        entry.note("ERROR_INVALID_LABEL_ATTRIBUTE_FORMAT", attribute.metadata, attribute.name)
        return
    code = "ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT"
    metadata = _checked(entry, attribute, LabelMetadata, attribute.metadata, code)
    if metadata is None:
        return
    if not 0 < len(metadata.class_name) <= LONGEST_LABEL:
        entry.note("ERROR_INVALID_LABEL_NAME_LENGTH", attribute.metadata)
    elif metadata.class_name not in entry.labels:
        entry.labels.append(metadata.class_name)


def _read_boxes(entry: ManifestEntry, attribute: Attribute) -> None:
    code = "ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT"
    metadata = _checked(entry, attribute, BoxMetadata, attribute.metadata, code)
    code = "ERROR_INVALID_LABEL_ATTRIBUTE_FORMAT"
    boxes = _checked(entry, attribute, Boxes, attribute.value, code)
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


READERS: Mapping[str, Callable[[ManifestEntry, Attribute], None]] = {
    CLASSIFICATION: _read_label,
    DETECTION: _read_boxes,
}

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
