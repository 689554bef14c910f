"""Collections as a whole."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, and_, bindparam, false, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.sql.elements import ColumnElement

from openrekog.collections_store.errors import AlreadyExists, NotFound
from openrekog.collections_store.records import GALLERY, Collection, Page, Position, Scope
from openrekog.collections_store.session import Session, next_revision, page_of
from openrekog.collections_store.tables import collections

# The names of the dataclass's fields that are columns too; the scope is made of two.
FIELDS = (
    "key",
    "collection_id",
    "face_model",
    "face_model_version",
    "dimension",
    "face_count",
    "user_count",
    "created_at",
)


@dataclass(frozen=True, slots=True)
class Collections:
    session: Session

    def create(
        self,
        scope: Scope,
        collection_id: str,
        *,
        face_model: str,
        face_model_version: str,
        dimension: int,
    ) -> Collection:
        if self._find(scope, collection_id) is not None:
            raise AlreadyExists("collection", collection_id)
        try:
            row = self.session.connection.execute(
                insert(collections)
                .values(
                    account_id=scope.account_id,
                    region=scope.region,
                    collection_id=collection_id,
                    face_model=face_model,
                    face_model_version=face_model_version,
                    dimension=dimension,
                    face_count=0,
                    user_count=0,
                    revision=next_revision(0),
                    purged=0,
                    created_at=self.session.now,
                    deleted=False,
                )
                .returning(collections)
            ).one()
        except IntegrityError as error:
            # On PostgreSQL another transaction can create it between our two statements.
            raise AlreadyExists("collection", collection_id) from error
        return collection_of(row)

    def get(self, scope: Scope, collection_id: str) -> Collection:
        row = self._find(scope, collection_id)
        if row is None:
            raise NotFound("collection", collection_id)
        return collection_of(row)

    def delete(self, scope: Scope, collection_id: str) -> None:
        """Hides the collection at once; its rows and index files are swept away afterwards."""
        collection = self.get(scope, collection_id)
        self.session.revise(collection)
        self.session.connection.execute(
            update(collections).where(collections.c.key == collection.key).values(deleted=True)
        )

    def face_total(self) -> int:
        """The faces of all living collections of all accounts; the gallery's are nobody's."""
        total = self.session.connection.scalar(
            select(func.sum(collections.c.face_count)).where(
                collections.c.deleted == false(), collections.c.account_id != GALLERY.account_id
            )
        )
        return int(total or 0)

    def _find(self, scope: Scope, collection_id: str) -> Row[Any] | None:
        return self.session.connection.execute(
            _NAMED_TO_WRITE if self.session.writing else _NAMED,
            {
                "account_id": scope.account_id,
                "region": scope.region,
                "collection_id": collection_id,
            },
        ).one_or_none()

    def list(self, scope: Scope, limit: int, after: Position | None = None) -> Page[Collection]:
        """In the order of creation, so that a page never skips or repeats one."""
        rows = self.session.connection.execute(
            select(collections)
            .where(_living(scope), collections.c.key > (after or 0))
            .order_by(collections.c.key)
            .limit(limit + 1)
        ).all()
        return page_of(rows, limit, after, collection_of)


def _living(scope: Scope) -> ColumnElement[bool]:
    return and_(
        collections.c.account_id == scope.account_id,
        collections.c.region == scope.region,
        collections.c.deleted == false(),
    )


# Built once, as every statement on the way of a search or an IndexFaces: SQLAlchemy takes longer
# to put such a statement together (0.1 ms) than SQLite to answer it.
_NAMED = select(collections).where(
    collections.c.account_id == bindparam("account_id"),
    collections.c.region == bindparam("region"),
    collections.c.collection_id == bindparam("collection_id"),
    collections.c.deleted == false(),
)
# On PostgreSQL another transaction could delete it before this one writes to it.
_NAMED_TO_WRITE = _NAMED.with_for_update()


def collection_of(row: Row[Any]) -> Collection:
    fields = {name: row._mapping[name] for name in FIELDS}
    return Collection(scope=Scope(row.account_id, row.region), **fields)
