"""The index against the plainest search there is, over more rows than fit one segment."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from openrekog.collections_store.index import files
from openrekog.collections_store.index.changes import Changes
from openrekog.collections_store.index.scan import MULTIPLY_FROM
from openrekog.collections_store.index.shared import SharedIndex
from openrekog.collections_store.index.shelf import IndexShelf
from openrekog.collections_store.index.vector_index import Query, VectorIndex
from openrekog.collections_store.store import Vectors

Unit = Callable[..., Vectors]

ROWS = 230_000
NO_KEYS = np.empty(0, np.int64)


class Naive:
    """Keys and vectors as they are stored, compared one by one in double precision."""

    def __init__(self, halves: NDArray[np.float16]) -> None:
        self.vectors = halves.astype(np.float64)
        self.alive = np.ones(len(halves), np.bool_)

    def search(self, query: Query) -> list[tuple[int, float]]:
        products = self.vectors @ query.vector.astype(np.float64)
        cosines = np.where(self.alive, products, -9.0).astype(np.float32)
        order = np.argsort(-cosines, kind="stable")[: query.limit]
        order = order[cosines[order] >= query.min_cosine]
        return list(zip((order + 1).tolist(), cosines[order].tolist(), strict=True))


@pytest.fixture(scope="module")
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as pool:
        yield pool


@pytest.fixture(scope="module")
def halves() -> NDArray[np.float16]:
    numbers = np.random.default_rng(5).standard_normal((ROWS, 16))
    # Every eleventh is the same person's same photograph: equal cosines must not be shuffled.
    numbers[::11] = numbers[0]
    return np.asarray(numbers / np.linalg.norm(numbers, axis=1, keepdims=True), np.float16)


@pytest.fixture
def index(halves: NDArray[np.float16]) -> VectorIndex:
    made = VectorIndex(16)
    made.apply(Changes(np.arange(1, ROWS + 1), halves, NO_KEYS))
    return made


@pytest.fixture
def naive(halves: NDArray[np.float16]) -> Naive:
    return Naive(halves)


def found(index: VectorIndex, queries: list[Query], threads: ThreadPoolExecutor) -> object:
    return [
        list(zip(hits.keys.tolist(), hits.cosines.tolist(), strict=True))
        for hits in index.search(queries, threads)
    ]


@pytest.mark.parametrize("count", [1, MULTIPLY_FROM - 1, MULTIPLY_FROM, 20])
@pytest.mark.parametrize(
    ("limit", "min_cosine"), [(10, -1.0), (10, 0.6), (4096, 0.2), (1, 0.99), (300, 0.8)]
)
def test_hits_are_exact_however_many_ask(
    index: VectorIndex,
    naive: Naive,
    unit: Unit,
    threads: ThreadPoolExecutor,
    count: int,
    limit: int,
    min_cosine: float,
) -> None:
    naive.alive[::3] = False
    index.apply(Changes(NO_KEYS, np.empty((0, 16), np.float16), np.arange(1, ROWS + 1, 3)))
    queries = [Query(vector, limit, min_cosine) for vector in unit(count, seed=9)]
    assert found(index, queries, threads) == [naive.search(query) for query in queries]


@pytest.mark.parametrize("count", [1, MULTIPLY_FROM])
def test_equal_vectors_come_in_the_order_of_storing(
    index: VectorIndex, naive: Naive, threads: ThreadPoolExecutor, count: int
) -> None:
    twins = np.flatnonzero((naive.vectors == naive.vectors[0]).all(axis=1))[::2]
    naive.alive[:] = False
    naive.alive[twins[:500]] = True
    gone = np.flatnonzero(~naive.alive) + 1
    index.apply(Changes(NO_KEYS, np.empty((0, 16), np.float16), gone))
    query = Query(naive.vectors[0].astype(np.float32), 1000, 0.9)
    assert found(index, [query] * count, threads) == [naive.search(query)] * count


def test_queries_of_a_pass_keep_their_own_limits(
    index: VectorIndex, naive: Naive, unit: Unit, threads: ThreadPoolExecutor
) -> None:
    queries = [
        Query(vector, limit, min_cosine)
        for vector, limit, min_cosine in zip(
            unit(8), [1, 5, 80, 4096, 2, 3, 9, 100], [0, 0.7, 0.5, -1, 1, 0.6, -1, 0.9], strict=True
        )
    ]
    assert found(index, queries, threads) == [naive.search(query) for query in queries]


def test_memory_stays_below_twice_what_lives(
    index: VectorIndex, naive: Naive, unit: Unit, threads: ThreadPoolExecutor
) -> None:
    full = index.bytes
    naive.alive[: ROWS - 20_000] = False
    gone = np.flatnonzero(~naive.alive) + 1
    for part in np.array_split(gone, 10):
        index.apply(Changes(NO_KEYS, np.empty((0, 16), np.float16), part))
    assert len(index) == 20_000
    assert index.bytes < 2.1 * full * 20_000 / ROWS
    queries = [Query(vector, 50, 0.0) for vector in unit(3)]
    assert found(index, queries, threads) == [naive.search(query) for query in queries]


def test_a_vector_that_changes_is_found_as_it_is_now(
    index: VectorIndex, naive: Naive, threads: ThreadPoolExecutor
) -> None:
    new = np.eye(16, dtype=np.float16)[:2]
    index.apply(Changes(np.array([7, ROWS]), new, NO_KEYS))
    naive.vectors[[6, ROWS - 1]] = new
    query = Query(new[1].astype(np.float32), 3, 0.5)
    assert found(index, [query], threads) == [naive.search(query)]
    assert len(index) == ROWS


def test_applying_changes_again_changes_nothing(
    index: VectorIndex, naive: Naive, halves: NDArray[np.float16], threads: ThreadPoolExecutor
) -> None:
    index.apply(Changes(np.arange(101, 201), halves[100:200], np.array([5])))
    naive.alive[4] = False
    assert len(index) == ROWS - 1
    query = Query(halves[150].astype(np.float32), 5, 0.0)
    assert found(index, [query], threads) == [naive.search(query)]


def test_threads_that_ask_at_once_share_passes(
    index: VectorIndex,
    naive: Naive,
    unit: Unit,
    threads: ThreadPoolExecutor,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    passes: list[int] = []
    search = VectorIndex.search

    def counted(self: VectorIndex, queries: list[Query], *others: Any) -> object:
        passes.append(len(queries))
        return search(self, queries, *others)

    monkeypatch.setattr(VectorIndex, "search", counted)
    shared = SharedIndex(16, "sface", tmp_path)
    monkeypatch.setattr(shared, "_index", index)
    queries = [Query(vector, 20, 0.0) for vector in unit(50)]
    start = threading.Barrier(50)

    def ask(query: Query) -> list[tuple[int, float]]:
        start.wait()
        [hits] = shared.search([query], threads)
        return list(zip(hits.keys.tolist(), hits.cosines.tolist(), strict=True))

    with ThreadPoolExecutor(50) as clients:
        assert list(clients.map(ask, queries)) == [naive.search(query) for query in queries]
    assert sum(passes) == 50
    assert len(passes) < 15
    assert max(passes) <= 64


@dataclass
class Feed:
    """Changes after a revision, by what was last read; `breaks` raises instead of the last part."""

    revision: int
    parts: list[Changes]
    whole: bool = True
    breaks: bool = False

    def reaches(self, revision: int) -> bool:
        return self.whole or revision == 0

    def contains(self, revision: int) -> bool:
        return self.reaches(revision)

    def changes(self, since: int) -> Iterator[Changes]:
        if self.breaks:
            yield from self.parts[:-1]
            raise OSError("the database went away")
        yield from self.parts


def rows_of(vectors: Vectors, first_key: int) -> Changes:
    keys = np.arange(first_key, first_key + len(vectors))
    return Changes(keys, vectors.astype(np.float16), NO_KEYS)


def keys_found(index: SharedIndex, vector: Vectors, threads: ThreadPoolExecutor) -> list[int]:
    [hits] = index.search([Query(vector, 100, -1.0)], threads)
    return sorted(hits.keys.tolist())


def test_nobody_searches_what_was_read_in_part(
    unit: Unit, threads: ThreadPoolExecutor, tmp_path: Path
) -> None:
    vectors = unit(6)
    index = SharedIndex(16, "sface", tmp_path)
    index.catch_up(Feed(1, [rows_of(vectors[:4], 1)]))
    purged = [rows_of(vectors[:2], 1), rows_of(vectors[4:], 5)]
    with pytest.raises(OSError, match="went away"):
        index.catch_up(Feed(9, purged, whole=False, breaks=True))
    assert keys_found(index, vectors[0], threads) == [1, 2, 3, 4]
    index.catch_up(Feed(9, purged, whole=False))
    assert keys_found(index, vectors[0], threads) == [1, 2, 5, 6]


def test_a_vector_deleted_since_a_reading_broke_off_is_not_found(
    unit: Unit, threads: ThreadPoolExecutor, tmp_path: Path
) -> None:
    vectors = unit(4)
    index = SharedIndex(16, "sface", tmp_path)
    with pytest.raises(OSError, match="went away"):
        index.catch_up(Feed(1, [rows_of(vectors[:2], 1), rows_of(vectors[2:], 3)], breaks=True))
    # From the beginning on, only what is there is read: nothing tells of the first.
    index.catch_up(Feed(2, [rows_of(vectors[1:], 2)]))
    assert keys_found(index, vectors[0], threads) == [2, 3, 4]


def test_searching_and_changing_go_on_during_a_save(
    unit: Unit, threads: ThreadPoolExecutor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vectors = unit(6)
    index = SharedIndex(16, "sface", tmp_path)
    index.catch_up(Feed(1, [rows_of(vectors[:4], 1)]))
    write = files.save

    def save_slowly(*arguments: object) -> list[str]:
        index.catch_up(Feed(2, [Changes(NO_KEYS, np.empty((0, 16), np.float16), np.array([2]))]))
        index.catch_up(Feed(3, [rows_of(vectors[4:], 5)]))
        assert keys_found(index, vectors[0], threads) == [1, 3, 4, 5, 6]
        return write(*arguments)  # type: ignore[arg-type]  # as they came

    monkeypatch.setattr(files, "save", save_slowly)
    index.save()
    assert index.unsaved == 3
    saved = files.load(tmp_path, 16, "sface")
    assert saved is not None
    assert saved.revision == 1
    assert len(saved) == 4

    monkeypatch.setattr(files, "save", write)
    index.save()
    assert index.unsaved == 0
    saved = files.load(tmp_path, 16, "sface")
    assert saved is not None
    assert saved.revision == 3
    assert len(saved) == 5


def test_the_shelf_counts_what_it_holds(unit: Unit, tmp_path: Path) -> None:
    row = 16 * 3 + 9
    shelf = IndexShelf(tmp_path, memory_limit=10 * row)
    for collection in range(8):
        shelf.open(collection, "faces", "sface", 16, Feed(1, [rows_of(unit(4), 1)]))
        assert shelf.stats().bytes == min(collection + 1, 2) * 4 * row
    shelf.forget({7}, set())
    shelf.open(7, "faces", "sface", 16, Feed(2, [rows_of(unit(3), 5)]))
    shelf.open(9, "faces", "sface", 16, Feed(1, [rows_of(unit(3), 1)]))
    assert shelf.stats().vectors == 10
    shelf.close()
