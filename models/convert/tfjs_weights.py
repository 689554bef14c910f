"""Reads TensorFlow.js weights: a manifest in JSON and one binary file, whose tensors may be stored
as 8- or 16-bit numbers with a scale, or as half floats."""

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

Weights = dict[str, NDArray[np.generic]]

_TYPES = {"float32": "<f4", "int32": "<i4", "float16": "<f2", "uint8": "u1", "uint16": "<u2"}


def read_weights(manifest: Sequence[Mapping[str, Any]], binary: bytes) -> Weights:
    """Tensors in TensorFlow's own layout; the manifest must describe the whole binary file."""
    weights: Weights = {}
    offset = 0
    for entry in (entry for group in manifest for entry in group["weights"]):
        stored = np.dtype(_TYPES[entry.get("quantization", entry)["dtype"]])
        count = prod(entry["shape"])
        values = np.frombuffer(binary, stored, count, offset)
        weights[entry["name"]] = _restore(values, entry).reshape(entry["shape"])
        offset += count * stored.itemsize
    if offset != len(binary):
        raise ValueError(f"manifest describes {offset} bytes, the file has {len(binary)}")
    return weights


def _restore(values: NDArray[Any], entry: Mapping[str, Any]) -> NDArray[np.generic]:
    quantisation = entry.get("quantization")
    if quantisation and "scale" in quantisation:
        scale, low = np.float32(quantisation["scale"]), np.float32(quantisation["min"])
        return values.astype(np.float32) * scale + low
    return values.astype(_TYPES[entry["dtype"]])
