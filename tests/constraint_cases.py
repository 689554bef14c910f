"""Requests that break one constraint each, for every constraint of the service model.

They are made from the model alone, without the code that checks them, and as JSON, so that they
can be given to the codec as well as to a running server."""

import base64
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple, cast

from botocore.model import ListShape, MapShape, Shape, StringShape, StructureShape

from openrekog.api_spec.examples import example, minimal_request
from openrekog.api_spec.service import Operation, load_service

__all__ = ["ConstraintCase", "all_constraint_cases", "constraint_cases", "minimal_request"]

# A snowman and a line break: no pattern of the model allows both.
OFFENDING = "☃\n"


class ConstraintCase(NamedTuple):
    operation: str
    payload: dict[str, Any]
    code: str
    message: str
    """A part of the message that must be there."""


class Breach(NamedTuple):
    value: Any
    code: str
    message: str


Put = Callable[[Any], dict[str, Any]]
"""Builds the request that holds a value at a certain place."""


def all_constraint_cases() -> Iterator[ConstraintCase]:
    for operation in load_service().operations.values():
        yield from constraint_cases(operation)


def constraint_cases(operation: Operation) -> Iterator[ConstraintCase]:
    for payload, breach in _within(operation.input, "", _itself, minimal_request(operation)):
        yield ConstraintCase(operation.name, payload, breach.code, breach.message)


def _itself(request: dict[str, Any]) -> dict[str, Any]:
    return request


Found = Iterator[tuple[dict[str, Any], Breach]]


def _within(shape: Shape, path: str, put: Put, valid: Any) -> Found:
    """Every breach at a place and below it; `valid` is what may stand there."""
    if path:
        for breach in _breaches(shape, path):
            yield put(breach.value), breach
    match shape:
        case StructureShape():
            yield from _members(shape, path, put, valid)
        case ListShape():
            yield from _items(shape, path, put)


def _members(shape: StructureShape, path: str, put: Put, valid: Mapping[str, Any]) -> Found:
    for name, member in shape.members.items():
        below = f"{path}.{_lower(name)}" if path else _lower(name)
        if name in shape.required_members:
            missing = {key: value for key, value in valid.items() if key != name}
            yield put(missing), _invalid(None, below, "Member must not be null")
            yield put({**valid, name: None}), _invalid(None, below, "Member must not be null")

        def put_member(value: Any, name: str = name) -> dict[str, Any]:
            return put({**valid, name: value})

        yield from _within(member, below, put_member, valid.get(name, example(member)))


def _items(shape: ListShape, path: str, put: Put) -> Found:
    below = f"{path}.1.member"
    fill = [example(shape.member)] * (shape.metadata.get("min", 1) - 1)

    def put_item(value: Any) -> dict[str, Any]:
        return put([value, *fill])

    yield put_item(None), _invalid(None, below, "Member must not be null")
    yield from _within(shape.member, below, put_item, example(shape.member))


def _breaches(shape: Shape, path: str) -> Iterator[Breach]:
    yield from (Breach(value, "SerializationException", text) for value, text in _mistyped(shape))
    yield from (_invalid(value, path, text) for value, text in _BROKEN[shape.type_name](shape))


def _invalid(value: Any, path: str, text: str) -> Breach:
    message = f"at '{path}' failed to satisfy constraint: {text}"
    return Breach(value, "ValidationException", message)


def _lower(name: str) -> str:
    return name[0].lower() + name[1:]


def _mistyped(shape: Shape) -> Iterator[tuple[Any, str]]:
    kind = shape.type_name
    if kind != "list":
        yield [], "Start of list found where not expected"
    if kind not in {"structure", "map"}:
        yield {}, "Start of structure or map found where not expected."
    yield from _MISTYPED[kind]


_BIG = "class com.amazon.coral.value.json.numbers.TruncatingBigNumber can not be converted to"
_MISTYPED: Mapping[str, tuple[tuple[Any, str], ...]] = {
    "structure": (("text", "Expected null"), (5, "Expected null"), (True, "Expected null")),
    "list": (("text", "Expected list or null"), (5, "Expected list or null")),
    "map": (("text", "Expected map or null"), (5, "Expected map or null")),
    "string": (
        (5, f"{_BIG} an String"),
        (5.5, f"{_BIG} an String"),
        (True, "class java.lang.Boolean can not be converted to an String"),
    ),
    "boolean": ((5, f"{_BIG} an Boolean"), ("yes", "'YES' can not be converted to an Boolean")),
    "integer": (
        ("5", "class java.lang.String can not be converted to an Integer"),
        (True, "class java.lang.Boolean can not be converted to an Integer"),
        (5.5, f"{_BIG} an Integer"),
        (2**31, f"{_BIG} an Integer"),
        (-(2**31) - 1, f"{_BIG} an Integer"),
        (2**70, f"{_BIG} an Integer"),
    ),
    "long": (
        ("5", "class java.lang.String can not be converted to an Long"),
        (True, "class java.lang.Boolean can not be converted to an Long"),
        (5.5, f"{_BIG} an Long"),
        (2**63, f"{_BIG} an Long"),
        (-(2**63) - 1, f"{_BIG} an Long"),
    ),
    "float": (
        ("5", "class java.lang.String can not be converted to an Float"),
        (True, "class java.lang.Boolean can not be converted to an Float"),
        (1e39, f"{_BIG} an Float"),
        (-1e300, f"{_BIG} an Float"),
    ),
    "blob": (
        (5, f"{_BIG} a Blob"),
        (True, "class java.lang.Boolean can not be converted to a Blob"),
        ("QUJ", "Base64 encoded length is expected a multiple of 4 bytes but found: 3"),
        ("QU-=", "Invalid Base64 character: '-'"),
        ("QUJD!!!!QUJD", "Invalid Base64 character: '!'"),
        ("QUI=QUJD", "Invalid Base64 character: '='"),
        ("QU J", "Invalid Base64 character: ' '"),
        ("Q===", "Invalid Base64 character: '='"),
        ("QUJ=", "Invalid last non-pad Base64 character dectected"),
        ("éééé", "Invalid Base64 character: 'é'"),
    ),
}

Broken = Iterator[tuple[Any, str]]


def _broken_string(shape: StringShape) -> Broken:
    rules = shape.metadata
    if "pattern" in rules:
        length = max(rules.get("min", 0), len(OFFENDING))
        value = (OFFENDING * length)[:length]
        yield value, f"Member must satisfy regular expression pattern: {rules['pattern']}"
    if shape.enum:
        yield "nothing", f"Member must satisfy enum value set: [{', '.join(shape.enum)}]"
    yield from _lengths(shape, lambda length: "a" * length)


def _broken_list(shape: ListShape) -> Broken:
    return _lengths(shape, lambda length: [example(shape.member)] * length)


def _broken_map(shape: MapShape) -> Broken:
    key, value = example(shape.key), example(shape.value)
    yield from _lengths(shape, lambda length: {f"{key}{number}": value for number in range(length)})
    for _, text in _broken_string(cast(StringShape, shape.key)):
        broken = {"pattern": OFFENDING, "less": "a" * 1000, "greater": ""}
        wrong = next(bad for word, bad in broken.items() if word in text)
        yield {wrong: value}, "Map keys must satisfy constraint: ["
    yield {key: OFFENDING}, "Map value must satisfy constraint: ["
    yield {key: "a" * 1000}, "Map value must satisfy constraint: ["


def _broken_blob(shape: Shape) -> Broken:
    return _lengths(shape, _base64_zeros)


@cache
def _base64_zeros(length: int) -> str:
    return base64.b64encode(bytes(length)).decode()


def _lengths(shape: Shape, make: Callable[[int], Any]) -> Broken:
    rules = shape.metadata
    if "max" in rules:
        text = f"Member must have length less than or equal to {rules['max']}"
        yield make(rules["max"] + 1), text
    if rules.get("min", 0) > 0:
        text = f"Member must have length greater than or equal to {rules['min']}"
        yield make(rules["min"] - 1), text


def _broken_number(shape: Shape) -> Broken:
    rules = shape.metadata
    if "max" in rules:
        yield rules["max"] + 1, f"Member must have value less than or equal to {rules['max']}"
    if "min" in rules:
        yield rules["min"] - 1, f"Member must have value greater than or equal to {rules['min']}"


def _nothing(_: Shape) -> Broken:
    return iter(())


_BROKEN: Mapping[str, Callable[[Any], Broken]] = {
    "string": _broken_string,
    "list": _broken_list,
    "map": _broken_map,
    "blob": _broken_blob,
    "integer": _broken_number,
    "long": _broken_number,
    "float": _broken_number,
    "boolean": _nothing,
    "structure": _nothing,
}
