"""Checkpoints of PyTorch are read without it, and without running what they say."""

import pickle
from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from openrekog.models.convert.torch_checkpoint import (
    MAGIC,
    PROTOCOL,
    CheckpointError,
    read_checkpoint,
)


def stored(*steps: bytes, storages: Sequence[tuple[str, NDArray[Any]]] = ()) -> bytes:
    """A file as torch.save wrote it before 1.6: pickles, then each storage behind its count."""
    head = (MAGIC, PROTOCOL, {"protocol_version": PROTOCOL, "little_endian": True})
    pickles = b"".join(pickle.dumps(value, protocol=2) for value in head)
    keys = pickle.dumps([key for key, _ in storages], protocol=2)
    numbers = b"".join(
        np.array(values.size, "<i8").tobytes() + values.tobytes() for _, values in storages
    )
    return pickles + b"".join(steps) + keys + numbers


def described(
    tensors: Mapping[str, tuple[str, str, int, tuple[int, ...], tuple[int, ...]]],
) -> bytes:
    """Storage type, key, offset, shape and strides of each tensor, as PyTorch pickles them."""
    lines = [b"\x80\x02}("]
    for name, (kind, key, offset, shape, strides) in tensors.items():
        storage = text("storage") + glob("torch", kind) + text(key) + text("cpu")
        storage += number(prod(shape) + offset) + b"Nt"
        arguments = b"((" + storage + b"Q" + number(offset) + tupled(shape) + tupled(strides)
        lines.append(text(name) + glob("torch._utils", "_rebuild_tensor_v2") + arguments + b"tR")
    return b"".join(lines) + b"u."


def text(value: str) -> bytes:
    return b"X" + len(value).to_bytes(4, "little") + value.encode()


def number(value: int) -> bytes:
    return b"J" + value.to_bytes(4, "little", signed=True)


def tupled(values: Sequence[int]) -> bytes:
    return b"(" + b"".join(map(number, values)) + b"t"


def glob(module: str, name: str) -> bytes:
    return f"c{module}\n{name}\n".encode()


NUMBERS = np.arange(8, dtype="<f4")


def test_an_old_checkpoint_is_read_without_pytorch() -> None:
    tensors = {
        "plain": ("FloatStorage", "0", 2, (2, 3), (3, 1)),
        "turned": ("FloatStorage", "1", 0, (2, 2), (1, 2)),
        "count": ("LongStorage", "2", 0, (), ()),
    }
    storages = [("0", NUMBERS), ("1", NUMBERS[:4]), ("2", np.array([7], "<i8"))]
    weights = read_checkpoint(stored(described(tensors), storages=storages))
    assert weights["plain"].tolist() == [[2, 3, 4], [5, 6, 7]]
    assert weights["turned"].tolist() == [[0, 2], [1, 3]]
    assert (weights["count"], weights["count"].dtype) == (7, np.int64)


def called(module: str, name: str, argument: str) -> bytes:
    return b"\x80\x02" + glob(module, name) + b"(" + text(argument) + b"tR."


TENSOR = {"x": ("FloatStorage", "0", 0, (8,), (1,))}


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        pytest.param(stored(called("os", "system", "true")), r"names os\.system", id="a command"),
        pytest.param(
            stored(called("builtins", "eval", "1")), r"names builtins\.eval", id="a builtin"
        ),
        pytest.param(
            called("posix", "system", "true"),
            r"names posix\.system",
            id="in the place of the magic",
        ),
        pytest.param(
            stored(called("torch", "load", "x")), r"names torch\.load", id="another of PyTorch's"
        ),
        pytest.param(
            stored(described({"x": ("Storage.__reduce__", "0", 0, (8,), (1,))})),
            r"names torch\.Storage\.__reduce__",
            id="a dotted name",
        ),
        pytest.param(
            stored(b"\x80\x02" + glob("torch", "FloatStorage") + tupled([1]) + b"b."),
            "damaged",
            id="a state for a type",
        ),
        pytest.param(
            stored(
                described({"x": ("FloatStorage", "0", 0, (8,), (9,))}), storages=[("0", NUMBERS)]
            ),
            "damaged: strides",
            id="a view beyond its storage",
        ),
        pytest.param(
            stored(
                described({"x": ("FloatStorage", "0", 0, (8,), (-1,))}), storages=[("0", NUMBERS)]
            ),
            "damaged: strides",
            id="a view before its storage",
        ),
        pytest.param(
            stored(described(TENSOR), storages=[("0", NUMBERS[:5])]),
            "storage 0 has 5 elements, not 8",
            id="a short storage",
        ),
        pytest.param(
            stored(described(TENSOR), storages=[("0", NUMBERS)])[:-1], "damaged", id="cut off"
        ),
        pytest.param(stored(pickle.dumps([1, 2], 2)), "not a dictionary of tensors", id="a list"),
        pytest.param(pickle.dumps(12, 2) * 2, "no PyTorch checkpoint", id="no checkpoint"),
        pytest.param(b"PK\x03\x04", "damaged", id="the new format, a zip"),
        pytest.param(b"", "damaged", id="empty"),
    ],
)
def test_a_hostile_checkpoint_is_refused(content: bytes, complaint: str) -> None:
    with pytest.raises(CheckpointError, match=complaint):
        read_checkpoint(content)
