"""All vectors of one kind of one collection: segments that grow, are searched side by side, and
are packed anew when too much in them is dead."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openrekog.collections_store.index.candidates import Candidates, joined, strongest
from openrekog.collections_store.index.changes import Changes, Halves, Keys
from openrekog.collections_store.index.scan import Device, scan
from openrekog.collections_store.index.segment import CAPACITY, Segment

# Asked for on top of the limit, so that equal cosines at its edge are sorted out by key.
SPARE = 16

# Below so many dead rows packing is not worth while.
PACK_FROM = 1000


@dataclass(frozen=True, slots=True)
class Query:
    vector: NDArray[np.float32]
    limit: int
    min_cosine: float


@dataclass(frozen=True, slots=True)
class Hits:
    """Best first; equal cosines by key."""

    keys: Keys
    cosines: NDArray[np.float32]


class VectorIndex:
    def __init__(self, dimension: int) -> None:
        self.dimension = dimension
        self.revision = 0
        self.segments: list[Segment] = []
        # Rows added or buried since the index was made or last saved.
        self.unsaved = 0
        self._last_key = 0

    def __len__(self) -> int:
        return sum(len(segment) - segment.dead for segment in self.segments)

    @property
    def bytes(self) -> int:
        return sum(segment.bytes for segment in self.segments)

    def apply(self, changes: Changes) -> None:
        """Doing it again changes nothing, so a catch-up that broke off can simply be repeated."""
        self._bury(changes.gone)
        self._bury(changes.keys[changes.keys <= self._last_key])
        self._append(changes.keys, changes.halves)
        self.unsaved += len(changes.keys) + len(changes.gone)
        self._pack()

    def adopt(self, segments: list[Segment], revision: int) -> None:
        """Takes segments that were read from files."""
        self.segments = segments
        self.revision = revision
        self._last_key = max((int(segment.keys.max()) for segment in segments), default=0)

    def search(
        self, queries: Sequence[Query], threads: ThreadPoolExecutor, device: Device | None = None
    ) -> list[Hits]:
        vectors = np.stack([query.vector for query in queries])
        floors = np.array([query.min_cosine for query in queries], np.float32)
        most = max(query.limit for query in queries) + SPARE
        segments = list(self.segments)
        # A single one is searched here: to have another thread do it takes longer than it seems.
        side_by_side = threads.map if len(segments) > 1 else map
        parts = list(
            side_by_side(lambda segment: scan(segment, vectors, most, floors, device), segments)
        )
        return [
            _best(query, segments, [part[number] for part in parts])
            for number, query in enumerate(queries)
        ]

    def _bury(self, keys: Keys) -> None:
        if len(keys):
            for segment in self.segments:
                segment.bury(keys)

    def _append(self, keys: Keys, halves: Halves) -> None:
        start = 0
        while start < len(keys):
            if not self.segments or not self.segments[-1].room:
                self.segments.append(Segment(self.dimension))
            last = self.segments[-1]
            end = start + last.room
            last.append(keys[start:end], halves[start:end])
            start = end
        if len(keys):
            self._last_key = max(self._last_key, int(keys.max()))

    def _pack(self) -> None:
        """Moves the living together once they are the smaller part, so that memory stays below
        twice what is needed and a deletion costs its share."""
        dead = sum(segment.dead for segment in self.segments)
        if dead < max(PACK_FROM, len(self)):
            return
        old, self.segments = self.segments, []
        for segment in old:
            self._append(*segment.living())


def _best(query: Query, segments: list[Segment], parts: list[Candidates]) -> Hits:
    """The strongest of all segments, by a cosine that does not depend on how they were found."""
    places = [
        Candidates(part.rows + number * CAPACITY, part.cosines) for number, part in enumerate(parts)
    ]
    found = strongest(joined(places), query.limit + SPARE)
    owner, row = np.divmod(found.rows, CAPACITY)
    keys = np.empty(len(row), np.int64)
    cosines = np.empty(len(row), np.float32)
    for number in np.unique(owner):
        mine = owner == number
        halves = segments[number].halves[row[mine]]
        keys[mine] = segments[number].keys[row[mine]]
        cosines[mine] = halves.astype(np.float64) @ query.vector.astype(np.float64)
    order = np.lexsort((keys, -cosines))
    order = order[cosines[order] >= np.float32(query.min_cosine)][: query.limit]
    return Hits(keys[order], cosines[order])
