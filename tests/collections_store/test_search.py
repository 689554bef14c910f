"""Searches through the store: several processes' writes, restarts, and files that do not fit."""

import shutil
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from openrekog.collections_store import sweep
from openrekog.collections_store.index import shelf
from openrekog.collections_store.store import Collection, Store, Vectors

OpenStore = Callable[..., Store]
Create = Callable[..., Collection]
Add = Callable[..., list[str]]
Unit = Callable[..., Vectors]


def ids(store: Store, collection: Collection, vector: Vectors, limit: int = 100) -> list[str]:
    [matches] = store.search_faces(collection, vector[None], limit, -1)
    return [match.face.face_id for match in matches]


def expected(faces: list[str], vectors: Vectors, query: Vectors) -> list[str]:
    cosines = vectors.astype(np.float16).astype(np.float64) @ query
    return [faces[row] for row in np.argsort(-cosines, kind="stable")]


def test_matches_are_best_first_with_their_cosines(
    store: Store, collection: Collection, add: Add, unit: Unit
) -> None:
    vectors = unit(40)
    faces = add(store, collection, vectors)
    queries = unit(9, seed=3)
    for query, matches in zip(
        queries, store.search_faces(collection, queries, 7, 0.1), strict=True
    ):
        assert [match.face.face_id for match in matches] == [
            face
            for face in expected(faces, vectors, query)
            if vectors[faces.index(face)] @ query >= 0.1
        ][:7]
        for match in matches:
            assert match.cosine == pytest.approx(
                vectors[faces.index(match.face.face_id)] @ query, abs=1e-3
            )


def test_no_vectors_no_matches(store: Store, collection: Collection) -> None:
    assert store.search_faces(collection, np.empty((0, 16), np.float32), 5, 0) == []
    assert store.search_users(collection, np.empty((0, 16), np.float32), 5, 0) == []


def test_two_processes_see_each_others_writes(
    open_store: OpenStore, create: Create, add: Add, unit: Unit
) -> None:
    one, other = open_store(), open_store()
    collection = create(one)
    vectors, query = unit(30), unit(1, seed=2)[0]
    faces: list[str] = []
    for store, start in ((one, 0), (other, 10), (one, 20)):
        faces += add(store, collection, vectors[start : start + 10])
        for reader in (one, other):
            assert ids(reader, collection, query) == expected(faces, vectors[: len(faces)], query)
    with other.write() as rows:
        rows.faces.delete(collection, faces[5:25])
    left = [*range(5), *range(25, 30)]
    for reader in (one, other):
        assert ids(reader, collection, query) == expected(
            [faces[row] for row in left], vectors[left], query
        )


def test_two_processes_that_write_at_once_wait_for_each_other(
    open_store: OpenStore, create: Create, add: Add, unit: Unit
) -> None:
    stores = [open_store(), open_store()]
    collection = create(stores[0])

    def write(number: int) -> list[str]:
        return add(stores[number % 2], collection, unit(5, seed=number))

    with ThreadPoolExecutor(6) as threads:
        faces = {face for added in threads.map(write, range(24)) for face in added}
    assert len(faces) == 24 * 5
    for store in stores:
        assert set(ids(store, collection, unit(1)[0], 1000)) == faces


def test_an_index_that_slept_through_a_purge_is_built_anew(
    open_store: OpenStore, create: Create, add: Add, unit: Unit, monkeypatch: pytest.MonkeyPatch
) -> None:
    sleeper, other = open_store(), open_store()
    collection = create(sleeper)
    faces = add(sleeper, collection, 5)
    query = unit(1)[0]
    assert len(ids(sleeper, collection, query)) == 5
    with other.write() as rows:
        rows.faces.delete(collection, faces[:2])
    monkeypatch.setattr(sweep, "TOMBSTONES_KEPT_FOR", -1)
    other.tidy()
    assert set(ids(sleeper, collection, query)) == set(faces[2:])
    assert sleeper._shelf.stats().vectors == 3


def test_searching_while_others_write(
    store: Store, collection: Collection, add: Add, unit: Unit
) -> None:
    """Whatever was acknowledged before a search began is in its answer."""
    vectors = unit(120)
    stored: list[str] = []
    lock = threading.Lock()

    def write(number: int) -> None:
        [face] = add(store, collection, vectors[number : number + 1])
        with lock:
            stored.append(face)

    def search(number: int) -> bool:
        with lock:
            before = set(stored)
        return before <= set(ids(store, collection, vectors[number], 200))

    with ThreadPoolExecutor(8) as threads:
        writes = [threads.submit(write, number) for number in range(120)]
        assert all(threads.map(search, range(120)))
        for done in writes:
            done.result()
    assert set(ids(store, collection, vectors[0], 200)) == set(stored)


def test_rows_newer_than_the_snapshot_do_not_push_older_ones_out(
    store: Store, collection: Collection, add: Add, unit: Unit
) -> None:
    vectors = unit(4)
    old = add(store, collection, vectors[:2])
    with store._database.read() as connection:
        from openrekog.collections_store.search import Search

        search = Search(connection, store._shelf, collection)
        assert len(search.faces(vectors[:1], 9, -1)[0]) == 2
        add(store, collection, np.repeat(vectors[:1], 3, axis=0))
        assert len(ids(store, collection, vectors[0])) == 5
        [matches] = search.faces(vectors[:1], 2, -1)
        assert {match.face.face_id for match in matches} == set(old)


def cut(folder: Path) -> None:
    for path in folder.iterdir():
        if len(path.name) == 64:
            path.write_bytes(path.read_bytes()[:-100])


def flip(folder: Path) -> None:
    for path in folder.iterdir():
        if len(path.name) == 64:
            data = bytearray(path.read_bytes())
            data[len(data) // 2] ^= 1
            path.write_bytes(data)


def lose_a_segment(folder: Path) -> None:
    next(path for path in folder.iterdir() if len(path.name) == 64).unlink()


def spoil_the_manifest(folder: Path) -> None:
    (folder / "manifest").write_bytes((folder / "manifest").read_bytes().replace(b"1", b"2"))


def empty_the_manifest(folder: Path) -> None:
    (folder / "manifest").write_bytes(b"")


DAMAGES = (cut, flip, lose_a_segment, spoil_the_manifest, empty_the_manifest, shutil.rmtree)


@pytest.mark.parametrize("damage", [None, *DAMAGES], ids=lambda damage: damage and damage.__name__)
def test_a_restart_finds_the_same_whatever_became_of_the_files(
    open_store: OpenStore,
    create: Create,
    add: Add,
    unit: Unit,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    damage: Callable[[Path], None] | None,
) -> None:
    monkeypatch.setattr(shelf, "SAVE_FROM", 1)
    vectors, query = unit(30), unit(1, seed=2)[0]
    first = open_store()
    collection = create(first)
    faces = add(first, collection, vectors)
    with first.write() as rows:
        rows.faces.delete(collection, faces[:3])
    before = ids(first, collection, query)
    first.close()
    folder = tmp_path / "index" / str(collection.key) / "faces"
    assert (folder / "manifest").exists()
    if damage is not None:
        damage(folder)
    second = open_store()
    assert ids(second, collection, query) == before == expected(faces[3:], vectors[3:], query)
    assert second._shelf.stats().built == (0 if damage is None else 1)
    new = add(second, collection, unit(5, seed=4))
    assert set(ids(second, collection, query)) == {*faces[3:], *new}


def test_files_of_before_a_backup_was_put_back_are_not_believed(
    tmp_path: Path, create: Create, add: Add, unit: Unit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shelf, "SAVE_FROM", 1)
    database, backup = tmp_path / "store.sqlite", tmp_path / "backup.sqlite"

    def open_it() -> Store:
        url = f"sqlite:///{database}"
        return Store.open(url, tmp_path / "index", housekeeping_interval=None)

    store = open_it()
    collection = create(store)
    kept = add(store, collection, unit(4))
    store.close()
    shutil.copy(database, backup)
    store = open_it()
    add(store, collection, unit(4, seed=5))
    assert len(ids(store, collection, unit(1)[0])) == 8
    store.close()
    shutil.copy(backup, database)
    store = open_it()
    assert set(ids(store, collection, unit(1)[0])) == set(kept)
    # As many writes as were lost, and more: only the history tells the two apart.
    new = [add(store, collection, vector[None])[0] for vector in unit(4, seed=6)]
    assert len(ids(store, collection, unit(1)[0])) == 8
    store.close()
    shutil.copy(backup, database)
    store = open_it()
    again = [add(store, collection, vector[None])[0] for vector in unit(5, seed=7)]
    query = unit(1, seed=7)[0]
    assert ids(store, collection, query)[0] == again[0]
    assert set(ids(store, collection, query)) == {*kept, *again}
    assert not set(new) & set(again)
    store.close()


def test_indexes_beyond_the_memory_limit_are_dropped_and_come_back(
    open_store: OpenStore, create: Create, add: Add, unit: Unit
) -> None:
    store = open_store(index_memory=100 * (16 * 3 + 9))
    vectors = unit(60)
    stored = {}
    for name in ("a", "b", "c"):
        collection = create(store, name)
        stored[collection] = set(add(store, collection, vectors))
    for collection, faces in [*stored.items()] * 2:
        assert set(ids(store, collection, vectors[0])) == faces
        assert store._shelf.stats().bytes <= 100 * (16 * 3 + 9)


def test_warming_reads_large_collections_before_anyone_asks(
    open_store: OpenStore, create: Create, add: Add, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("openrekog.collections_store.housekeeping.SAVE_FROM", 10)
    store = open_store()
    add(store, create(store, "large"), 10)
    add(store, create(store, "small"), 9)
    store.warm()
    assert store._shelf.stats().vectors == 10
