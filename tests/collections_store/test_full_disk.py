"""What a full disk and a busy database answer, and that nothing is lost by them."""

import errno
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from openrekog.collections_store.errors import Busy, StorageFull
from openrekog.collections_store.index import files, shelf
from openrekog.collections_store.store import Collection, Scope, Store, Vectors

OpenStore = Callable[..., Store]
Create = Callable[..., Collection]
Add = Callable[..., list[str]]
Unit = Callable[..., Vectors]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of two megabytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)]
    try:
        done = subprocess.run(command, capture_output=True, check=False)
    except FileNotFoundError:
        pytest.skip("mount is not there")
    if done.returncode:
        pytest.skip(f"only root may mount: {done.stderr.decode().strip()}")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_is_told_and_loses_nothing(
    small_disk: Path, create: Create, add: Add, unit: Unit
) -> None:
    def open_it() -> closing[Store]:
        url = f"sqlite:///{small_disk / 'store.sqlite'}"
        return closing(Store.open(url, small_disk / "index", housekeeping_interval=None))

    def listed(store: Store) -> list[str]:
        with store.read() as rows:
            return [face.face_id for face in rows.faces.list(collection, 100_000).items]

    stored: list[str] = []
    with open_it() as store:
        collection = create(store)

        def fill() -> None:
            while True:
                stored.extend(add(store, collection, unit(1)))

        with pytest.raises(StorageFull):
            fill()
        assert len(stored) > 20
        assert listed(store) == stored
        assert len(store.search_faces(collection, unit(1), 100_000, -1)[0]) == len(stored)
    # With room again, it goes on where it was.
    subprocess.run(["mount", "-o", "remount,size=8m", str(small_disk)], check=True)
    with open_it() as store:
        assert listed(store) == stored
        stored.extend(add(store, collection, unit(50)))
        assert listed(store) == stored


LIMITED = """
import json, resource, sys
from pathlib import Path
import numpy as np
from openrekog.collections_store.errors import StorageFull
from openrekog.collections_store.store import NewFace, Scope, Store

store = Store.open(sys.argv[1], Path(sys.argv[2]), housekeeping_interval=None)
with store.write() as rows:
    collection = rows.collections.create(
        Scope("111122223333", "eu-central-1"), "staff",
        face_model="sface", face_model_version="7.0", dimension=16,
    )
resource.setrlimit(resource.RLIMIT_FSIZE, (900_000, resource.RLIM_INFINITY))
stored = []
try:
    while True:
        with store.write() as rows:
            faces = [
                NewFace((0, 0, 1, 1), 99.0, vector)
                for vector in np.eye(16, dtype=np.float32)
            ]
            added = rows.faces.add(collection, str(len(stored)), None, faces)
        stored += [face.face_id for face in added]
except StorageFull:
    print(json.dumps(stored))
"""


def test_a_file_that_may_not_grow_is_as_good_as_a_full_disk(tmp_path: Path, scope: Scope) -> None:

    url = f"sqlite:///{tmp_path / 'limited.sqlite'}"
    said = subprocess.run(
        [sys.executable, "-c", LIMITED, url, str(tmp_path / "limited")],
        capture_output=True,
        check=True,
    )
    stored = json.loads(said.stdout)
    assert len(stored) >= 160
    store = Store.open(url, tmp_path / "limited", housekeeping_interval=None)
    with store.read() as rows:
        collection = rows.collections.get(scope, "staff")
        found = [face.face_id for face in rows.faces.list(collection, 100_000).items]
    assert found == stored
    store.close()


@pytest.mark.parametrize("stage", ["segment", "manifest"])
def test_an_index_that_cannot_be_saved_troubles_nobody(
    open_store: OpenStore,
    create: Create,
    add: Add,
    unit: Unit,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    stage: str,
) -> None:
    monkeypatch.setattr(shelf, "SAVE_FROM", 1)
    store = open_store()
    collection = create(store)
    faces = set(add(store, collection, 3))
    write = files._write

    def full(path: Path, parts: list[bytes]) -> None:
        if (path.name == "manifest") is (stage == "manifest"):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        write(path, parts)

    def found(store: Store) -> set[str]:
        return {match.face.face_id for match in store.search_faces(collection, unit(1), 9, -1)[0]}

    assert found(store) == faces
    with monkeypatch.context() as patched:
        patched.setattr(files, "_write", full)
        with pytest.raises(OSError, match="No space"):
            store.tidy()
        faces |= set(add(store, collection, 2))
        assert found(store) == faces
        store.close()
    assert "not saved" in caplog.text
    again = open_store()
    assert found(again) == faces


def test_housekeeping_goes_on_after_a_failure(
    open_store: OpenStore, create: Create, scope: Scope, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_store(housekeeping_interval=0.01)
    create(store)
    turns = [threading.Event(), threading.Event()]
    tidy = shelf.IndexShelf.save

    def fail_once(self: shelf.IndexShelf) -> None:
        if not turns[0].is_set():
            turns[0].set()
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        tidy(self)
        turns[1].set()

    monkeypatch.setattr(shelf.IndexShelf, "save", fail_once)
    assert turns[1].wait(10)


def test_a_database_that_is_held_too_long_is_busy(open_store: OpenStore, create: Create) -> None:
    holder, other = open_store(), open_store(busy_timeout=0.2)
    collection = create(holder)
    with holder.write() as rows:
        rows.users.create(collection, "ann")
        with pytest.raises(Busy), other.write() as others:
            others.users.create(collection, "bob")
    with other.write() as others:
        others.users.create(collection, "bob")


def test_threads_of_one_process_are_told_too(open_store: OpenStore, create: Create) -> None:
    store = open_store(busy_timeout=0.2)
    collection = create(store)
    caught: list[Exception] = []

    def write() -> None:
        try:
            with store.write() as rows:
                rows.users.create(collection, "bob")
        except Busy as error:
            caught.append(error)

    with store.write() as rows:
        rows.users.create(collection, "ann")
        other = threading.Thread(target=write)
        other.start()
        other.join()
    assert len(caught) == 1
