"""Reads the tensors of a PyTorch checkpoint: pickles that describe tensors, and the raw storages,
which since PyTorch 1.6 are the files of a zip archive and before stood behind the pickles. Needs no
PyTorch, and runs nothing that the file names."""

import io
import pickle
import zipfile
import zlib
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

MAGIC = 0x1950A86A20F9469CFC6C
PROTOCOL = 1001

Weights = dict[str, NDArray[np.generic]]


class CheckpointError(ValueError):
    """The file is not a plain dictionary of tensors."""


@dataclass(frozen=True, slots=True)
class _Storage:
    key: str
    dtype: np.dtype[np.generic]
    count: int


@dataclass(frozen=True, slots=True)
class _Tensor:
    """A view of a storage whose numbers stand further on in the file; counted in elements."""

    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def _describe_tensor(
    storage: _Storage, offset: int, shape: tuple[int, ...], strides: tuple[int, ...], *_: object
) -> _Tensor:
    return _Tensor(storage, offset, shape, strides)


_STORAGES = {
    "DoubleStorage": "<f8",
    "FloatStorage": "<f4",
    "HalfStorage": "<f2",
    "LongStorage": "<i8",
    "IntStorage": "<i4",
    "ShortStorage": "<i2",
    "CharStorage": "i1",
    "ByteStorage": "u1",
}

# All that a file may name, and what stands for it here. A type of numbers is a string, because a
# pickle may set the state of whatever it got, and NumPy's own types are shared by all.
_NAMES: Mapping[tuple[str, str], Any] = {
    ("collections", "OrderedDict"): OrderedDict,
    ("torch._utils", "_rebuild_tensor_v2"): _describe_tensor,
    **{("torch", name): code for name, code in _STORAGES.items()},
}


# What a broken pickle, or one that was built to do harm, makes the reader raise.
_DAMAGES = (
    pickle.UnpicklingError,
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    TypeError,
    ValueError,
    zipfile.BadZipFile,
    zlib.error,
)


class _Unpickler(pickle.Unpickler):
    """pickle.load would import and call whatever the file says; this one knows a few names."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _NAMES:
            raise CheckpointError(f"the checkpoint names {module}.{name}")
        return _NAMES[module, name]

    def persistent_load(self, pid: Any) -> _Storage:
        kind, code, key, _device, count, *views = pid
        if kind != "storage" or any(views) or code not in _STORAGES.values():
            raise CheckpointError(f"the checkpoint refers to {kind!r}, not to a whole storage")
        return _Storage(key, np.dtype(code), count)


def read_checkpoint(content: bytes) -> Weights:
    """The tensors by name, in PyTorch's own layout; raises CheckpointError for any other file."""
    read = _read_zip if content.startswith(b"PK") else _read_old
    try:
        return read(io.BytesIO(content))
    except CheckpointError:
        raise
    except _DAMAGES as error:
        raise CheckpointError(f"the checkpoint is damaged: {error}") from error


def _read_old(stream: io.BytesIO) -> Weights:
    if (_load(stream), _load(stream)) != (MAGIC, PROTOCOL):
        raise CheckpointError("this is no PyTorch checkpoint")
    if not _load(stream)["little_endian"]:
        raise CheckpointError("the checkpoint was written on a big-endian machine")
    tensors = _tensors(_load(stream))
    numbers = _read_storages(stream, tensors, _load(stream))
    return {name: _view(tensor, numbers) for name, tensor in tensors.items()}


def _read_zip(stream: io.BytesIO) -> Weights:
    with zipfile.ZipFile(stream) as archive:
        folder = archive.namelist()[0].partition("/")[0]
        tensors = _tensors(_load(io.BytesIO(archive.read(f"{folder}/data.pkl"))))
        keys = {tensor.storage.key for tensor in tensors.values()}
        numbers = {key: archive.read(f"{folder}/data/{key}") for key in keys}
    return {name: _view(tensor, numbers) for name, tensor in tensors.items()}


def _load(stream: io.BytesIO) -> Any:
    return _Unpickler(stream).load()


def _tensors(described: Any) -> Mapping[str, _Tensor]:
    if not isinstance(described, dict) or not all(
        isinstance(name, str) and isinstance(tensor, _Tensor) for name, tensor in described.items()
    ):
        raise CheckpointError("the checkpoint is not a dictionary of tensors")
    return described


def _read_storages(
    stream: io.BytesIO, tensors: Mapping[str, _Tensor], keys: list[str]
) -> dict[str, bytes]:
    """Each storage stands behind the count of its elements."""
    storages = {tensor.storage.key: tensor.storage for tensor in tensors.values()}
    numbers = {}
    for key in keys:
        (count,) = np.frombuffer(stream.read(8), "<i8").tolist()
        if count != storages[key].count:
            raise CheckpointError(f"storage {key} has {count} elements, not {storages[key].count}")
        numbers[key] = stream.read(count * storages[key].dtype.itemsize)
    return numbers


def _view(tensor: _Tensor, numbers: Mapping[str, bytes]) -> NDArray[np.generic]:
    """NumPy itself refuses a view beyond the end of its bytes."""
    dtype = tensor.storage.dtype
    if not prod(tensor.shape):
        return np.empty(tensor.shape, dtype)
    return np.ndarray(
        tensor.shape,
        dtype,
        numbers[tensor.storage.key],
        tensor.offset * dtype.itemsize,
        tuple(stride * dtype.itemsize for stride in tensor.strides),
    )
