"""Requests from JSON to checked Python values, in one walk.

Each shape of the model is compiled once into a closure that converts a value, notes the
constraints it breaks, and fills in what AWS assumes for absent members. A value of the wrong JSON
type ends the walk at once; broken constraints are collected and reported together."""

import copy
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, cast

from botocore.model import ListShape, MapShape, Shape, StructureShape

from openrekog.api_spec.constraints import (
    REQUIRED,
    Breaches,
    Path,
    constraints,
    grouped,
)
from openrekog.api_spec.overlay import Overlay
from openrekog.api_spec.scalars import CONVERTERS, not_a_list, not_a_map, not_a_structure

Decoder = Callable[[Any, Path | None, Breaches], Any]


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
        if shape.is_document_type:
            return _any_structure
        members = [(name, self.compile(member)) for name, member in shape.members.items()]
        required = frozenset(shape.required_members)
        caps = self._overlay.caps.get(shape.name, {})
        defaults = [
            (name, _default(value, self.compile(shape.members[name])))
            for name, value in self._overlay.defaults.get(shape.name, {}).items()
        ]

        def decode(value: Any, path: Path | None, breaches: Breaches) -> dict[str, Any]:
            if type(value) is not dict:
                raise not_a_structure(value)
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
        limit = shape.metadata.get("max")

        def decode(value: Any, path: Path | None, breaches: Breaches) -> list[Any]:
            if type(value) is not list:
                raise not_a_list(value)
            own = cast(Path, path)
            for rule in rules:
                if not rule.holds(value):
                    breaches.add(own, value, rule)
            items = []
            # A list that is too long is refused anyway: millions of items are not worth a walk.
            for number, item in enumerate(value[:limit], 1):
                item_path: Path = ((own, str(number)), "member")
                if item is None:
                    breaches.add(item_path, None, REQUIRED)
                else:
                    items.append(decode_item(item, item_path, breaches))
            return items

        return decode

    def _map(self, shape: MapShape) -> Decoder:
        rules = constraints(shape)
        convert = CONVERTERS[shape.value.type_name]
        of_keys = grouped("Map keys", constraints(shape.key))
        of_values = grouped("Map value", constraints(shape.value))

        def decode(value: Any, path: Path | None, breaches: Breaches) -> dict[str, Any]:
            if type(value) is not dict:
                raise not_a_map(value)
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


def _any_structure(value: Any, _path: Path | None, _breaches: Breaches) -> dict[str, Any]:
    if type(value) is not dict:
        raise not_a_structure(value)
    return value


def _leaf(shape: Shape) -> Decoder:
    convert = CONVERTERS[shape.type_name]
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
