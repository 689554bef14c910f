"""Small valid requests, built from the service model and the example values of the overlay."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StringShape, StructureShape

from openrekog.api_spec.overlay import load_overlay
from openrekog.api_spec.service import Operation


def minimal_request(operation: Operation) -> dict[str, Any]:
    """The JSON of a request with its required members only."""
    return _structure(operation.input)


def example(shape: Shape) -> Any:
    """A JSON value that satisfies the shape's own constraints."""
    known = load_overlay().examples
    return known[shape.name] if shape.name in known else _MAKERS[shape.type_name](shape)


def _structure(shape: StructureShape) -> dict[str, Any]:
    return {name: example(shape.members[name]) for name in shape.required_members}


def _list(shape: ListShape) -> list[Any]:
    return [example(shape.member)] * max(1, shape.metadata.get("min", 0))


def _map(shape: MapShape) -> dict[str, Any]:
    return {example(shape.key): example(shape.value)}


def _string(shape: StringShape) -> str:
    return shape.enum[0] if shape.enum else "text"


def _number(shape: Shape, usual: float) -> float:
    lowest: float = shape.metadata.get("min", usual)
    highest: float = shape.metadata.get("max", usual)
    return min(max(usual, lowest), highest)


_MAKERS: Mapping[str, Any] = {
    "structure": _structure,
    "list": _list,
    "map": _map,
    "string": _string,
    "integer": partial(_number, usual=10),
    "long": partial(_number, usual=10),
    "float": partial(_number, usual=50.0),
}
