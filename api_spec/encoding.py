"""Answers from Python values to JSON, by closures compiled once per shape.

What the model does not know is refused: such an answer is a mistake in a handler, and a client
would drop the surplus in silence."""

import math
from base64 import b64encode
from collections.abc import Callable, Mapping
from ctypes import c_float
from datetime import datetime
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

Encoder = Callable[[Any], Any]


class EncodingError(Exception):
    """A handler's answer that the service model does not allow."""


class EncoderCompiler:
    """Turns shapes into encoders; a shape used in several places is compiled once."""

    def __init__(self) -> None:
        self._ready: dict[str, Encoder] = {}
        self._compilers: Mapping[str, Callable[[Any], Encoder]] = {
            "structure": self._structure,
            "list": self._list,
            "map": self._map,
            "string": _string,
        }

    def compile(self, shape: Shape) -> Encoder:
        if shape.name not in self._ready:
            make = self._compilers.get(shape.type_name)
            self._ready[shape.name] = make(shape) if make else _LEAVES[shape.type_name]
        return self._ready[shape.name]

    def _structure(self, shape: StructureShape) -> Encoder:
        if shape.is_document_type:
            return _any_structure
        members = {name: self.compile(member) for name, member in shape.members.items()}
        required = frozenset(shape.required_members)

        def encode(value: Any) -> dict[str, Any]:
            try:
                encoded = {
                    name: members[name](member)
                    for name, member in value.items()
                    if member is not None
                }
            except EncodingError as error:
                raise EncodingError(f"{shape.name}: {error}") from None
            except (KeyError, AttributeError) as error:
                raise EncodingError(f"{shape.name} has no {error}") from error
            if not required <= encoded.keys():
                missing = ", ".join(sorted(required - encoded.keys()))
                raise EncodingError(f"{shape.name} lacks {missing}")
            return encoded

        return encode

    def _list(self, shape: ListShape) -> Encoder:
        encode_item = self.compile(shape.member)

        def encode(value: Any) -> list[Any]:
            if not isinstance(value, list | tuple):
                raise _refused(value, "a list")
            return [encode_item(item) for item in value]

        return encode

    def _map(self, shape: MapShape) -> Encoder:
        encode_item = self.compile(shape.value)

        def encode(value: Any) -> dict[str, Any]:
            if not isinstance(value, Mapping):
                raise _refused(value, "a map")
            return {key: encode_item(item) for key, item in value.items()}

        return encode


def _any_structure(value: Any) -> Any:
    if not isinstance(value, Mapping):
        raise _refused(value, "an object")
    return value


def _string(shape: Shape) -> Encoder:
    known = frozenset(shape.metadata.get("enum", ()))

    def encode(value: Any) -> str:
        if not isinstance(value, str):
            raise _refused(value, "a string")
        if known and value not in known:
            raise _refused(value, f"a {shape.name}")
        return value

    return encode


def _float(value: Any) -> float:
    """Rounded to 32 bits and widened again: AWS's numbers all look so."""
    try:
        single: float = c_float(value).value
    except TypeError:
        raise _refused(value, "a float") from None
    if not math.isfinite(single):
        raise _refused(value, "a finite 32-bit float")
    return single


def _whole(value: Any) -> int:
    if type(value) is not int:
        raise _refused(value, "an integer")
    return value


def _boolean(value: Any) -> bool:
    if type(value) is not bool:
        raise _refused(value, "a boolean")
    return value


def _timestamp(value: Any) -> float:
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise _refused(value, "a datetime with its time zone")
    return round(value.timestamp(), 3)


def _blob(value: Any) -> str:
    if not isinstance(value, bytes | bytearray | memoryview):
        raise _refused(value, "bytes")
    return b64encode(value).decode("ascii")


def _refused(value: Any, wanted: str) -> EncodingError:
    return EncodingError(f"{value!r:.200} is not {wanted}")


_LEAVES: Mapping[str, Encoder] = {
    "float": _float,
    "integer": _whole,
    "long": _whole,
    "boolean": _boolean,
    "timestamp": _timestamp,
    "blob": _blob,
}
