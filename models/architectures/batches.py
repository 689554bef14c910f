"""How any number of items goes through a graph in few input shapes."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openrekog.models.session import Session

# A session's memory grows with every new input shape, so a batch is cut into these sizes only. More
# than eight at once buys nothing on a CPU and would hold the activations of all.
BATCH_SIZES = (8, 4, 2, 1)


def run_batch(session: Session, items: NDArray[Any]) -> list[NDArray[np.float32]]:
    """Every output for any number of items of one shape, for a graph with one input."""
    items = np.ascontiguousarray(items, np.float32)
    ((name, shape),) = session.inputs.items()
    largest = 1 if shape[0] == 1 else BATCH_SIZES[0]
    pieces = [
        session.run({name: items[start : start + size]}) for start, size in cut(len(items), largest)
    ]
    return [np.concatenate(outputs) for outputs in zip(*pieces, strict=True)]


def cut(count: int, largest: int) -> Iterator[tuple[int, int]]:
    """Start and size of each piece: the largest sizes that fit, so that nothing is padded."""
    start = 0
    while start < count:
        size = next(size for size in BATCH_SIZES if size <= min(largest, count - start))
        yield start, size
        start += size


def softmax(logits: NDArray[np.floating]) -> NDArray[np.float64]:
    powers = np.exp(logits.astype(np.float64) - logits.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True), dtype=np.float64)


def sigmoid(logits: NDArray[np.floating]) -> NDArray[np.float64]:
    powers = np.exp(-np.clip(logits.astype(np.float64), -88, 88))
    return np.asarray(1 / (1 + powers), dtype=np.float64)
