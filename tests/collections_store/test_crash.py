"""Kills a process that writes, and compares what it had acknowledged with what is there."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from openrekog.collections_store.store import Scope, Store

WRITER = Path(__file__).with_name("writer.py")


def write_until_killed(url: str, folder: Path, lines: int) -> list[dict[str, Any]]:
    """What the writer said before it was killed, which is at least so many lines."""
    command = [sys.executable, str(WRITER), url, str(folder), "6"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        said = [process.stdout.readline() for _ in range(lines)]
        assert process.poll() is None, "the writer ended by itself"
        process.send_signal(signal.SIGKILL)
        said += process.stdout.readlines()
    return [json.loads(line) for line in said]


@pytest.mark.parametrize("lines", [150, 400])
def test_what_was_acknowledged_is_there_and_nothing_half_written(
    open_store: Callable[..., Store], url: str, tmp_path: Path, scope: Scope, lines: int
) -> None:
    said = write_until_killed(url, tmp_path / "index", lines)
    begun = {line["begins"] for line in said if "begins" in line}
    stored = {line["image"]: line["stored"] for line in said if "stored" in line}
    deleting = {line["deletes"] for line in said if "deletes" in line}
    deleted = {line["deleted"] for line in said if "deleted" in line}
    owners = {face: line["user"] for line in said if "user" in line for face in line["associated"]}
    assert stored
    assert deleted
    assert owners

    store = open_store()
    with store.read() as rows:
        collection = rows.collections.get(scope, "staff")
        faces = {face.face_id: face for face in rows.faces.list(collection, 100_000).items}
        users = rows.users.list(collection, 100).items
        vectors = {user.user_id: rows.users.vectors(collection, user.user_id) for user in users}
    acknowledged = {face for pair in stored.values() for face in pair}

    assert acknowledged - set(faces) <= deleting, "an acknowledged face is gone"
    assert not deleted & set(faces), "a deleted face is back"
    images: dict[str, set[str]] = {}
    for face in faces.values():
        images.setdefault(face.image_id, set()).add(face.face_id)
    assert set(images) <= begun
    for image in set(images) - set(stored):
        assert len(images[image]) == 2, "half a request is there"
    assert collection.face_count == len(faces)

    owned: dict[str, int] = {}
    for face in faces.values():
        if face.user_id is not None:
            owned[face.user_id] = owned.get(face.user_id, 0) + 1
    assert {face: faces[face].user_id for face in owners} == owners
    for user in users:
        assert user.face_count == owned.get(user.user_id, 0)
        assert len(vectors[user.user_id]) == (1 if user.face_count else 0)

    query = np.eye(16, dtype=np.float32)[:1]
    [matches] = store.search_faces(collection, query, 100_000, -1)
    assert {match.face.face_id for match in matches} == set(faces)
    [found] = store.search_users(collection, query, 100, -1)
    assert {match.user.user_id for match in found} == set(owned)


def test_a_killed_writer_leaves_no_lock(
    open_store: Callable[..., Store], url: str, tmp_path: Path, scope: Scope
) -> None:
    write_until_killed(url, tmp_path / "index", 60)
    store = open_store(busy_timeout=5)
    started = time.monotonic()
    with store.write() as rows:
        rows.collections.delete(scope, "staff")
    store.tidy()
    assert time.monotonic() - started < 5
    assert not list((tmp_path / "index").glob("*/*/manifest"))
