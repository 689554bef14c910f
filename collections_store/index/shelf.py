"""Every index of a store: made when first asked for, least recently used out first when memory is
short, saved when it has changed enough."""

import os
import shutil
import threading
from collections import OrderedDict
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # it has no types

from openrekog.collections_store.index.changes import Feed
from openrekog.collections_store.index.scan import Device
from openrekog.collections_store.index.shared import SharedIndex
from openrekog.collections_store.index.vector_index import Hits, Query

Kind = Literal["faces", "users", "celebrities"]

# A file keeps the vectors of the dead until its segment is packed; who is deleted from the gallery
# of celebrities is to be gone at once, and galleries are small enough to be read from the rows.
KEPT_ON_DISK: frozenset[Kind] = frozenset({"faces", "users"})

# So many rows are read from the database in about a tenth of a second, and a save writes up to a
# whole segment: below it, a save costs more than it spares the next start.
SAVE_FROM = 10_000


@dataclass(frozen=True, slots=True)
class ShelfStats:
    """What is in memory, and how many indexes had to be built from rows alone."""

    vectors: int
    bytes: int
    built: int


class IndexShelf:
    def __init__(
        self,
        folder: Path,
        *,
        memory_limit: int,
        threads: int | None = None,
        device: Device | None = None,
    ) -> None:
        self._folder = folder
        self._memory_limit = memory_limit
        self._device = device
        self._indexes: OrderedDict[tuple[int, Kind], SharedIndex] = OrderedDict()
        # Bytes of each index when it was last asked: to add up ten thousand takes 20 ms.
        self._sizes: dict[tuple[int, Kind], int] = {}
        self._used = 0
        self._lock = threading.Lock()
        # As in `scan`: no threads of a library's own beside ours.
        threadpool_limits(1, user_api="blas")
        self._threads = ThreadPoolExecutor(
            threads or len(os.sched_getaffinity(0)), thread_name_prefix="index"
        )

    def search(
        self,
        collection: int,
        kind: Kind,
        face_model: str,
        dimension: int,
        feed: Feed,
        queries: Sequence[Query],
    ) -> list[Hits]:
        """Exact hits among the rows of the feed's snapshot, or of a newer one."""
        index = self.open(collection, kind, face_model, dimension, feed)
        return index.search(queries, self._threads, self._device) if queries else []

    def open(
        self, collection: int, kind: Kind, face_model: str, dimension: int, feed: Feed
    ) -> SharedIndex:
        name = (collection, kind)
        with self._lock:
            index = self._indexes.pop(name, None) or SharedIndex(
                dimension, face_model, self._path(name)
            )
            self._indexes[name] = index
        index.catch_up(feed)
        with self._lock:
            self._make_room_for(name, index)
        return index

    def _make_room_for(self, name: tuple[int, Kind], index: SharedIndex) -> None:
        if self._indexes.get(name) is index:
            self._note_size(name, index.bytes)
        # The index that is asked right now stays, however large it is.
        while self._used > self._memory_limit and len(self._indexes) > 1:
            dropped, _ = self._indexes.popitem(last=False)
            self._note_size(dropped, 0)

    def _note_size(self, name: tuple[int, Kind], size: int) -> None:
        self._used += size - self._sizes.pop(name, 0)
        if size:
            self._sizes[name] = size

    def save(self) -> None:
        """Writes the indexes that have changed by many rows since they were last written."""
        with self._lock:
            indexes = [index for name, index in self._indexes.items() if name[1] in KEPT_ON_DISK]
        for index in indexes:
            if index.unsaved >= SAVE_FROM:
                index.save()

    def stats(self) -> ShelfStats:
        with self._lock:
            indexes = list(self._indexes.values())
        return ShelfStats(
            vectors=sum(len(index) for index in indexes),
            bytes=sum(index.bytes for index in indexes),
            built=sum(index.built for index in indexes),
        )

    def folders(self) -> set[int]:
        """The collections that have files."""
        if not self._folder.exists():
            return set()
        return {int(path.name) for path in self._folder.iterdir() if path.name.isdigit()}

    def forget(self, living: Collection[int], folders: Collection[int]) -> None:
        """Drops what belongs to no living collection, from memory and of these folders."""
        with self._lock:
            for name in [name for name in self._indexes if name[0] not in living]:
                del self._indexes[name]
                self._note_size(name, 0)
        for collection in set(folders) - set(living):
            # Another process may be doing the same; what it leaves is removed the next time.
            with suppress(FileNotFoundError):
                shutil.rmtree(self._folder / str(collection))

    def close(self) -> None:
        self._threads.shutdown()

    def _path(self, name: tuple[int, Kind]) -> Path:
        collection, kind = name
        return self._folder / str(collection) / kind
