"""Single JSON values to Python ones, and the words in which AWS refuses a value of a wrong type."""

import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any

from pybase64 import b64decode, b64encode

from openrekog.api_spec.constraints import shortened
from openrekog.api_spec.errors import Serialization

LARGEST_FLOAT = math.ldexp(2 - 2**-23, 127)  # of 32 bits, as the API's floats are
# From here on a float stands for several integers. The JSON parser makes floats of integers beyond
# 64 bits, and -2**63 - 1 would become -2**63.
LARGEST_EXACT = 2.0**53

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


def not_a_structure(value: Any) -> Serialization:
    return _unconvertible(value, "") if type(value) is list else Serialization("Expected null")


def not_a_map(value: Any) -> Serialization:
    if type(value) is list:
        return _unconvertible(value, "")
    return Serialization("Expected map or null")


def not_a_list(value: Any) -> Serialization:
    if type(value) is dict:
        return _unconvertible(value, "")
    return Serialization("Expected list or null")


def _string(value: Any) -> str:
    if type(value) is not str:
        raise _unconvertible(value, "an String")
    return value


def _boolean(value: Any) -> bool:
    if type(value) is str:
        raise Serialization(f"'{shortened(value).upper()}' can not be converted to an Boolean")
    if type(value) is not bool:
        raise _unconvertible(value, "an Boolean")
    return value


def _whole(value: Any, target: str, bits: int) -> int:
    """AWS rounds and clamps numbers that do not fit; answering another question than the one
    asked helps nobody, so they are refused."""
    if type(value) is float and value.is_integer() and abs(value) < LARGEST_EXACT:
        value = int(value)
    if type(value) is not int or not -(1 << bits - 1) <= value < 1 << bits - 1:
        raise _unconvertible(value, target)
    return value


def _float(value: Any) -> float:
    if type(value) is not float and type(value) is not int:
        raise _unconvertible(value, "an Float")
    if not abs(value) <= LARGEST_FLOAT:
        raise _unconvertible(value, "an Float")
    return float(value)


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
        # The standard library's decoder holds all other threads up thirty times as long.
        decoded = b64decode(value, validate=True)
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
    return Serialization(f"'{shortened(value)}' can not be converted to a Blob: {reason}")


_BASE64 = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")

CONVERTERS: Mapping[str, Callable[[Any], Any]] = {
    "string": _string,
    "boolean": _boolean,
    "integer": partial(_whole, target="an Integer", bits=32),
    "long": partial(_whole, target="an Long", bits=64),
    "float": _float,
    "timestamp": _timestamp,
    "blob": _blob,
}
