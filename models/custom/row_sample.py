"""A fair sample of more rows than memory holds."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

Columns = Mapping[str, NDArray[np.generic]]


class RowSample:
    """Keeps at most so many rows: each draws a lot, and those with the lowest stay, in order."""

    def __init__(self, most: int, seed: int = 0) -> None:
        self._most = most
        self._lots = np.random.RandomState(seed)  # NumPy promises that its numbers never change
        self._parts: list[dict[str, NDArray[np.generic]]] = []
        self._count = 0

    def add(self, columns: Columns) -> None:
        count = len(next(iter(columns.values())))
        self._parts.append({**columns, "lot": self._lots.random_sample(count)})
        self._count += count
        if self._count > 2 * self._most:
            self._cut()

    def columns(self) -> Columns | None:
        """The rows; None where there are none."""
        self._cut()
        return self._parts[0] if self._count else None

    def _cut(self) -> None:
        if not self._count:
            return
        names = self._parts[0]
        rows = {name: np.concatenate([part[name] for part in self._parts]) for name in names}
        lots = rows["lot"]
        if len(lots) > self._most:
            kept = np.sort(np.argsort(lots, kind="stable")[: self._most])
            rows = {name: column[kept] for name, column in rows.items()}
        self._parts, self._count = [rows], len(rows["lot"])
