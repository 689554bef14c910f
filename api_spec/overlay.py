"""What Amazon's service model leaves out: documented defaults, silent caps, missing limits, error
statuses, examples, and our own group and summary of every operation, read from `overlay.json`."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import orjson


@dataclass(frozen=True, slots=True)
class ImageLimits:
    """What an image given to an operation may measure."""

    min_side_px: int
    max_side_px: int
    max_bytes: int
    max_object_bytes: int
    max_aspect: float | None = None
    """Of the longer to the shorter side."""


@dataclass(frozen=True, slots=True)
class OperationNotes:
    group: str
    summary: str
    image: ImageLimits | None


@dataclass(frozen=True, slots=True)
class ErrorNotes:
    """How an error looks on the wire; framework errors are answered before the service is asked."""

    message: str | None
    status: int = 400
    framework: bool = False
    message_key: str = "message"


@dataclass(frozen=True, slots=True)
class Overlay:
    model: Mapping[str, Any]
    """A merge patch over the service model."""
    operations: Mapping[str, OperationNotes]
    defaults: Mapping[str, Mapping[str, Any]]
    """Structure -> member -> the value, as JSON, that AWS assumes when the member is absent."""
    caps: Mapping[str, Mapping[str, int]]
    """Structure -> member -> the value that a larger one is silently lowered to."""
    errors: Mapping[str, ErrorNotes]
    examples: Mapping[str, Any]
    """Shape -> a JSON value that satisfies it."""
    deviations: tuple[str, ...]


@cache
def load_overlay() -> Overlay:
    document = orjson.loads(resources.files(__package__).joinpath("overlay.json").read_bytes())
    return Overlay(
        model=document["model"],
        operations={name: _operation(notes) for name, notes in document["operations"].items()},
        defaults=document["defaults"],
        caps=document["caps"],
        errors={code: ErrorNotes(**notes) for code, notes in document["errors"].items()},
        examples=document["examples"],
        deviations=tuple(document["deviations"]),
    )


def _operation(notes: Mapping[str, Any]) -> OperationNotes:
    image = notes.get("image")
    return OperationNotes(notes["group"], notes["summary"], ImageLimits(**image) if image else None)
