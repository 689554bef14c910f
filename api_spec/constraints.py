"""The constraints of the service model as checks, and their breaches in the words of AWS."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from botocore.model import Shape

from openrekog.api_spec.errors import Validation

Path = tuple["Path | None", str]
"""Where a value stands: the path of what holds it, and its own name."""

MOST_REPORTED = 10
LONGEST_VALUE_SHOWN = 1024
# A longer text breaks every pattern. No patterned member of a request may be this long anyway, and
# a few patterns take quadratic time.
LONGEST_MATCHED = 4096


@dataclass(frozen=True, slots=True)
class Constraint:
    text: str
    holds: Callable[[Any], bool]


class Breaches:
    """The broken constraints of one request, in the order in which they were met."""

    def __init__(self) -> None:
        self._found: list[str] = []

    def add(self, path: Path, value: Any, constraint: Constraint, sensitive: bool = False) -> None:
        if len(self._found) < MOST_REPORTED:
            shown = "Value" if sensitive else f"Value {_quoted(value)}"
            self._found.append(
                f"{shown} at '{path_text(path)}' failed to satisfy constraint: {constraint.text}"
            )

    def raise_if_any(self) -> None:
        if self._found:
            count = len(self._found)
            plural = "" if count == 1 else "s"
            raise Validation(f"{count} validation error{plural} detected: {'; '.join(self._found)}")


REQUIRED = Constraint("Member must not be null", lambda value: value is not None)


def constraints(shape: Shape) -> tuple[Constraint, ...]:
    """What a value of the shape must satisfy, in the order in which AWS names breaches."""
    rules = shape.metadata
    return tuple(make(rules[rule]) for rule, make in _RULES[shape.type_name] if rule in rules)


def grouped(subject: str, found: Sequence[Constraint]) -> Constraint:
    """Keys and values of a map are reported as one breach of the map, naming all their rules."""
    texts = ", ".join(constraint.text for constraint in found)
    return Constraint(
        f"{subject} must satisfy constraint: [{texts}]",
        lambda values: all(constraint.holds(value) for value in values for constraint in found),
    )


def path_text(path: Path) -> str:
    names = [path[1]]
    while (holder := path[0]) is not None:
        path = holder
        names.append(path[1])
    return ".".join(name[:1].lower() + name[1:] for name in reversed(names))


def compiled(pattern: str) -> re.Pattern[str]:
    """A pattern of the model, which is written for Java, for use with `fullmatch`.

    `\\d`, `\\w` and `\\s` are ASCII in Java, so such patterns are compiled as ASCII. Python lacks
    the Unicode categories; the tag patterns are the only ones that use them.
    """
    if "\\p{" not in pattern:
        return re.compile(pattern, re.ASCII)
    for java, python in _CATEGORIES:
        pattern = pattern.replace(java, python)
    return re.compile(pattern)


# Together with the underscore, letters and numbers are what Python calls \w.
_CATEGORIES = (
    ("\\p{L}\\p{Z}\\p{N}_", "\\w\\p{Z}"),
    ("\\p{Z}", "\u0020\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"),
)


def _pattern(pattern: str) -> Constraint:
    matches = compiled(pattern).fullmatch
    return Constraint(
        f"Member must satisfy regular expression pattern: {pattern}",
        lambda text: len(text) <= LONGEST_MATCHED and matches(text) is not None,
    )


def _longest(limit: int) -> Constraint:
    return Constraint(
        f"Member must have length less than or equal to {limit}",
        lambda value: len(value) <= limit,
    )


def _shortest(limit: int) -> Constraint:
    return Constraint(
        f"Member must have length greater than or equal to {limit}",
        lambda value: len(value) >= limit,
    )


def _largest(limit: int) -> Constraint:
    return Constraint(
        f"Member must have value less than or equal to {limit}",
        lambda value: bool(value <= limit),
    )


def _smallest(limit: int) -> Constraint:
    return Constraint(
        f"Member must have value greater than or equal to {limit}",
        lambda value: bool(value >= limit),
    )


def _one_of(values: Sequence[str]) -> Constraint:
    known = frozenset(values)
    return Constraint(
        f"Member must satisfy enum value set: [{', '.join(values)}]",
        lambda value: value in known,
    )


_LENGTH = (("max", _longest), ("min", _shortest))
_RANGE = (("max", _largest), ("min", _smallest))
# Recorded answers of sibling services name a broken pattern before a broken length.
_RULES: dict[str, tuple[tuple[str, Callable[[Any], Constraint]], ...]] = {
    "string": (("pattern", _pattern), *_LENGTH, ("enum", _one_of)),
    "blob": _LENGTH,
    "list": _LENGTH,
    "map": _LENGTH,
    "integer": _RANGE,
    "long": _RANGE,
    "float": _RANGE,
    "boolean": (),
    "timestamp": (),
    "structure": (),
}


def _quoted(value: Any) -> str:
    return "null" if value is None else f"'{shortened(java_text(value))}'"


def shortened(text: str) -> str:
    return text if len(text) <= LONGEST_VALUE_SHOWN else f"{text[:LONGEST_VALUE_SHOWN]}..."


def java_text(value: Any) -> str:
    """A decoded value as Java prints it, at least as much of it as is shown."""
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case float():
            return _java_float(value)
        case bytes():
            return f"java.nio.HeapByteBuffer[pos=0 lim={len(value)} cap={len(value)}]"
        case list():
            items = islice(value, LONGEST_VALUE_SHOWN)
            return f"[{', '.join(java_text(item) for item in items)}]"
        case dict():
            pairs = islice(value.items(), LONGEST_VALUE_SHOWN)
            return f"{{{', '.join(f'{key}={java_text(item)}' for key, item in pairs)}}}"
        case _:
            return str(value)


def _java_float(value: float) -> str:
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        return repr(value)
    mantissa, exponent = f"{value:.16e}".split("e")
    digits = repr(float(mantissa))
    return f"{digits}E{int(exponent)}"
