"""Users: several faces of one person under one id, found by their pooled vector."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from sqlalchemy import Row, Select, insert, select, update
from sqlalchemy.exc import IntegrityError

from openrekog.collections_store.errors import AlreadyExists, NotFound, QuotaExceeded
from openrekog.collections_store.records import (
    Association,
    AssociationFailure,
    Collection,
    Page,
    Position,
    StoredUser,
    UserStatus,
    Vector,
    Vectors,
    status_of,
)
from openrekog.collections_store.session import Session, living, page_of, rows_in
from openrekog.collections_store.tables import collections, faces, users
from openrekog.collections_store.vectors import cosine, packed, pooled, unpacked

FACES_PER_USER = 100

Verdict: TypeAlias = AssociationFailure | bool
"""Whether there is anything to change about a face, or why it cannot be."""


@dataclass(frozen=True, slots=True)
class Users:
    session: Session

    def create(self, collection: Collection, user_id: str) -> StoredUser:
        revision = self.session.revise(collection)
        if self._find(collection, user_id) is not None:
            raise AlreadyExists("user", user_id)
        try:
            self.session.connection.execute(
                insert(users).values(
                    collection=collection.key, user_id=user_id, face_count=0, revision=revision
                )
            )
        except IntegrityError as error:
            raise AlreadyExists("user", user_id) from error
        self.session.count(collection, users=1)
        return StoredUser(user_id, 0)

    def get(self, collection: Collection, user_id: str) -> StoredUser:
        return user_of(self._row(collection, user_id))

    def vectors(self, collection: Collection, user_id: str) -> Vectors:
        """The user's pooled vector as the only row, or no row while the user has no face."""
        data = self._row(collection, user_id).vector
        if data is None:
            return np.empty((0, collection.dimension), np.float32)
        return unpacked(data)[None]

    def delete(self, collection: Collection, user_id: str) -> None:
        """The user's faces stay, and belong to nobody."""
        revision = self.session.revise(collection)
        row = self._row(collection, user_id)
        self.session.connection.execute(
            update(faces).where(faces.c.user == row.key).values(user=None)
        )
        self.session.connection.execute(
            update(users)
            .where(users.c.key == row.key)
            .values(vector=None, face_count=0, deleted_at=self.session.now, revision=revision)
        )
        self.session.count(collection, users=-1)

    def associate(
        self,
        collection: Collection,
        user_id: str,
        face_ids: Sequence[str],
        min_cosine: float,
        max_faces: int = FACES_PER_USER,
    ) -> Association:
        """Gives the user the faces that fit.

        `min_cosine` to the user's vector counts only if the user has had a face before. Faces over
        `max_faces` are failures without a reason; QuotaExceeded if there is no room for any.
        """
        revision = self.session.revise(collection)
        user = self._row(collection, user_id)
        known = None if user.vector is None else unpacked(user.vector)

        def judge(face: Row[Any]) -> Verdict:
            if face.user is None:
                return _unlike(face, known, min_cosine) or True
            return _of_another(face, user.key) or False

        fitting, failures = _judged(self._faces(collection, face_ids), judge)
        room = max(0, max_faces - user.face_count)
        if fitting and not room:
            raise QuotaExceeded("faces of a user", max_faces)
        done = fitting[:room]
        failures += [AssociationFailure(face.face_id, None) for face in fitting[room:]]
        self._own(done, user.key)
        return Association(
            [face.face_id for face in done], failures, self._pool(user.key, revision, bool(done))
        )

    def disassociate(
        self, collection: Collection, user_id: str, face_ids: Sequence[str]
    ) -> Association:
        revision = self.session.revise(collection)
        user = self._row(collection, user_id)

        def judge(face: Row[Any]) -> Verdict:
            return face.user is not None and (_of_another(face, user.key) or True)

        done, failures = _judged(self._faces(collection, face_ids), judge)
        self._own(done, None)
        return Association(
            [face.face_id for face in done], failures, self._pool(user.key, revision, bool(done))
        )

    def _find(self, collection: Collection, user_id: str) -> Row[Any] | None:
        return self.session.connection.execute(
            _living(collection).where(users.c.user_id == user_id)
        ).one_or_none()

    def _row(self, collection: Collection, user_id: str) -> Row[Any]:
        row = self._find(collection, user_id)
        if row is None:
            raise NotFound("user", user_id)
        return row

    def _faces(self, collection: Collection, face_ids: Sequence[str]) -> dict[str, Row[Any] | None]:
        asked: dict[str, Row[Any] | None] = dict.fromkeys(face_ids)
        statement = (
            select(faces.c.key, faces.c.face_id, faces.c.user, faces.c.vector, users.c.user_id)
            .outerjoin(users, users.c.key == faces.c.user)
            .where(faces.c.collection == collection.key, faces.c.deleted_at.is_(None))
        )
        for row in rows_in(self.session.connection, statement, faces.c.face_id, list(asked)):
            asked[row.face_id] = row
        return asked

    def _own(self, rows: Sequence[Row[Any]], owner: int | None) -> None:
        self.session.connection.execute(
            update(faces).where(faces.c.key.in_([row.key for row in rows])).values(user=owner)
        )

    def _pool(self, user: int, revision: int, changed: bool) -> UserStatus:
        """Sets what the user's row says of its faces."""
        vectors = self.session.connection.scalars(
            select(faces.c.vector).where(faces.c.user == user).order_by(faces.c.key)
        ).all()
        if changed:
            vector = packed(pooled([unpacked(data) for data in vectors])) if vectors else None
            self.session.connection.execute(
                update(users)
                .where(users.c.key == user)
                .values(face_count=len(vectors), vector=vector, revision=revision)
            )
        return status_of(len(vectors))

    def list(
        self, collection: Collection, limit: int, after: Position | None = None
    ) -> Page[StoredUser]:
        rows = self.session.connection.execute(
            _living(collection)
            .where(users.c.key > (after or 0))
            .order_by(users.c.key)
            .limit(limit + 1)
        ).all()
        return page_of(rows, limit, after, user_of)


def _living(collection: Collection) -> Select[Any]:
    return (
        select(users)
        .join(collections, living(users))
        .where(users.c.collection == collection.key, users.c.deleted_at.is_(None))
    )


def user_of(row: Row[Any]) -> StoredUser:
    return StoredUser(row.user_id, row.face_count)


def _judged(
    found: Mapping[str, Row[Any] | None], judge: Callable[[Row[Any]], Verdict]
) -> tuple[list[Row[Any]], list[AssociationFailure]]:
    """The faces to change and those that cannot be, in the order asked."""
    done: list[Row[Any]] = []
    failures: list[AssociationFailure] = []
    for face_id, face in found.items():
        verdict = AssociationFailure(face_id, "FACE_NOT_FOUND") if face is None else judge(face)
        if isinstance(verdict, AssociationFailure):
            failures.append(verdict)
        elif face is not None and verdict:
            done.append(face)
    return done, failures


def _of_another(face: Row[Any], user: int) -> AssociationFailure | None:
    if face.user == user:
        return None
    return AssociationFailure(face.face_id, "ASSOCIATED_TO_A_DIFFERENT_USER", face.user_id)


def _unlike(face: Row[Any], known: Vector | None, min_cosine: float) -> AssociationFailure | None:
    likeness = None if known is None else cosine(known, unpacked(face.vector))
    if likeness is None or likeness >= min_cosine:
        return None
    return AssociationFailure(face.face_id, "LOW_MATCH_CONFIDENCE", cosine=likeness)
