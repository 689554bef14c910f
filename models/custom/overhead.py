"""How much of an ONNX file is not numbers: libraries make objects of that, up to seventy times as
large as the file, while numbers stay as large as they are."""

from collections.abc import Iterator, Mapping
from typing import Any

FIELD_BYTES = 16
"""A field counts as so much more than it holds, so that many empty ones count, too."""

# Where numbers lie, by protobuf's field numbers in onnx.proto: graph, initializer, raw_data.
NUMBERS: Mapping[int, Any] = {7: {5: {9: {}}}}


def check_overhead(content: bytes, most: int) -> None:
    """Raises ValueError for a file with more than so many bytes beside its numbers, without reading
    on, and for one that is no protobuf."""
    left = most
    for size in _sizes(memoryview(content), NUMBERS):
        left -= size
        if left < 0:
            raise ValueError(f"more than {most} bytes beside the numbers")


def _sizes(message: memoryview, numbers: Mapping[int, Any]) -> Iterator[int]:
    for field, payload in _fields(message):
        inner = numbers.get(field)
        yield FIELD_BYTES + (len(payload) if inner is None else 0)
        if inner:
            yield from _sizes(payload, inner)


def _fields(message: memoryview) -> Iterator[tuple[int, memoryview]]:
    """Number and content of each field (https://protobuf.dev/programming-guides/encoding/)."""
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        match tag & 7:
            case 0:
                _, end = _varint(message, at)
            case 1:
                end = at + 8
            case 2:
                length, at = _varint(message, at)
                end = at + length
            case 5:
                end = at + 4
            case kind:
                raise ValueError(f"a field of kind {kind}")
        if end > len(message):
            raise ValueError("cut off")
        yield tag >> 3, message[at:end]
        at = end


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    """A number of seven bits a byte, the lowest first, and where it ends."""
    value = 0
    for place, byte in enumerate(message[at : at + 10]):
        value |= (byte & 127) << 7 * place
        if byte < 128:
            return value, at + place + 1
    raise ValueError("cut off")
