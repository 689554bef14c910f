"""Vectors rounded to 8 bits a number: half of what exact cosines have to read, and enough to tell
which rows are worth it."""

import faiss
import numpy as np
from numpy.typing import NDArray

from openrekog.collections_store.index.changes import Halves

Floats = NDArray[np.float32]

# The largest number that is rounded and not cut, in shares of what each has in a unit vector of
# equal ones. Of normally distributed numbers one in 1.7 million is larger.
REACH = 5.0
STEPS = 127

# By how much a cosine with a rounded unit vector is wrong at most: the length of what rounding
# takes away. Mostly it takes REACH / STEPS / sqrt(12) = 0.0114, in any dimension.
ERROR = np.float32(0.015)

# What the largest number of a query counts as at least, so that nothing is divided by zero.
TINY = 1e-6

# Rows rounded in one go: 4 MiB of 128 single-precision numbers.
PART = 8192


class Rounded:
    """Rounded copies of a segment's vectors, in the same order.

    Rows that lose more than ERROR are told in `coarse`: for them the copy says nothing.
    """

    def __init__(self, dimension: int) -> None:
        self._codes = faiss.IndexScalarQuantizer(
            dimension, faiss.ScalarQuantizer.QT_8bit_direct_signed, faiss.METRIC_INNER_PRODUCT
        )
        self._step = np.float32(REACH / np.sqrt(dimension) / STEPS)
        self.coarse: NDArray[np.int64] = np.empty(0, np.int64)

    def __len__(self) -> int:
        return int(self._codes.ntotal)

    def append(self, halves: Halves) -> None:
        for start in range(0, len(halves), PART):
            self._append(halves[start : start + PART])

    def _append(self, halves: Halves) -> None:
        scaled = halves.astype(np.float32)
        scaled /= self._step
        rounded = np.rint(scaled)
        np.clip(rounded, -STEPS, STEPS, out=rounded)
        scaled -= rounded
        lost = np.sqrt(np.einsum("rn,rn->r", scaled, scaled)) * self._step
        self.coarse = np.append(self.coarse, np.flatnonzero(lost > ERROR) + len(self))
        self._codes.add(rounded)

    def nearest(self, queries: Floats, count: int) -> tuple[Floats, NDArray[np.int64], Floats]:
        """Cosines and rows, best first, each of shape (queries, count), and by how much the cosines
        of each query are wrong at most. Queries are unit vectors, and are rounded, too."""
        steps = np.maximum(np.abs(queries).max(axis=1), np.float32(TINY)) / STEPS
        rounded = np.rint(queries / steps[:, None])
        lost = np.linalg.norm(queries - rounded * steps[:, None], axis=1)
        products, rows = self._codes.search(rounded, count)
        return products * (steps * self._step)[:, None], rows, ERROR + lost * (1 + ERROR)
