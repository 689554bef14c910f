"""An index that many threads ask at once: one answers everybody who waits, and hands on."""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from openrekog.collections_store.index import files
from openrekog.collections_store.index.changes import Feed
from openrekog.collections_store.index.scan import Device
from openrekog.collections_store.index.vector_index import Hits, Query, VectorIndex

# Queries that share a pass: more would only make the first wait longer.
MOST_QUERIES = 64


class _Waiting:
    """A search that waits for its answer, or to be the one who answers all that wait."""

    def __init__(self, queries: Sequence[Query]) -> None:
        self.queries = queries
        self.hits: list[Hits] | None = None
        self.error: BaseException | None = None
        self.woken = threading.Event()


class SharedIndex:
    def __init__(self, dimension: int, face_model: str, folder: Path) -> None:
        self._index = VectorIndex(dimension)
        self._face_model = face_model
        self._folder = folder
        self._loaded = False
        # How often every row was read because no file, or no memory, was of use.
        self.built = 0
        # Held while the index is changed or searched.
        self._turn = threading.Lock()
        self._queue = threading.Lock()
        self._waiting: list[_Waiting] = []
        # Whether some thread answers, or has been woken to do so.
        self._led = False

    def __len__(self) -> int:
        return len(self._index)

    @property
    def bytes(self) -> int:
        return self._index.bytes

    @property
    def unsaved(self) -> int:
        return self._index.unsaved

    def catch_up(self, feed: Feed) -> None:
        """Reads what this snapshot has and the index has not; an index that is ahead stays."""
        if self._loaded and self._index.revision >= feed.revision:
            return
        with self._turn:
            if not self._loaded:
                self._load(feed)
            if self._index.revision >= feed.revision:
                return
            index = self._index
            if index.revision == 0 or not feed.reaches(index.revision):
                # Built aside: nobody may search a part of it, should reading break off, and a
                # second reading from the beginning does not tell what was deleted in between.
                index = VectorIndex(index.dimension)
                self.built += 1
            for changes in feed.changes(index.revision):
                index.apply(changes)
            index.revision = feed.revision
            self._index = index

    def _load(self, feed: Feed) -> None:
        index = files.load(self._folder, self._index.dimension, self._face_model)
        if index is not None and feed.contains(index.revision):
            self._index = index
        self._loaded = True

    def search(
        self, queries: Sequence[Query], threads: ThreadPoolExecutor, device: Device | None = None
    ) -> list[Hits]:
        mine = _Waiting(queries)
        with self._queue:
            self._waiting.append(mine)
            first, self._led = not self._led, True
        if not first:
            mine.woken.wait()
        if mine.hits is None and mine.error is None:
            self._lead(threads, device)
        if mine.hits is None:
            raise mine.error or RuntimeError("a search was answered with nothing")
        return mine.hits

    def _lead(self, threads: ThreadPoolExecutor, device: Device | None) -> None:
        """Answers the oldest that wait, this thread's own among them, and hands the lead on."""
        batch = self._next()
        try:
            with self._turn:
                self._answer(batch, threads, device)
        finally:
            for answered in batch:
                answered.woken.set()
            with self._queue:
                self._led = bool(self._waiting)
                if self._led:
                    self._waiting[0].woken.set()

    def _next(self) -> list[_Waiting]:
        """As many as share a pass, at least one."""
        with self._queue:
            taken = 0
            total = 0
            for waiting in self._waiting:
                total += len(waiting.queries)
                if taken and total > MOST_QUERIES:
                    break
                taken += 1
            batch, self._waiting = self._waiting[:taken], self._waiting[taken:]
            return batch

    def _answer(
        self, batch: list[_Waiting], threads: ThreadPoolExecutor, device: Device | None
    ) -> None:
        queries = [query for waiting in batch for query in waiting.queries]
        try:
            hits = self._index.search(queries, threads, device)
        except BaseException as error:
            # Those who wait for this pass must not wait for ever.
            for waiting in batch:
                waiting.error = error
            raise
        for waiting in batch:
            waiting.hits, hits = hits[: len(waiting.queries)], hits[len(waiting.queries) :]

    def save(self) -> None:
        """Writes the index as it is now; searches go on meanwhile."""
        with self._turn:
            now = files.IndexAt.of(self._index)
        names = files.save(now, self._folder, self._face_model)
        with self._turn:
            now.saved_as(names)
