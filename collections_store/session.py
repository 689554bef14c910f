"""One connection inside one transaction, and the revision that its writes to a collection share."""

import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sqlalchemy import Connection, Row, Table, bindparam, false, select, text, update
from sqlalchemy.sql.elements import ColumnElement

from openrekog.collections_store.errors import NotFound
from openrekog.collections_store.records import Collection, Page, Position
from openrekog.collections_store.tables import collections

T = TypeVar("T")

# The low bits of a revision are random: an index whose revision is found among the rows is then of
# this history, and not of one that was lost when an older copy of the database was put back.
RANDOM_BITS = 16


def next_revision(revision: int) -> int:
    return ((revision >> RANDOM_BITS) + 1 << RANDOM_BITS) | secrets.randbits(RANDOM_BITS)


_TURN = text("SELECT pg_advisory_xact_lock(hashtextextended(:what, 0))")
_LOCKED = (
    select(collections.c.revision)
    .where(collections.c.key == bindparam("collection"), collections.c.deleted == false())
    .with_for_update()
)
_THIS = collections.c.key == bindparam("collection_key")
_REVISED = update(collections).where(_THIS).values(revision=bindparam("new_revision"))
_COUNTED = (
    update(collections)
    .where(_THIS)
    .values(
        face_count=collections.c.face_count + bindparam("more_faces"),
        user_count=collections.c.user_count + bindparam("more_users"),
    )
)


@dataclass(slots=True)
class Session:
    connection: Connection
    writing: bool
    now: float = field(default_factory=lambda: time.time())
    _revisions: dict[int, int] = field(default_factory=dict)

    def revise(self, collection: Collection) -> int:
        """The revision of this transaction's rows, with the collection locked until it ends, so
        that revisions become visible in their order."""
        if not self.writing:
            raise RuntimeError("a write in a transaction that only reads")
        if collection.key not in self._revisions:
            self._revisions[collection.key] = self._raise_revision(collection)
        return self._revisions[collection.key]

    def _raise_revision(self, collection: Collection) -> int:
        row = self.connection.execute(_LOCKED, {"collection": collection.key}).one_or_none()
        if row is None:
            raise NotFound("collection", collection.collection_id)
        revision = next_revision(row.revision)
        self.connection.execute(
            _REVISED, {"collection_key": collection.key, "new_revision": revision}
        )
        return revision

    def take_turn(self, what: str) -> None:
        """Until this transaction ends, no other one has its turn at the same: for counting before
        one more is made. SQLite lets one writer in anyway."""
        if self.writing and self.connection.dialect.name == "postgresql":
            self.connection.execute(_TURN, {"what": what})

    def count(self, collection: Collection, *, faces: int = 0, users: int = 0) -> None:
        self.connection.execute(
            _COUNTED,
            {"collection_key": collection.key, "more_faces": faces, "more_users": users},
        )


def living(table: Table) -> ColumnElement[bool]:
    """Joins faces or users to their collection, unless it was deleted since it was looked up."""
    return (table.c.collection == collections.c.key) & (collections.c.deleted == false())


def page_of(
    rows: Sequence[Row[Any]], limit: int, after: Position | None, record: Callable[[Row[Any]], T]
) -> Page[T]:
    """A page of rows that were asked for in the order of their keys, with one more than fits."""
    shown = rows[:limit]
    last = shown[-1].key if shown else after or 0
    return Page([record(row) for row in shown], last if len(rows) > limit else None)


# SQLite takes 32,766 parameters in a statement, PostgreSQL 65,535.
MOST_PARAMETERS = 10_000


def rows_in(
    connection: Connection, statement: Any, column: ColumnElement[Any], values: Sequence[Any]
) -> list[Row[Any]]:
    """The rows of a select whose column has one of many values."""
    found: list[Row[Any]] = []
    for start in range(0, len(values), MOST_PARAMETERS):
        part = values[start : start + MOST_PARAMETERS]
        found.extend(connection.execute(statement.where(column.in_(part))))
    return found
