"""Up to 100,000 half-precision vectors, their rounded copies and their keys, of which some may be
buried."""

import faiss
import numpy as np
from numpy.typing import NDArray

from openrekog.collections_store.index.changes import Halves, Keys
from openrekog.collections_store.index.rounded import Rounded

# Small enough that the array, which doubles as it grows, never stalls a search, and that the last
# segment is quickly saved; large enough that a pass over it dwarfs the cost of starting one.
CAPACITY = 100_000


class Segment:
    def __init__(self, dimension: int) -> None:
        self.codes = faiss.IndexScalarQuantizer(
            dimension, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT
        )
        self.rounded = Rounded(dimension)
        self.dimension = dimension
        self.keys: Keys = np.empty(0, np.int64)
        self.alive: NDArray[np.bool_] = np.empty(0, np.bool_)
        self.dead = 0
        # The file that holds these keys and vectors; None since they were last added to.
        self.file: str | None = None

    def __len__(self) -> int:
        return len(self.keys)

    @property
    def room(self) -> int:
        return CAPACITY - len(self)

    @property
    def bytes(self) -> int:
        return len(self) * (3 * self.dimension + self.keys.itemsize + 1)

    @property
    def halves(self) -> Halves:
        """The vectors in place; not to be kept, since adding moves them."""
        if not len(self):
            return np.empty((0, self.dimension), np.float16)
        data: NDArray[np.uint8] = faiss.rev_swig_ptr(
            self.codes.codes.data(), self.codes.codes.size()
        )
        return data.view(np.float16).reshape(-1, self.dimension)

    def append(self, keys: Keys, halves: Halves) -> None:
        if not len(keys):
            return
        # Bytes as they are: FAISS keeps the same IEEE half precision as the rows.
        codes = np.ascontiguousarray(halves).view(np.uint8).reshape(len(keys), -1)
        self.codes.add_sa_codes(codes)
        self.rounded.append(halves)
        self.keys = np.concatenate([self.keys, keys])
        self.alive = np.concatenate([self.alive, np.ones(len(keys), np.bool_)])
        self.file = None

    def bury(self, keys: Keys) -> None:
        found = self.alive & np.isin(self.keys, keys)
        self.alive &= ~found
        self.dead += int(np.count_nonzero(found))

    def living(self) -> tuple[Keys, Halves]:
        return self.keys[self.alive], self.halves[self.alive]
