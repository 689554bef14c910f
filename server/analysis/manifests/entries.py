"""What a line says of its image, with what is wrong in it."""

from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import ValidationError

from openrekog.server.analysis.manifests.annotations import ImageSize, Part
from openrekog.server.analysis.manifests.messages import MESSAGES


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


@dataclass(frozen=True, slots=True)
class Attribute:
    """A label attribute and its metadata, as they stand in a line."""

    name: str
    value: Any
    metadata: Any


P = TypeVar("P", bound=Part)


def checked(
    entry: ManifestEntry, attribute: Attribute, kind: type[P], value: Any, code: str
) -> P | None:
    """The value as a `kind`, or None once the fault is noted."""
    try:
        return kind.model_validate(value)
    except ValidationError:
        entry.note(code, attribute.metadata, attribute.name)
        return None
