"""Full segments copied to a GPU and searched there; what it cannot answer for certain is left to
the CPU.

It has not run on a GPU yet: names and signatures were checked against FAISS's GPU build on a
machine without one, and the tests drive all the rest with FAISS's CPU index in the GPU's place.
"""

import logging
import threading
import time
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import faiss
import numpy as np
from numpy.typing import NDArray

from openrekog.collections_store.index.candidates import Candidates, Floats, Look
from openrekog.collections_store.index.segment import Segment

# What FAISS's GPU search can select at most (kMaxKSelection, CUDA 9 and later).
MOST_FETCHED = 2048

# With useFloat16 the GPU rounds the query to half precision as well: by at most 2**-11 of each
# number, and so of the cosine. The rest is for sums in another order.
ROUNDING = 6e-4

# Rows fetched beyond those asked for: cosines closer than ROUNDING come in any order.
SPARE = 64
SPARE_SHARE = 1.25

# FAISS's default for intermediate results is 1.5 GiB on large GPUs, which models need.
SCRATCH_BYTES = 128 * 1024**2

# Seconds without a search after which a copy makes room for others; sooner, an index larger than
# the limit would throw out its own copies in turn.
IDLE = 60.0

# Seconds without the GPU after an error there, which mostly is other work taking its memory.
REST = 60.0

Rows = NDArray[np.int64]

NONE_UNSEEN: Rows = np.empty(0, np.int64)

log = logging.getLogger(__name__)


class Flat(Protocol):
    """FAISS's flat inner-product index, on whatever device."""

    def add(self, vectors: Floats) -> None: ...

    def search(self, queries: Floats, k: int) -> tuple[Floats, Rows]: ...


@dataclass(slots=True)
class _Copy:
    segment: weakref.ref[Segment]
    flat: Flat
    bytes: int
    used: float


class Device:
    """Copies of segments, one search at a time: FAISS's GPU resources bear no more."""

    def __init__(
        self,
        new_flat: Callable[[int], Flat],
        memory_limit: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._new_flat = new_flat
        self._memory_limit = memory_limit
        self._clock = clock
        # By identity. A copy must not die with its segment, in whatever thread that happens, but
        # here, under the lock.
        self._copies: dict[int, _Copy] = {}
        self._rests_until = float("-inf")
        self._lock = threading.Lock()

    @property
    def bytes(self) -> int:
        return sum(copy.bytes for copy in self._copies.values())

    def candidates(
        self, segment: Segment, queries: Floats, most: int, floors: Floats
    ) -> list[Candidates | None]:
        """As `scan` has them; None for a query whose best rows are not certain to be among them."""
        living = len(segment) - segment.dead
        share = SPARE_SHARE * len(segment) / max(living, 1)
        fetched = min(int(most * share) + SPARE, len(segment))
        if segment.room or most > MOST_FETCHED:
            return [None] * len(queries)
        answer = self._search(segment, queries, min(fetched, MOST_FETCHED))
        if answer is None:
            return [None] * len(queries)
        errors = np.full(len(queries), ROUNDING, np.float32)
        return Look(*answer, errors, NONE_UNSEEN).settled(segment, queries, most, floors)

    def _search(
        self, segment: Segment, queries: Floats, fetched: int
    ) -> tuple[Floats, Rows] | None:
        with self._lock:
            if self._clock() < self._rests_until:
                return None
            try:
                flat = self._copy_of(segment)
                return None if flat is None else flat.search(queries, fetched)
            except RuntimeError as error:  # FAISS's for everything, out of memory included
                log.warning("GPU search failed, the CPU goes on for %.0f s: %s", REST, error)
                self._rests_until = self._clock() + REST
                self._copies.pop(id(segment), None)
                return None

    def _copy_of(self, segment: Segment) -> Flat | None:
        copy = self._copies.get(id(segment))
        if copy is None or copy.segment() is not segment:
            size = len(segment) * (2 * segment.dimension + 4)  # and the norm of each
            if not self._has_room(size):
                return None
            flat = self._new_flat(segment.dimension)
            flat.add(segment.halves.astype(np.float32))
            copy = _Copy(weakref.ref(segment), flat, size, 0.0)
            self._copies[id(segment)] = copy
        copy.used = self._clock()
        return copy.flat

    def _has_room(self, size: int) -> bool:
        idle_since = self._clock() - IDLE
        self._copies = {
            name: copy
            for name, copy in self._copies.items()
            if copy.segment() is not None
            and (copy.used > idle_since or self.bytes + size <= self._memory_limit)
        }
        return self.bytes + size <= self._memory_limit


def find_gpu(memory_limit: int) -> Device | None:
    """The first GPU, if FAISS is its GPU build and there is one; the CPU build has none of this."""
    if not memory_limit or not hasattr(faiss, "StandardGpuResources") or not faiss.get_num_gpus():
        return None
    resources = faiss.StandardGpuResources()
    resources.setTempMemory(SCRATCH_BYTES)
    log.info("full segments of vectors are searched on the GPU, up to %d bytes", memory_limit)

    def new_flat(dimension: int) -> Any:
        config = faiss.GpuIndexFlatConfig()
        config.useFloat16 = True
        return faiss.GpuIndexFlat(resources, dimension, faiss.METRIC_INNER_PRODUCT, config)

    return Device(new_flat, memory_limit)
