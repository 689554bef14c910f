"""What an index is fed with: the rows that changed since a revision."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Keys = NDArray[np.int64]
Halves = NDArray[np.float16]
"""Vectors as they are stored, shape (n, dimension)."""


@dataclass(frozen=True, slots=True)
class Changes:
    """Vectors that are new or other than before, and keys that have none any more."""

    keys: Keys
    halves: Halves
    gone: Keys


class Feed(Protocol):
    """The rows of one snapshot of the database."""

    @property
    def revision(self) -> int: ...

    def reaches(self, revision: int) -> bool:
        """Whether `changes` since that revision tells of every deletion."""

    def contains(self, revision: int) -> bool:
        """Whether that revision belongs to this database's history, and `reaches` holds."""

    def changes(self, since: int) -> Iterator[Changes]: ...
