"""Requests that ask for a few rows must not read all rows of a large collection: SQLite's own plans
of the statements that a call sends."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event

from openrekog.collections_store.store import Collection, Store

Plans = list[str]


@contextmanager
def plans(store: Store) -> Iterator[Plans]:
    """How SQLite goes through the table of faces, for each statement that reads it."""
    found: Plans = []

    def explain(
        _connection: Any, cursor: Any, statement: str, values: Any, _context: Any, many: bool
    ) -> None:
        if not many and statement.startswith(("SELECT", "UPDATE", "DELETE")):
            steps = cursor.execute(f"EXPLAIN QUERY PLAN {statement}", values).fetchall()
            found.extend(step[3] for step in steps if " faces" in step[3])

    engine = store._database.engine
    event.listen(engine, "before_cursor_execute", explain)
    yield found
    event.remove(engine, "before_cursor_execute", explain)


@pytest.fixture
def url(tmp_path: Any) -> str:
    return f"sqlite:///{tmp_path / 'store.sqlite'}"


CALLS: dict[str, Callable[[Any, Collection], object]] = {
    "of a user": lambda rows, staff: rows.faces.list(staff, 9, user_id="anna"),
    "some ids": lambda rows, staff: rows.faces.list(staff, 9, 3, face_ids=["a", "b"]),
    "some ids of a user": lambda rows, staff: rows.faces.list(
        staff, 9, user_id="anna", face_ids=["a", "b"]
    ),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_listing_a_few_faces_reads_a_few(
    store: Store, collection: Collection, call: Callable[[Any, Collection], object]
) -> None:
    with plans(store) as found, store.read() as rows:
        call(rows, collection)
    assert found
    assert all("(user=?" in step or "face_id=?" in step for step in found), found


def test_sweeping_reads_tombstones_only(store: Store) -> None:
    with plans(store) as found:
        store.tidy()
    assert found
    assert all("ix_faces_tombstones" in step for step in found), found
