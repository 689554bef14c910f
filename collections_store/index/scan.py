"""The ways to compare queries with a segment; `benchmarks/index_search.py` measures them.

For few queries FAISS scans all rounded vectors for each, and the nearest of them are compared
exactly; where a row that is not among them might be better, it scans the half-precision ones. For
many queries, these are widened to single precision a tile at a time, once for all, and multiplied.
"""

from collections.abc import Callable
from typing import Protocol

import faiss
import numpy as np
from numpy.typing import NDArray

from openrekog.collections_store.index.candidates import (
    SLACK,
    Candidates,
    Floats,
    Look,
    joined,
    strongest,
)
from openrekog.collections_store.index.segment import Segment

# From so many queries on all are multiplied at once. Alone, a pass is cheaper from 12 on, but it
# costs the same for 9 to 16, and the next is shared by those who came while it took its time: with
# 16 clients and 512 numbers a search takes 23 ms of processor from 7 on, and 26 from 12 on.
MULTIPLY_FROM = 7

# Rows fetched for each that is asked for: the next ones differ by less than rounding takes.
FETCHED = 4

# To fetch many costs more than to read exact vectors at once.
MOST_FETCHED = 4096

# Single-precision numbers a tile: 2 MiB. Smaller ones stay in the second-level cache, but cost more
# in calls than that spares (16 queries, 512 numbers: 282 ms with 128 Ki, 230 with 512 Ki and 1 Mi).
TILE_NUMBERS = 512 * 1024

# OpenBLAS multiplies by so many columns at a time and is slow with what is left over (a million
# rows of 128 by 15 columns takes 64 ms, by 16 takes 30): columns of zeros fill them up.
COLUMNS = 8

# Shifting a half's bits by 13 into a single leaves its exponent 112 too low; that factor goes into
# the queries, which costs nothing. Bits 28 to 30 get copies of the sign, which the mask removes.
WIDEN_SHIFT = 13
WIDEN_MASK = np.int32(-0x70000001)
WIDEN_SCALE = np.float32(2.0**112)


Scan = Callable[[Segment, Floats, int, Floats], list[Candidates]]


class Device(Protocol):
    """Another processor that answers as `scan` does where it can, and None where it cannot."""

    def candidates(
        self, segment: Segment, queries: Floats, most: int, floors: Floats
    ) -> list[Candidates | None]: ...


def scan(
    segment: Segment, queries: Floats, most: int, floors: Floats, device: Device | None = None
) -> list[Candidates]:
    """At most `most` candidates for each query, none below its floor by more than the slack."""
    # Segments are scanned side by side and requests too, so FAISS must start no threads of its own:
    # 16 requests would each start as many as there are cores. It keeps the number by thread.
    faiss.omp_set_num_threads(1)
    if device is None:
        return _scan_here(segment, queries, most, floors)
    found = device.candidates(segment, queries, most, floors)
    return _completed(found, _scan_here, segment, queries, most, floors)


def _scan_here(segment: Segment, queries: Floats, most: int, floors: Floats) -> list[Candidates]:
    if len(queries) >= MULTIPLY_FROM:
        return _multiply_tiles(segment, queries, most, floors)
    found = _look_at_rounded(segment, queries, most, floors)
    return _completed(found, _scan_halves, segment, queries, most, floors)


def _completed(
    found: list[Candidates | None],
    rest_by: Scan,
    segment: Segment,
    queries: Floats,
    most: int,
    floors: Floats,
) -> list[Candidates]:
    """What was found, and by another scan what was not."""
    left = [number for number, candidates in enumerate(found) if candidates is None]
    rest = iter(rest_by(segment, queries[left], most, floors[left]) if left else ())
    return [next(rest) if candidates is None else candidates for candidates in found]


def _look_at_rounded(
    segment: Segment, queries: Floats, most: int, floors: Floats
) -> list[Candidates | None]:
    """None for a query whose best rows are not certain to be among the nearest rounded ones."""
    rounded = segment.rounded
    if FETCHED * most > MOST_FETCHED or len(rounded.coarse) > most:
        return [None] * len(queries)
    nearest = rounded.nearest(queries, min(FETCHED * most, len(segment)))
    return Look(*nearest, rounded.coarse).settled(segment, queries, most, floors)


def _scan_halves(segment: Segment, queries: Floats, most: int, floors: Floats) -> list[Candidates]:
    parameters = None
    if segment.dead:
        bits = np.packbits(segment.alive, bitorder="little")
        parameters = faiss.SearchParameters()
        chosen = faiss.IDSelectorBitmap(len(segment), faiss.swig_ptr(bits))
        parameters.sel = chosen
    cosines, rows = segment.codes.search(queries, min(most, len(segment)), params=parameters)
    found = []
    for row, cosine, floor in zip(rows, cosines, floors, strict=True):
        kept = (row >= 0) & (cosine >= floor - SLACK)
        found.append(Candidates(row[kept], cosine[kept]))
    return found


def _multiply_tiles(
    segment: Segment, queries: Floats, most: int, floors: Floats
) -> list[Candidates]:
    halves = segment.halves.view(np.int16)
    height = max(TILE_NUMBERS // segment.dimension, 1)
    columns = -(-len(queries) // COLUMNS) * COLUMNS
    wide = np.empty((height, segment.dimension), np.int32)
    cosines = np.empty((height, columns), np.float32)
    scaled = np.zeros((segment.dimension, columns), np.float32)
    scaled[:, : len(queries)] = queries.T * WIDEN_SCALE
    limits = np.full(columns, np.inf, np.float32)
    limits[: len(queries)] = floors - np.float32(SLACK)
    best = _Best(most, limits)
    for start in range(0, len(segment), height):
        part = halves[start : start + height]
        tile = wide[: len(part)]
        np.copyto(tile, part)
        np.left_shift(tile, WIDEN_SHIFT, out=tile)
        np.bitwise_and(tile, WIDEN_MASK, out=tile)
        products = np.matmul(tile.view(np.float32), scaled, out=cosines[: len(part)])
        best.offer(products, segment.alive[start : start + height], start)
    return best.candidates()[: len(queries)]


class _Best:
    """The best rows of each query so far; floors rise as soon as `most` rows are above them."""

    def __init__(self, most: int, floors: Floats) -> None:
        self._most = most
        self._floors = floors
        self._found: list[list[Candidates]] = [[] for _ in floors]
        self._counts = np.zeros(len(floors), np.int64)

    def offer(self, cosines: Floats, alive: NDArray[np.bool_], start: int) -> None:
        # Flat, since NumPy looks for few ones in two dimensions ten times as slowly.
        places = np.flatnonzero(cosines >= self._floors)
        if not len(places):
            return
        rows, queries = np.divmod(places, len(self._floors))
        living = alive[rows]
        rows, queries = rows[living], queries[living]
        for query in np.unique(queries):
            mine = rows[queries == query]
            self._found[query].append(Candidates(mine + start, cosines[mine, query]))
            self._counts[query] += len(mine)
            if self._counts[query] > 2 * self._most:
                self._cut(query)

    def _cut(self, query: np.intp) -> None:
        kept = strongest(joined(self._found[query]), self._most)
        self._found[query] = [kept]
        self._counts[query] = self._most
        self._floors[query] = max(self._floors[query], kept.cosines.min())

    def candidates(self) -> list[Candidates]:
        return [strongest(joined(found), self._most) for found in self._found]
