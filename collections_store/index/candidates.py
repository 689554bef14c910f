"""Rows that may be the answer to a query, and what of a rough look at them is certain."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openrekog.collections_store.index.segment import Segment

Floats = NDArray[np.float32]

# Every way to multiply rounds in its own order; candidates this far below a threshold are still
# looked at, and the final cosine decides.
SLACK = 1e-5


@dataclass(frozen=True, slots=True)
class Candidates:
    """Rows of one segment that may be among the best for one query."""

    rows: NDArray[np.int64]
    cosines: Floats


def joined(parts: list[Candidates]) -> Candidates:
    if not parts:
        return Candidates(np.empty(0, np.int64), np.empty(0, np.float32))
    return Candidates(
        np.concatenate([part.rows for part in parts]),
        np.concatenate([part.cosines for part in parts]),
    )


def strongest(candidates: Candidates, most: int) -> Candidates:
    if len(candidates.rows) <= most:
        return candidates
    kept = np.argpartition(-candidates.cosines, most - 1)[:most]
    return Candidates(candidates.rows[kept], candidates.cosines[kept])


@dataclass(frozen=True, slots=True)
class Look:
    """The nearest rows of a segment as a cheaper comparison sees them, best first."""

    cosines: Floats
    """Of shape (queries, rows seen)."""
    rows: NDArray[np.int64]
    errors: Floats
    """By how much the cosines of each query are wrong at most."""
    unseen: NDArray[np.int64]
    """Rows of which the comparison says nothing."""

    def settled(
        self, segment: Segment, queries: Floats, most: int, floors: Floats
    ) -> list[Candidates | None]:
        """For each query the best of its living rows, `most` at most, as exact cosines have them,
        and none below its floor by more than the slack; None if a row that is not here might be
        one of them."""
        found: list[Candidates | None] = []
        for query, cosines, rows, error, floor in zip(
            queries, self.cosines, self.rows, self.errors, floors, strict=True
        ):
            near = rows[cosines >= floor - error - SLACK]
            near = np.union1d(near, self.unseen) if len(self.unseen) else near
            best = exact(segment, query, near, most, floor)
            needed = best.cosines.min() if len(best.rows) == most else floor
            is_all = len(rows) == len(segment)
            missed = -np.inf if is_all else cosines[-1] + error
            found.append(best if missed < needed - SLACK else None)
        return found


def exact(
    segment: Segment, query: Floats, rows: NDArray[np.int64], most: int, floor: np.float32
) -> Candidates:
    living = rows[segment.alive[rows]]
    cosines = segment.halves[living].astype(np.float32) @ query
    kept = cosines >= floor - SLACK
    return strongest(Candidates(living[kept], cosines[kept]), most)
