"""Measures the index alone: ways to compare queries with vectors, searches by one and by many
threads, saving, loading, and building from rows.

    python -m benchmarks.index_search --rows 1000000 --dimension 128

Prints a Markdown table. The rows marked "chosen" are what the server does.
"""

import argparse
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from openrekog.collections_store.index import files, scan
from openrekog.collections_store.index.changes import Changes
from openrekog.collections_store.index.device import find_gpu
from openrekog.collections_store.index.segment import Segment
from openrekog.collections_store.index.shelf import IndexShelf
from openrekog.collections_store.index.vector_index import Query, VectorIndex
from openrekog.collections_store.store import NewFace, Scope, Store

PART = 50_000
LIMIT = 80
MIN_COSINE = 0.35
GPU_MEMORY = 8 * 1024**3  # where there is a GPU; the clients' searches then run there
NO_KEYS = np.empty(0, np.int64)
MANY = (1, 4, 16, 64)

Floats = NDArray[np.float32]


def unit(rows: int, dimension: int, seed: int) -> Floats:
    numbers = np.random.default_rng(seed).standard_normal((rows, dimension), np.float32)
    numbers /= np.linalg.norm(numbers, axis=1, keepdims=True)
    return numbers


def changes(rows: int, dimension: int) -> Iterator[Changes]:
    """Four faces a person, alike as those of a good embedder are (cosine about 0.6)."""
    for start in range(0, rows, PART):
        count = min(PART, rows - start)
        people = np.repeat(unit(-(-count // 4), dimension, start), 4, axis=0)[:count]
        faces = people + 0.8 * unit(count, dimension, start + 1)
        faces /= np.linalg.norm(faces, axis=1, keepdims=True)
        yield Changes(np.arange(start + 1, start + count + 1), faces.astype(np.float16), NO_KEYS)


@dataclass(frozen=True, slots=True)
class Cost:
    """Milliseconds by the clock, and of all cores together: on a busy machine only the second says
    what the work costs."""

    wall: float
    cpu: float

    def __str__(self) -> str:
        return f"{self.wall:.1f} ({self.cpu:.1f})"

    def times(self, factor: float) -> "Cost":
        return Cost(self.wall * factor, self.cpu * factor)


def cost(work: Callable[[], Any], repeats: int) -> Cost:
    work()
    wall, cpu = [], []
    for _ in range(repeats):
        started, used = time.perf_counter(), time.process_time()
        work()
        wall.append(time.perf_counter() - started)
        cpu.append(time.process_time() - used)
    return Cost(statistics.median(wall) * 1000, statistics.median(cpu) * 1000)


def ways(index: VectorIndex, queries: Floats, threads: ThreadPoolExecutor) -> Iterator[Any]:
    """Each way over every segment, in the index's own threads."""
    most = LIMIT
    floors = np.full(len(queries), MIN_COSINE, np.float32)

    def each(work: Callable[[Segment], Any]) -> Callable[[], Any]:
        return lambda: list(threads.map(work, index.segments))

    yield (
        "FAISS scan of 8 bits, the nearest exactly",
        each(lambda s: scan._look_at_rounded(s, queries, most, floors.copy())),
    )
    yield "FAISS fp16 scan", each(lambda s: scan._scan_halves(s, queries, most, floors.copy()))
    yield (
        "fp16 widened in tiles, BLAS",
        each(lambda s: scan._multiply_tiles(s, queries, most, floors.copy())),
    )
    yield "fp16 decoded by FAISS in tiles, BLAS", each(lambda s: decoded_tiles(s, queries))
    yield "fp16 cast by NumPy in tiles, BLAS", each(lambda s: cast_tiles(s, queries))


def decoded_tiles(segment: Segment, queries: Floats) -> None:
    height = scan.TILE_NUMBERS // segment.dimension
    tile = np.empty((height, segment.dimension), np.float32)
    for start in range(0, len(segment), height):
        count = min(height, len(segment) - start)
        segment.codes.reconstruct_n(start, count, tile[:count])
        _ = (tile[:count] @ queries.T >= MIN_COSINE).any()


def cast_tiles(segment: Segment, queries: Floats) -> None:
    height = scan.TILE_NUMBERS // segment.dimension
    tile = np.empty((height, segment.dimension), np.float32)
    for start in range(0, len(segment), height):
        part = segment.halves[start : start + height]
        np.copyto(tile[: len(part)], part)
        _ = (tile[: len(part)] @ queries.T >= MIN_COSINE).any()


def full_precision(
    index: VectorIndex, queries: Floats, threads: ThreadPoolExecutor
) -> dict[str, Cost]:
    """Twice the memory: only one segment's worth is made, and searched as often as there are
    segments."""
    wide = index.segments[0].halves.astype(np.float32)
    scale = len(index) / len(wide)

    def work(threshold: int) -> Cost:
        def one(_: Segment) -> None:
            faiss.cvar.distance_compute_blas_threshold = threshold
            faiss.knn(queries, wide, LIMIT, faiss.METRIC_INNER_PRODUCT)

        pair = [index.segments[0]] * 2
        return cost(lambda: list(threads.map(one, pair)), 3).times(scale / 2)

    return {"FAISS fp32 scan": work(1 << 20), "FAISS fp32 BLAS": work(1)}


def compare(index: VectorIndex, threads: ThreadPoolExecutor, repeats: int) -> None:
    print("\nmilliseconds by the clock (and of processors)")
    print("| way | " + " | ".join(f"{count} queries" for count in MANY) + " |")
    print("|---|" + "---|" * len(MANY))
    table: dict[str, list[Cost]] = {}
    for count in MANY:
        queries = unit(count, index.dimension, 99)
        for name, work in ways(index, queries, threads):
            table.setdefault(name, []).append(cost(work, repeats))
        for name, value in full_precision(index, queries, threads).items():
            table.setdefault(name, []).append(value)
        whole = [Query(vector, LIMIT, MIN_COSINE) for vector in queries]
        chosen = cost(lambda whole=whole: index.search(whole, threads), repeats)  # type: ignore[misc]
        table.setdefault("chosen: whole search", []).append(chosen)
    for name, values in table.items():
        print(f"| {name} | " + " | ".join(str(value) for value in values) + " |")


class EverythingRead:
    """A feed with nothing new."""

    revision = 1

    def reaches(self, revision: int) -> bool:  # noqa: ARG002  # as its Protocol has it
        return True

    def contains(self, revision: int) -> bool:  # noqa: ARG002  # as its Protocol has it
        return True

    def changes(self, since: int) -> Iterator[Changes]:  # noqa: ARG002  # as its Protocol has it
        return iter(())


def clients(folder: Path, dimension: int, seconds: float) -> None:
    shelf = IndexShelf(folder, memory_limit=1 << 40, device=find_gpu(GPU_MEMORY))
    feed = EverythingRead()
    started = time.perf_counter()
    shelf.open(1, "faces", "bench", dimension, feed)
    print(f"\nready from files in {time.perf_counter() - started:.2f} s")
    print("\n| clients | searches/s | p50 ms | p99 ms | processor ms a search |")
    print("|---|---|---|---|---|")
    for count in MANY:
        times: list[float] = []
        until = time.perf_counter() + seconds

        def ask(number: int, times: list[float] = times, until: float = until) -> None:
            queries = unit(64, dimension, number)
            turn = 0
            while time.perf_counter() < until:
                started = time.perf_counter()
                query = Query(queries[turn % 64], LIMIT, MIN_COSINE)
                shelf.search(1, "faces", "bench", dimension, feed, [query])
                times.append(time.perf_counter() - started)
                turn += 1

        askers = [threading.Thread(target=ask, args=(number,)) for number in range(count)]
        began, used = time.perf_counter(), time.process_time()
        for asker in askers:
            asker.start()
        for asker in askers:
            asker.join()
        spent, used = time.perf_counter() - began, time.process_time() - used
        p50, p99 = np.percentile(times, [50, 99]) * 1000
        rate = len(times) / spent
        print(f"| {count} | {rate:.1f} | {p50:.1f} | {p99:.1f} | {1000 * used / len(times):.1f} |")
    shelf.close()


def rebuild(folder: Path, rows: int, dimension: int) -> None:
    """Stores rows as requests do, but many at a time, and builds the index from them."""
    url = f"sqlite:///{folder / 'rows.sqlite'}"
    store = Store.open(url, folder / "rebuilt", housekeeping_interval=None)
    with store.write() as transaction:
        collection = transaction.collections.create(
            Scope("0" * 12, "bench"),
            "bench",
            face_model="bench",
            face_model_version="1",
            dimension=dimension,
        )
    box = (0.1, 0.1, 0.1, 0.1)
    started = time.perf_counter()
    for number, part in enumerate(changes(rows, dimension)):
        faces = [NewFace(box, 99.0, vector) for vector in part.halves.astype(np.float32)]
        with store.write() as transaction:
            transaction.faces.add(collection, str(number), None, faces)
    print(f"\n{rows} rows stored in {time.perf_counter() - started:.1f} s")
    started = time.perf_counter()
    store.warm()
    print(f"index built from {rows} rows in {time.perf_counter() - started:.1f} s")
    started = time.perf_counter()
    store.close()
    print(f"closed, index saved, in {time.perf_counter() - started:.1f} s")
    started = time.perf_counter()
    store = Store.open(url, folder / "rebuilt", housekeeping_interval=None)
    store.warm()
    print(f"opened again and ready in {time.perf_counter() - started:.2f} s")
    query = unit(1, dimension, 7)
    search = cost(lambda: store.search_faces(collection, query, LIMIT, MIN_COSINE), 20)
    print(f"search through the store, rows included: {search} ms")
    store.close()


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rows", type=int, default=1_000_000)
    options.add_argument("--dimension", type=int, default=128)
    options.add_argument("--repeats", type=int, default=9)
    options.add_argument("--seconds", type=float, default=5.0)
    options.add_argument("--rebuild", action="store_true", help="also store rows and build anew")
    options.add_argument("--skip-ways", action="store_true", help="do not compare the ways")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        index = VectorIndex(chosen.dimension)
        for part in changes(chosen.rows, chosen.dimension):
            index.apply(part)
        index.revision = 1
        shelf = IndexShelf(folder, memory_limit=1 << 40)
        size = index.bytes / 2**20
        print(f"{chosen.rows} vectors of {chosen.dimension}, {size:.0f} MiB, LIMIT {LIMIT}")
        if not chosen.skip_ways:
            compare(index, shelf._threads, chosen.repeats)
        shelf.close()
        started = time.perf_counter()
        files.save(files.IndexAt.of(index), folder / "1" / "faces", "bench")
        print(f"\nsaved in {time.perf_counter() - started:.2f} s")
        del index
        clients(folder, chosen.dimension, chosen.seconds)
        if chosen.rebuild:
            rebuild(folder, chosen.rows, chosen.dimension)


if __name__ == "__main__":
    main()
