"""Segments on a GPU, for which FAISS's CPU index stands in, made to round as the GPU does: the
answers must be those of the plainest search all the same, and of the CPU where they could not be.
"""

import weakref
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import faiss
import numpy as np
import pytest
from numpy.typing import NDArray

from openrekog.collections_store.index.changes import Changes
from openrekog.collections_store.index.device import IDLE, MOST_FETCHED, REST, Device, find_gpu
from openrekog.collections_store.index.segment import CAPACITY, Segment
from openrekog.collections_store.index.vector_index import Query, VectorIndex

DIMENSION = 16
ROWS = 2 * CAPACITY + 10_000
COPY_BYTES = CAPACITY * (2 * DIMENSION + 4)
NO_KEYS = np.empty(0, np.int64)
NO_HALVES = np.empty((0, DIMENSION), np.float16)

Floats = NDArray[np.float32]


class OutOfMemoryError(RuntimeError):
    """FAISS says it as a RuntimeError."""


@dataclass
class StandIn:
    """A GPU with a clock, which can be told to fail and counts what it did."""

    now: float = 0.0
    fails: bool = False
    searches: int = 0
    fetched: list[int] = field(default_factory=list)
    flats: "weakref.WeakSet[Flat]" = field(default_factory=weakref.WeakSet)

    def new_flat(self, dimension: int) -> "Flat":
        flat = Flat(self, dimension)
        self.flats.add(flat)
        return flat

    def device(self, copies: int = 10) -> Device:
        return Device(self.new_flat, copies * COPY_BYTES, lambda: self.now)


class Flat:
    def __init__(self, gpu: StandIn, dimension: int) -> None:
        self.gpu = gpu
        self.index = faiss.IndexFlatIP(dimension)

    def add(self, vectors: Floats) -> None:
        self.check()
        self.index.add(vectors)

    def search(self, queries: Floats, k: int) -> tuple[Floats, NDArray[np.int64]]:
        self.check()
        self.gpu.searches += 1
        self.gpu.fetched.append(k)
        found: tuple[Floats, NDArray[np.int64]] = self.index.search(
            queries.astype(np.float16).astype(np.float32), k
        )
        return found

    def check(self) -> None:
        if self.gpu.fails:
            raise OutOfMemoryError("cudaMalloc error out of memory [2]")


@pytest.fixture(scope="module")
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as pool:
        yield pool


@pytest.fixture(scope="module")
def halves() -> NDArray[np.float16]:
    numbers = np.random.default_rng(5).standard_normal((ROWS, DIMENSION))
    # The same photograph a few times: equal cosines must not be shuffled.
    numbers[::20_011] = numbers[0]
    return np.asarray(numbers / np.linalg.norm(numbers, axis=1, keepdims=True), np.float16)


@pytest.fixture
def index(halves: NDArray[np.float16]) -> VectorIndex:
    made = VectorIndex(DIMENSION)
    made.apply(Changes(np.arange(1, ROWS + 1), halves, NO_KEYS))
    return made


@pytest.fixture
def gpu() -> StandIn:
    return StandIn()


def bury(index: VectorIndex, keys: NDArray[np.int64]) -> None:
    index.apply(Changes(NO_KEYS, NO_HALVES, keys))


def search(
    index: VectorIndex, queries: list[Query], threads: ThreadPoolExecutor, device: Device
) -> list[list[tuple[int, float]]]:
    return [
        list(zip(hits.keys.tolist(), hits.cosines.tolist(), strict=True))
        for hits in index.search(queries, threads, device)
    ]


def plain(
    halves: NDArray[np.float16], gone: NDArray[np.int64], query: Query
) -> list[tuple[int, float]]:
    cosines = (halves.astype(np.float64) @ query.vector.astype(np.float64)).astype(np.float32)
    cosines[gone - 1] = -9.0
    order = np.argsort(-cosines, kind="stable")[: query.limit]
    order = order[cosines[order] >= query.min_cosine]
    return list(zip((order + 1).tolist(), cosines[order].tolist(), strict=True))


def some(halves: NDArray[np.float16], limit: int, min_cosine: float, count: int = 5) -> list[Query]:
    """The first looks for the photograph that is there a few times."""
    near = halves[:count].astype(np.float32) + np.float32(0.05)
    near /= np.linalg.norm(near, axis=1, keepdims=True)
    return [Query(vector, limit, min_cosine) for vector in near]


@pytest.mark.parametrize("dead_of_five", [0, 1, 2])
@pytest.mark.parametrize(
    ("limit", "min_cosine"),
    [(10, -1.0), (10, 0.6), (80, 0.95), (1, 0.99), (1500, 0.5), (2030, -1.0), (4096, 0.2)],
)
def test_hits_are_exact(
    index: VectorIndex,
    halves: NDArray[np.float16],
    gpu: StandIn,
    threads: ThreadPoolExecutor,
    dead_of_five: int,
    limit: int,
    min_cosine: float,
) -> None:
    keys = np.arange(1, ROWS + 1)
    gone = keys[keys % 5 < dead_of_five]
    bury(index, gone)
    queries = some(halves, limit, min_cosine)
    expected = [plain(halves, gone, query) for query in queries]
    assert search(index, queries, threads, gpu.device()) == expected
    assert gpu.searches == (0 if limit > MOST_FETCHED else 2), "full segments only, and both"
    assert max(gpu.fetched, default=0) <= MOST_FETCHED


def test_most_searches_need_no_cpu(halves: NDArray[np.float16], gpu: StandIn) -> None:
    segment = Segment(DIMENSION)
    segment.append(np.arange(CAPACITY), halves[1 : CAPACITY + 1])
    segment.bury(np.arange(0, CAPACITY, 4))
    queries = np.stack([query.vector for query in some(halves[1:], 80, 0.0, count=9)])
    found = gpu.device().candidates(segment, queries, 96, np.full(9, 0.7, np.float32))
    assert all(candidates is not None for candidates in found)


def test_doubtful_is_left_to_the_cpu(halves: NDArray[np.float16], gpu: StandIn) -> None:
    segment = Segment(DIMENSION)
    segment.append(np.arange(CAPACITY), np.repeat(halves[:1], CAPACITY, axis=0))
    query = halves[:1].astype(np.float32)
    assert gpu.device().candidates(segment, query, 96, np.zeros(1, np.float32)) == [None]
    assert gpu.searches == 1


def test_a_growing_segment_stays_on_the_cpu(halves: NDArray[np.float16], gpu: StandIn) -> None:
    segment = Segment(DIMENSION)
    segment.append(np.arange(CAPACITY - 1), halves[: CAPACITY - 1])
    floors = np.zeros(1, np.float32)
    assert gpu.device().candidates(segment, halves[:1].astype(np.float32), 96, floors) == [None]
    assert not gpu.flats


def test_memory_limit_is_kept(
    index: VectorIndex, halves: NDArray[np.float16], gpu: StandIn, threads: ThreadPoolExecutor
) -> None:
    device = gpu.device(copies=1)
    queries = some(halves, 10, 0.5)
    expected = [plain(halves, NO_KEYS, query) for query in queries]
    for _ in range(3):
        assert search(index, queries, threads, device) == expected
    assert gpu.searches == 3, "the copy that is in use stays"
    assert device.bytes == COPY_BYTES
    assert len(gpu.flats) == 1


@pytest.mark.parametrize("why", ["idle", "dropped"])
def test_others_make_room(
    halves: NDArray[np.float16], gpu: StandIn, threads: ThreadPoolExecutor, why: str
) -> None:
    device = gpu.device(copies=1)
    queries = some(halves, 10, 0.5)
    segments = [VectorIndex(DIMENSION) for _ in range(2)]
    for each in segments:
        each.apply(Changes(np.arange(1, CAPACITY + 1), halves[:CAPACITY], NO_KEYS))
    search(segments[0], queries, threads, device)
    search(segments[1], queries, threads, device)
    assert gpu.searches == 1
    if why == "idle":
        gpu.now += IDLE
    else:
        del segments[0]
    search(segments[-1], queries, threads, device)
    assert gpu.searches == 2
    assert len(gpu.flats) == 1


def test_an_error_is_answered_by_the_cpu(
    index: VectorIndex,
    halves: NDArray[np.float16],
    gpu: StandIn,
    threads: ThreadPoolExecutor,
    caplog: pytest.LogCaptureFixture,
) -> None:
    device = gpu.device()
    queries = some(halves, 10, 0.5)
    expected = [plain(halves, NO_KEYS, query) for query in queries]
    assert search(index, queries, threads, device) == expected
    gpu.fails = True
    assert search(index, queries, threads, device) == expected
    assert "out of memory" in caplog.text
    assert device.bytes == COPY_BYTES, "the memory of the search that failed is given back"
    gpu.fails = False
    assert search(index, queries, threads, device) == expected
    assert gpu.searches == 2, "the GPU rests after an error"
    gpu.now += REST
    assert search(index, queries, threads, device) == expected
    assert gpu.searches == 4
    assert device.bytes == 2 * COPY_BYTES


def test_without_a_gpu_there_is_none() -> None:
    if faiss.get_num_gpus():
        pytest.skip("there is a GPU")
    assert find_gpu(1 << 30) is None
