"""Requests from JSON to checked Python values, in one walk.

Each shape of the model is compiled once into a closure that converts a value, notes the
constraints it breaks, and fills in what AWS assumes for absent members. A value of the wrong JSON
type ends the walk at once; broken constraints are collected and reported together."""

import binascii
import copy
import math
from base64 import b64encode
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any, cast

from botocore.model import ListShape, MapShape, Shape, StructureShape

from openrekog.api_spec.constraints import (
    LONGEST_VALUE_SHOWN,
    REQUIRED,
    Breaches,
    Path,
    constraints,
    grouped,
)
from openrekog.api_spec.errors import Serialization
from openrekog.api_spec.overlay import Overlay

Decoder = Callable[[Any, Path | None, Breaches], Any]
Converter = Callable[[Any], Any]


class DecoderCompiler:
    """Turns shapes into decoders; a shape used in several places is compiled once."""

    def __init__(self, overlay: Overlay) -> None:
        self._overlay = overlay
        self._ready: dict[str, Decoder] = {}
        self._compilers: Mapping[str, Callable[[Any], Decoder]] = {
            "structure": self._structure,
            "list": self._list,
            "map": self._map,
        }

    def compile(self, shape: Shape) -> Decoder:
        if shape.name not in self._ready:
            self._ready[shape.name] = self._compilers.get(shape.type_name, _leaf)(shape)
        return self._ready[shape.name]

    def _structure(self, shape: StructureShape) -> Decoder:
        members = [(name, self.compile(member)) for name, member in shape.members.items()]
        required = frozenset(shape.required_members)
        caps = self._overlay.caps.get(shape.name, {})
        defaults = [
            (name, _default(value, self.compile(shape.members[name])))
            for name, value in self._overlay.defaults.get(shape.name, {}).items()
        ]

        def decode(value: Any, path: Path | None, breaches: Breaches) -> dict[str, Any]:
            if type(value) is not dict:
                raise _not_a_structure(value)
            decoded: dict[str, Any] = {}
            for name, decode_member in members:
                member = value.get(name)
                if member is not None:
                    decoded[name] = decode_member(member, (path, name), breaches)
                elif name in required:
                    breaches.add((path, name), None, REQUIRED)
            for name, make in defaults:
                if name not in decoded:
                    decoded[name] = make()
            for name, cap in caps.items():
                if name in decoded:
                    decoded[name] = min(decoded[name], cap)
            return decoded

        return decode

    def _list(self, shape: ListShape) -> Decoder:
        decode_item = self.compile(shape.member)
        rules = constraints(shape)

        def decode(value: Any, path: Path | None, breaches: Breaches) -> list[Any]:
            if type(value) is not list:
                raise _not_a_list(value)
            own = cast(Path, path)
            for rule in rules:
                if not rule.holds(value):
                    breaches.add(own, value, rule)
            items = []
            for number, item in enumerate(value, 1):
                item_path: Path = ((own, str(number)), "member")
                if item is None:
                    breaches.add(item_path, None, REQUIRED)
                else:
                    items.append(decode_item(item, item_path, breaches))
            return items

        return decode

    def _map(self, shape: MapShape) -> Decoder:
        rules = constraints(shape)
        convert = _CONVERTERS[shape.value.type_name]
        of_keys = grouped("Map keys", constraints(shape.key))
        of_values = grouped("Map value", constraints(shape.value))

        def decode(value: Any, path: Path | None, breaches: Breaches) -> dict[str, Any]:
            if type(value) is not dict:
                raise _not_a_map(value)
            own = cast(Path, path)
            items = {key: convert(item) for key, item in value.items() if item is not None}
            for rule in rules:
                if not rule.holds(value):
                    breaches.add(own, value, rule)
            if not of_keys.holds(value):
                breaches.add(own, value, of_keys)
            if not of_values.holds(items.values()):
                breaches.add(own, value, of_values)
            for key, item in value.items():
                if item is None:
                    breaches.add(((own, key), "member"), None, REQUIRED)
            return items

        return decode


def _leaf(shape: Shape) -> Decoder:
    convert = _CONVERTERS[shape.type_name]
    rules = constraints(shape)
    sensitive = bool(shape.metadata.get("sensitive"))

    def decode(value: Any, path: Path | None, breaches: Breaches) -> Any:
        converted = convert(value)
        for rule in rules:
            if not rule.holds(converted):
                breaches.add(cast(Path, path), converted, rule, sensitive)
        return converted

    return decode


def _default(value: Any, decode: Decoder) -> Callable[[], Any]:
    """A maker of the default, itself decoded so that what it holds is filled in as well."""
    breaches = Breaches()
    decoded = decode(value, (None, "default"), breaches)
    breaches.raise_if_any()
    if isinstance(decoded, dict | list):
        return partial(copy.deepcopy, decoded)
    return lambda: decoded


# What a JSON value is to Java, where numbers are of one class whatever their size.
_JAVA_CLASSES = {
    str: "java.lang.String",
    bool: "java.lang.Boolean",
    int: "com.amazon.coral.value.json.numbers.TruncatingBigNumber",
    float: "com.amazon.coral.value.json.numbers.TruncatingBigNumber",
}


def _unconvertible(value: Any, target: str) -> Serialization:
    if type(value) is list:
        return Serialization("Start of list found where not expected")
    if type(value) is dict:
        return Serialization("Start of structure or map found where not expected.")
    return Serialization(f"class {_JAVA_CLASSES[type(value)]} can not be converted to {target}")


def _not_a_structure(value: Any) -> Serialization:
    return _unconvertible(value, "") if type(value) is list else Serialization("Expected null")


def _not_a_map(value: Any) -> Serialization:
    if type(value) is list:
        return _unconvertible(value, "")
    return Serialization("Expected map or null")


def _not_a_list(value: Any) -> Serialization:
    if type(value) is dict:
        return _unconvertible(value, "")
    return Serialization("Expected list or null")


def _string(value: Any) -> str:
    if type(value) is not str:
        raise _unconvertible(value, "an String")
    return value


def _boolean(value: Any) -> bool:
    if type(value) is str:
        raise Serialization(
            f"'{value[:LONGEST_VALUE_SHOWN].upper()}' can not be converted to an Boolean"
        )
    if type(value) is not bool:
        raise _unconvertible(value, "an Boolean")
    return value


def _whole(value: Any, target: str, bits: int) -> int:
    """AWS rounds and clamps numbers that do not fit; answering another question than the one
    asked helps nobody, so they are refused."""
    if type(value) is float and value.is_integer():
        value = int(value)
    if type(value) is not int or not -(1 << bits - 1) <= value < 1 << bits - 1:
        raise _unconvertible(value, target)
    return value


def _float(value: Any) -> float:
    if type(value) is not float and type(value) is not int:
        raise _unconvertible(value, "an Float")
    if not abs(value) <= _LARGEST_FLOAT:
        raise _unconvertible(value, "an Float")
    return float(value)


_LARGEST_FLOAT = math.ldexp(2 - 2**-23, 127)  # of 32 bits, as the API's floats are


def _timestamp(value: Any) -> datetime:
    if type(value) is not float and type(value) is not int:
        raise _unconvertible(value, "milliseconds since epoch")
    try:
        return datetime.fromtimestamp(value, UTC)
    except (OverflowError, ValueError, OSError) as error:
        raise _unconvertible(value, "milliseconds since epoch") from error


def _blob(value: Any) -> bytes:
    if type(value) is not str:
        raise _unconvertible(value, "a Blob")
    if len(value) % 4:
        raise _not_base64(
            value,
            f"Base64 encoded length is expected a multiple of 4 bytes but found: {len(value)}",
        )
    try:
        decoded = binascii.a2b_base64(value, strict_mode=True)
    except ValueError as error:  # binascii.Error, or a character beyond ASCII
        raise _not_base64(value, _base64_fault(value)) from error
    # The decoder ignores the bits of the last character that carry nothing; Java does not.
    if value and b64encode(decoded[-(len(decoded) % 3 or 3) :]) != value[-4:].encode():
        raise _not_base64(value, "Invalid last non-pad Base64 character dectected")
    return decoded


def _base64_fault(value: str) -> str:
    body = value.rstrip("=") if len(value) - len(value.rstrip("=")) <= 2 else value[:-2]
    wrong = next((char for char in body if char not in _BASE64), "=")
    return f"Invalid Base64 character: '{wrong}'"


def _not_base64(value: str, reason: str) -> Serialization:
    shown = value if len(value) <= LONGEST_VALUE_SHOWN else f"{value[:LONGEST_VALUE_SHOWN]}..."
    return Serialization(f"'{shown}' can not be converted to a Blob: {reason}")


_BASE64 = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")

_CONVERTERS: Mapping[str, Converter] = {
    "string": _string,
    "boolean": _boolean,
    "integer": partial(_whole, target="an Integer", bits=32),
    "long": partial(_whole, target="an Long", bits=64),
    "float": _float,
    "timestamp": _timestamp,
    "blob": _blob,
}
