"""Rounded vectors: what they say is within their bound, and never changes an answer."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from openrekog.collections_store.index import scan
from openrekog.collections_store.index.changes import Changes
from openrekog.collections_store.index.rounded import ERROR, REACH, STEPS, Rounded
from openrekog.collections_store.index.vector_index import Query, VectorIndex
from openrekog.collections_store.store import Vectors

Unit = Callable[..., Vectors]

ROWS = 3000
NO_KEYS = np.empty(0, np.int64)


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as pool:
        yield pool


@pytest.fixture
def vectors(unit: Unit) -> Vectors:
    """Two of a kind that no embedder makes stand among them: all in one number."""
    numbers = unit(ROWS, seed=3, dimension=128)
    numbers[[7, 2500]] = np.eye(128, dtype=np.float32)[[0, 5]]
    return numbers


def index_of(vectors: Vectors) -> VectorIndex:
    index = VectorIndex(vectors.shape[1])
    index.apply(Changes(np.arange(len(vectors)), vectors.astype(np.float16), NO_KEYS))
    return index


def cosines_with(vectors: Vectors, query: Vectors) -> Vectors:
    exact = vectors.astype(np.float16).astype(np.float64) @ query.astype(np.float64)
    return exact.astype(np.float32)


def nearest(vectors: Vectors, query: Vectors, limit: int, min_cosine: float) -> list[int]:
    cosines = cosines_with(vectors, query)
    order = np.argsort(-cosines, kind="stable")[:limit]
    return [int(key) for key in order if cosines[key] >= min_cosine]


@pytest.mark.parametrize("dimension", [16, 128, 512])
def test_cosines_are_within_the_bound_but_of_those_named(unit: Unit, dimension: int) -> None:
    vectors = unit(ROWS, seed=1, dimension=dimension).astype(np.float16)
    vectors[[40, 1500]] = np.eye(dimension)[[3, 4]]
    rounded = Rounded(dimension)
    rounded.append(vectors[:1000])
    rounded.append(vectors[1000:])
    query = unit(1, seed=2, dimension=dimension)
    cosines, rows, errors = rounded.nearest(query, ROWS)
    wrong = np.abs(cosines[0] - vectors[rows[0]].astype(np.float32) @ query[0])
    told = ~np.isin(rows[0], rounded.coarse)
    assert wrong[told].max() <= errors[0] < 2 * ERROR
    assert len(rounded.coarse) < 10
    assert dimension == 16 or {40, 1500} <= {*rounded.coarse.tolist()}


def test_what_a_query_loses_counts_too() -> None:
    """All numbers but one are just too small for its steps."""
    vector = np.full((1, 128), 25 * REACH / np.sqrt(128) / STEPS, np.float16)
    query = np.full((1, 128), 0.9 / (2 * STEPS), np.float32)
    query[0, 0] = 1
    query /= np.linalg.norm(query)
    rounded = Rounded(128)
    rounded.append(vector)
    cosines, _, errors = rounded.nearest(query, 1)
    assert 2 * ERROR < abs(cosines[0, 0] - vector[0].astype(np.float32) @ query[0]) <= errors[0]


def test_few_vectors_are_compared_exactly(vectors: Vectors) -> None:
    queries, floors = vectors[:2], np.full(2, 0.9, np.float32)
    found = scan._look_at_rounded(index_of(vectors).segments[0], queries, 10, floors)
    assert [list(one.rows) for one in found if one is not None] == [[0], [1]]


@pytest.mark.parametrize(("limit", "min_cosine"), [(1, 0.99), (5, 0.2), (80, -1.0), (3000, 0.0)])
def test_vectors_that_cannot_be_rounded_are_found(
    vectors: Vectors, threads: ThreadPoolExecutor, limit: int, min_cosine: float
) -> None:
    index = index_of(vectors)
    for row in (7, 8, 2500):
        (hits,) = index.search([Query(vectors[row], limit, min_cosine)], threads)
        assert hits.keys[0] == row
        assert hits.keys.tolist() == nearest(vectors, vectors[row], limit, min_cosine)


def test_vectors_closer_than_rounding_can_tell_are_told_apart(
    unit: Unit, threads: ThreadPoolExecutor
) -> None:
    near = unit(1, seed=4, dimension=128) + 0.002 * unit(ROWS, seed=5, dimension=128)
    vectors = (near / np.linalg.norm(near, axis=1, keepdims=True)).astype(np.float32)
    index, query = index_of(vectors), vectors[11]
    assert scan._look_at_rounded(
        index.segments[0], query[None], 10, np.full(1, 0.5, np.float32)
    ) == [None]
    (hits,) = index.search([Query(query, 10, 0.5)], threads)
    exact = vectors.astype(np.float16).astype(np.float64) @ query
    assert hits.cosines == pytest.approx(np.sort(exact)[::-1][:10], abs=1e-6)


@pytest.mark.parametrize("spread", [0.01, 0.03, 0.1, 0.3, 1.0])
def test_no_row_is_missed_however_close_they_are(
    unit: Unit, threads: ThreadPoolExecutor, spread: float
) -> None:
    """Around as much as rounding takes, what is fetched and what is not can only just be told
    apart, or not."""
    crowd = unit(1, seed=6, dimension=128) + spread * unit(ROWS, seed=7, dimension=128)
    vectors = (crowd / np.linalg.norm(crowd, axis=1, keepdims=True)).astype(np.float32)
    index = index_of(vectors)
    for query in (*vectors[:8], *unit(8, seed=8, dimension=128)):
        for limit, place in ((1, 5), (10, 20), (10, 60), (10, 300), (100, 100)):
            floor = gap_below(vectors, query, place)
            (hits,) = index.search([Query(query, limit, floor)], threads)
            assert hits.keys.tolist() == nearest(vectors, query, limit, floor)


def test_the_deleted_among_the_nearest_hide_nobody(unit: Unit, threads: ThreadPoolExecutor) -> None:
    vectors, query = unit(500, seed=9, dimension=128), unit(1, seed=10, dimension=128)[0]
    vectors -= np.outer(vectors @ query, query)
    along = np.repeat([0.95, 0.9, 0.3], [4, 100, 396]).astype(np.float32)
    vectors *= np.sqrt(1 - along**2)[:, None] / np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors += np.outer(along, query)
    index = index_of(vectors)
    index.apply(Changes(NO_KEYS, vectors[:0].astype(np.float16), np.arange(4, 104)))
    (hits,) = index.search([Query(query, 10, 0.0)], threads)
    assert {0, 1, 2, 3} < {*hits.keys.tolist()}
    assert len(hits.keys) == 10


def gap_below(vectors: Vectors, query: Vectors, place: int) -> float:
    """A cosine that so many rows have, or up to ten more, and that is none of theirs."""
    cosines = np.sort(cosines_with(vectors, query))
    higher, lower = cosines[-place - 10 : -place], cosines[-place - 11 : -place - 1]
    widest = int(np.argmax(higher - lower))
    return float(higher[widest] + lower[widest]) / 2
