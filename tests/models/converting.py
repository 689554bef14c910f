"""Small nets and published ones, and what they say of numbers that are easily made again."""

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
import pytest
from numpy.typing import NDArray

from openrekog.models.pack import find
from openrekog.models.store import PackStore
from openrekog.server.settings import Settings


def run(model: bytes, *arrays: NDArray[Any]) -> list[NDArray[Any]]:
    session = ort.InferenceSession(model, providers=["CPUExecutionProvider"])
    names = [value.name for value in session.get_inputs()]
    outputs: list[NDArray[Any]] = session.run(None, dict(zip(names, arrays, strict=True)))
    return outputs


def series(seed: int, *shape: int) -> NDArray[np.float32]:
    """Numbers that JavaScript computes to the same bits; channels last, as TensorFlow.js has."""
    numbers = (np.arange(np.prod(shape), dtype=np.int64) * 7919 + seed) % 1009 / 1009
    return numbers.astype(np.float32).reshape(shape)


def channels_first(image: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.ascontiguousarray(image.transpose(0, 3, 1, 2), np.float32)


def fetched(pack_name: str, file: str) -> Path:
    (pack,) = find([pack_name])
    store = PackStore(Settings().models_dir)
    if store.missing([pack]):
        pytest.skip(f"pack {pack_name} is not fetched; `openrekog models pull` fetches it")
    return store.path(pack, file)
