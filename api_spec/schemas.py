"""The shapes of the service model as JSON Schema."""

from collections.abc import Iterable, Mapping
from typing import Any, cast

from botocore.model import ListShape, MapShape, Shape, StringShape, StructureShape

from openrekog.api_spec.constraints import compiled
from openrekog.api_spec.overlay import load_overlay
from openrekog.api_spec.scalars import LARGEST_FLOAT

Json = dict[str, Any]

_BYTES = "The bytes of a JPEG or PNG file in base64, up to 5 MiB before encoding."


def named_schemas(asked: Iterable[Shape], answered: Iterable[Shape]) -> dict[str, Json]:
    """Structures and enums of requests and of answers get a schema of their own; the rest is told
    where it is used."""
    of_answers = {shape.name: _answered(_schema(shape)) for shape in answered if _is_named(shape)}
    of_requests = {shape.name: _schema(shape) for shape in asked if _is_named(shape)}
    return dict(sorted({**of_answers, **of_requests}.items()))


def _answered(schema: Json) -> Json:
    """What only answers hold: they share lists with requests, but may leave them empty."""
    if "properties" not in schema:
        return schema
    return schema | {
        "properties": {
            name: {rule: value for rule, value in member.items() if rule != "minItems"}
            for name, member in schema["properties"].items()
        }
    }


def _is_named(shape: Shape) -> bool:
    return isinstance(shape, StructureShape) or bool(shape.metadata.get("enum"))


def reference(shape: Shape) -> Json:
    return {"$ref": f"#/components/schemas/{shape.name}"}


def _schema(shape: Shape) -> Json:
    match shape:
        case StructureShape():
            return _structure(shape)
        case ListShape():
            items = _member(shape.member)
            return {"type": "array", "items": items, **_limits(shape, "Items")}
        case MapShape():
            return {
                "type": "object",
                "propertyNames": _schema(shape.key),
                "additionalProperties": _schema(shape.value),
                **_limits(shape, "Properties"),
            }
        case _:
            return {**_scalar(shape), **_examples(shape)}


def _structure(shape: StructureShape) -> Json:
    defaults = load_overlay().defaults.get(shape.name, {})
    schema: Json = {
        "type": "object",
        "properties": {
            name: _property(_member(member), name, defaults)
            for name, member in shape.members.items()
        },
        **_examples(shape),
    }
    if shape.required_members:
        schema["required"] = list(shape.required_members)
    return schema


def _property(schema: Json, name: str, defaults: Mapping[str, Any]) -> Json:
    return {**schema, "default": defaults[name]} if name in defaults else schema


def _member(shape: Shape) -> Json:
    return reference(shape) if _is_named(shape) else _schema(shape)


def _examples(shape: Shape) -> Json:
    known = load_overlay().examples
    return {"examples": [known[shape.name]]} if shape.name in known else {}


def _limits(shape: Shape, what: str) -> Json:
    return {
        f"{bound}{what}": shape.metadata[bound]
        for bound in ("min", "max")
        if bound in shape.metadata
    }


def _scalar(shape: Shape) -> Json:
    match shape.type_name:
        case "string":
            return _string(cast(StringShape, shape))
        case "blob":
            return _blob(shape)
        case "float":
            return {"type": "number", "format": "float", **_number(shape, _FLOAT, 0.5)}
        case "integer":
            return {"type": "integer", "format": "int32", **_number(shape, _width(32), 1)}
        case "long":
            return {"type": "integer", "format": "int64", **_number(shape, _width(64), 1)}
        case "timestamp":
            return {"type": "number", "description": "Seconds since 1970, with their fraction."}
        case _:
            return {"type": "boolean"}


def _string(shape: StringShape) -> Json:
    schema: Json = {"type": "string", **_limits(shape, "Length")}
    if shape.enum:
        schema["enum"] = list(shape.enum)
    if pattern := shape.metadata.get("pattern"):
        schema |= _pattern(pattern)
    return schema


def _pattern(pattern: str) -> Json:
    # The model's patterns describe the whole text, those of JSON Schema any part of it. Unicode
    # categories are beyond many readers of JSON Schema, so they are told in words as well.
    schema: Json = {"pattern": f"^(?:{compiled(pattern).pattern})$"}
    return schema | {"description": f"Must match `{pattern}`."} if "\\p{" in pattern else schema


def _blob(shape: Shape) -> Json:
    schema: Json = {"type": "string", "format": "byte", "contentEncoding": "base64"}
    for bound in ("min", "max"):
        if bound in shape.metadata:
            schema[f"{bound}Length"] = -(-shape.metadata[bound] // 3) * 4
    if shape.name == "ImageBlob":
        schema["description"] = _BYTES
    return schema


def _range(shape: Shape) -> Json:
    names = {"min": "minimum", "max": "maximum"}
    return {name: shape.metadata[bound] for bound, name in names.items() if bound in shape.metadata}


def _number(shape: Shape, widest: Json, example: float) -> Json:
    """The shape's own limits within those of its type. Without any, an example keeps docs pages
    from showing the least number of the type as what an answer looks like."""
    own = _range(shape)
    return {**widest, **own} if own else {**widest, "examples": [example]}


_FLOAT: Json = {"minimum": -LARGEST_FLOAT, "maximum": LARGEST_FLOAT}


def _width(bits: int) -> Json:
    return {"minimum": -(1 << bits - 1), "maximum": (1 << bits - 1) - 1}
