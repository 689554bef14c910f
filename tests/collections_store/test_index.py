"""The index against the plainest search there is, over more rows than fit one segment."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from openrekog.collections_store.index.changes import Changes
from openrekog.collections_store.index.scan import MULTIPLY_FROM
from openrekog.collections_store.index.shared import SharedIndex
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

    def counted(self: VectorIndex, queries: list[Query], pool: ThreadPoolExecutor) -> object:
        passes.append(len(queries))
        return search(self, queries, pool)

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
