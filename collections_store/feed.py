"""Feeds an index from the rows of one transaction."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import Connection, bindparam, exists, false, or_, select

from openrekog.collections_store.errors import NotFound
from openrekog.collections_store.index.changes import Changes
from openrekog.collections_store.index.shelf import Kind
from openrekog.collections_store.records import Collection
from openrekog.collections_store.tables import collections, faces, users
from openrekog.collections_store.vectors import STORED

TABLES = {"faces": faces, "users": users, "celebrities": users}

# Rows read at a time: a few megabytes.
PART = 10_000

_REVISION = select(collections.c.revision, collections.c.purged).where(
    collections.c.key == bindparam("collection"), collections.c.deleted == false()
)


@dataclass(frozen=True, slots=True)
class RowFeed:
    connection: Connection
    collection: Collection
    kind: Kind
    revision: int
    purged: int

    @classmethod
    def of(cls, connection: Connection, collection: Collection, kind: Kind) -> "RowFeed":
        row = connection.execute(_REVISION, {"collection": collection.key}).one_or_none()
        if row is None:
            raise NotFound("collection", collection.collection_id)
        return cls(connection, collection, kind, row.revision, row.purged)

    def reaches(self, revision: int) -> bool:
        # An empty index needs no tombstones.
        return revision == 0 or revision >= self.purged

    def contains(self, revision: int) -> bool:
        if revision > self.revision or not self.reaches(revision):
            return False
        return revision == self.revision or self._has_row_of(revision)

    def _has_row_of(self, revision: int) -> bool:
        """False also if every row of that revision has changed since; the index is then built
        anew without need, which is harmless and rare."""
        found = (
            exists().where(table.c.collection == self.collection.key, table.c.revision == revision)
            for table in (faces, users)
        )
        return bool(self.connection.scalar(select(or_(*found))))

    def changes(self, since: int) -> Iterator[Changes]:
        table = TABLES[self.kind]
        statement = (
            select(table.c.key, table.c.vector)
            .where(table.c.collection == self.collection.key, table.c.revision > since)
            .order_by(table.c.revision, table.c.key)
        )
        if since == 0:
            statement = statement.where(table.c.vector.is_not(None))
        result = self.connection.execution_options(yield_per=PART).execute(statement)
        for rows in result.partitions():
            yield _changes(rows, self.collection.dimension)


def _changes(rows: Sequence[Any], dimension: int) -> Changes:
    keys, vectors = zip(*rows, strict=True)
    there = [vector for vector in vectors if vector is not None]
    is_there = np.array([vector is not None for vector in vectors])
    all_keys = np.array(keys, np.int64)
    return Changes(
        keys=all_keys[is_there],
        halves=np.frombuffer(b"".join(there), STORED).reshape(-1, dimension),
        gone=all_keys[~is_there],
    )
