"""What Amazon's service model leaves out: documented defaults, silent caps, missing limits, error
statuses, examples, and our own group and summary of every operation, read from `overlay.json`; and
operations of our own, read from `extensions.json`."""

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
class Runs:
    """The members of a request that name another operation, which the call has done, and hold its
    request."""

    operation: str
    request: str


@dataclass(frozen=True, slots=True)
class OperationNotes:
    group: str
    summary: str
    image: ImageLimits | None
    runs: Runs | None


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
    extension_model: Mapping[str, Any]
    """Operations and shapes of our own, as the service model has them."""
    extensions: Mapping[str, OperationNotes]
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
    document, ours = _document("overlay.json"), _document("extensions.json")
    return Overlay(
        model=document["model"],
        operations={name: _operation(notes) for name, notes in document["operations"].items()},
        extension_model={
            "operations": {name: _modelled(name, one) for name, one in ours["operations"].items()},
            "shapes": ours["shapes"],
        },
        extensions={name: _operation(notes) for name, notes in ours["operations"].items()},
        defaults={**document["defaults"], **ours["defaults"]},
        caps=document["caps"],
        errors={code: ErrorNotes(**notes) for code, notes in document["errors"].items()},
        examples=document["examples"],
        deviations=tuple(document["deviations"]),
    )


def _document(name: str) -> Any:
    return orjson.loads(resources.files(__package__).joinpath(name).read_bytes())


def _operation(notes: Mapping[str, Any]) -> OperationNotes:
    image, runs = notes.get("image"), notes.get("runs")
    return OperationNotes(
        notes["group"],
        notes["summary"],
        ImageLimits(**image) if image else None,
        Runs(**runs) if runs else None,
    )


def _modelled(name: str, extension: Mapping[str, Any]) -> Mapping[str, Any]:
    """An operation as the service model has it."""
    return {
        "name": name,
        "http": {"method": "POST", "requestUri": "/"},
        "input": {"shape": extension["input"]},
        "output": {"shape": extension["output"]},
        "errors": [{"shape": code} for code in extension["errors"]],
    }
