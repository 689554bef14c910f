"""Searches: the index finds keys, the rows of the same transaction say whose they are."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Connection, Row, Select, select

from openrekog.collections_store.celebrities import celebrity_of
from openrekog.collections_store.faces import LIVING, face_of
from openrekog.collections_store.feed import RowFeed
from openrekog.collections_store.index.shelf import IndexShelf, Kind
from openrekog.collections_store.index.vector_index import Hits, Query
from openrekog.collections_store.records import (
    CelebrityMatch,
    Collection,
    Match,
    UserMatch,
    Vectors,
)
from openrekog.collections_store.session import rows_in
from openrekog.collections_store.tables import celebrities, faces, users
from openrekog.collections_store.users import user_of

M = TypeVar("M")


@dataclass(frozen=True, slots=True)
class Search:
    connection: Connection
    shelf: IndexShelf
    collection: Collection

    def faces(self, vectors: Vectors, limit: int, min_cosine: float) -> list[list[Match]]:
        return self._find("faces", vectors, limit, min_cosine, LIVING, _match)

    def users(self, vectors: Vectors, limit: int, min_cosine: float) -> list[list[UserMatch]]:
        statement = select(users).where(users.c.deleted_at.is_(None))
        return self._find("users", vectors, limit, min_cosine, statement, _user_match)

    def celebrities(
        self, vectors: Vectors, limit: int, min_cosine: float
    ) -> list[list[CelebrityMatch]]:
        statement = (
            select(users.c.key, celebrities)
            .join(celebrities, celebrities.c.celebrity_id == users.c.user_id)
            .where(users.c.deleted_at.is_(None))
        )
        return self._find("celebrities", vectors, limit, min_cosine, statement, _celebrity_match)

    def _find(
        self,
        kind: Kind,
        vectors: Vectors,
        limit: int,
        min_cosine: float,
        statement: Select[Any],
        match: Callable[[Row[Any], float], M],
    ) -> list[list[M]]:
        feed = RowFeed.of(self.connection, self.collection, kind)
        wanted = limit
        while True:
            hits = self._hits(kind, feed, [Query(each, wanted, min_cosine) for each in vectors])
            rows = self._rows(kind, statement, hits)
            matches = [list(_matches(found, rows, match)) for found in hits]
            # Another request's newer rows can be in the index and not in this snapshot. If they
            # took the place of older ones, those are fetched too.
            short = any(
                len(seen) < limit and len(found.keys) == wanted
                for seen, found in zip(matches, hits, strict=True)
            )
            if not short:
                return [seen[:limit] for seen in matches]
            wanted *= 2

    def _hits(self, kind: Kind, feed: RowFeed, queries: Sequence[Query]) -> list[Hits]:
        model, dimension = self.collection.face_model, self.collection.dimension
        return self.shelf.search(self.collection.key, kind, model, dimension, feed, queries)

    def _rows(
        self, kind: Kind, statement: Select[Any], hits: Sequence[Hits]
    ) -> Mapping[int, Row[Any]]:
        keys = sorted({int(key) for found in hits for key in found.keys})
        table = faces if kind == "faces" else users
        return {row.key: row for row in rows_in(self.connection, statement, table.c.key, keys)}


def _matches(
    found: Hits, rows: Mapping[int, Row[Any]], match: Callable[[Row[Any], float], M]
) -> Iterator[M]:
    for key, cosine in zip(found.keys.tolist(), found.cosines, strict=True):
        if key in rows:
            yield match(rows[key], float(cosine))


def _match(row: Row[Any], cosine: float) -> Match:
    return Match(face_of(row), cosine)


def _user_match(row: Row[Any], cosine: float) -> UserMatch:
    return UserMatch(user_of(row), cosine)


def _celebrity_match(row: Row[Any], cosine: float) -> CelebrityMatch:
    return CelebrityMatch(celebrity_of(row), cosine)
