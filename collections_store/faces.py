"""The faces of a collection."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, ScalarSelect, Select, bindparam, insert, select, update
from sqlalchemy.sql.elements import ColumnElement

from openrekog.collections_store.errors import NotFound, QuotaExceeded
from openrekog.collections_store.records import (
    Box,
    Collection,
    DeletionFailure,
    FaceDeletion,
    NewFace,
    Page,
    Position,
    StoredFace,
    Vector,
)
from openrekog.collections_store.session import Session, living, page_of, rows_in
from openrekog.collections_store.tables import collections, faces, users
from openrekog.collections_store.vectors import checked, packed, unpacked

# A photograph that comes again may be decoded or batched a little differently. Two faces of one
# photograph never overlap so much: the detector keeps only one of such a pair.
SAME_BOX_OVERLAP = 0.8


@dataclass(frozen=True, slots=True)
class Faces:
    session: Session
    max_faces: int

    def add(
        self,
        collection: Collection,
        image_id: str,
        external_image_id: str | None,
        new: Sequence[NewFace],
        *,
        face_model: str | None = None,
    ) -> list[StoredFace]:
        """Stores the faces of one image, in the order given.

        A face that the same image has brought before, under the same external id, is not stored
        again: its row is returned. A `face_model` other than the collection's is refused.
        """
        vectors = checked(collection, [face.vector for face in new], face_model)
        revision = self.session.revise(collection)
        known = self._of_image(collection, image_id, external_image_id)
        stored: list[StoredFace] = []
        rows: list[dict[str, Any]] = []
        for face, vector in zip(new, vectors, strict=True):
            same = _take_same(known, face.box)
            stored.append(same or _fresh(collection, image_id, external_image_id, face))
            if same is None:
                rows.append(_row_of(collection, stored[-1], vector, revision))
        if rows:
            self._make_room(collection, len(rows))
            self.session.connection.execute(insert(faces), rows)
            self.session.count(collection, faces=len(rows))
        return stored

    def get(self, collection: Collection, face_id: str) -> StoredFace:
        row = self.session.connection.execute(
            _NAMED, {"in_collection": collection.key, "face_id": face_id}
        ).one_or_none()
        if row is None:
            raise NotFound("face", face_id)
        return face_of(row)

    def vector(self, collection: Collection, face_id: str) -> Vector:
        data = self.session.connection.scalar(
            _VECTOR, {"in_collection": collection.key, "face_id": face_id}
        )
        if data is None:
            raise NotFound("face", face_id)
        return unpacked(data)

    def delete(self, collection: Collection, face_ids: Sequence[str]) -> FaceDeletion:
        """Deletes the faces that belong to no user; what is not deleted is told with the reason."""
        revision = self.session.revise(collection)
        asked = list(dict.fromkeys(face_ids))
        found = {
            row.face_id: row
            for row in rows_in(self.session.connection, _living(collection), faces.c.face_id, asked)
        }
        deleted = [name for name in asked if name in found and found[name].user is None]
        gone = set(deleted)
        failures = [_failure(name, found.get(name)) for name in asked if name not in gone]
        if deleted:
            self._bury([found[name].key for name in deleted], revision)
            self.session.count(collection, faces=-len(deleted))
        return FaceDeletion(deleted, failures)

    def _of_image(
        self, collection: Collection, image_id: str, external_image_id: str | None
    ) -> list[StoredFace]:
        rows = self.session.connection.execute(
            _OF_IMAGE,
            {
                "in_collection": collection.key,
                "image_id": image_id,
                "external_image_id": external_image_id,
            },
        )
        return [face_of(row) for row in rows]

    def _make_room(self, collection: Collection, new: int) -> None:
        stored = self.session.connection.scalar(_FACE_COUNT, {"in_collection": collection.key})
        if (stored or 0) + new > self.max_faces:
            raise QuotaExceeded("faces in a collection", self.max_faces)

    def _bury(self, keys: Sequence[int], revision: int) -> None:
        self.session.connection.execute(
            update(faces)
            .where(faces.c.key.in_(keys))
            .values(vector=None, deleted_at=self.session.now, revision=revision)
        )

    def list(
        self,
        collection: Collection,
        limit: int,
        after: Position | None = None,
        *,
        user_id: str | None = None,
        face_ids: Sequence[str] | None = None,
    ) -> Page[StoredFace]:
        """In the order of storing; both filters may be given. A user that does not exist has no
        faces."""
        statement = _living(collection)
        order: ColumnElement[int] = faces.c.key
        if user_id is not None:
            # The user is of this collection; were it named too, SQLite would read all its faces.
            statement = LIVING.where(faces.c.user == _key_of_user(collection, user_id))
        if face_ids is not None:
            statement = statement.where(faces.c.face_id.in_(face_ids))
            # In the order of an expression, or SQLite would read all faces, which have that order.
            order = faces.c.key + 0
        rows = self.session.connection.execute(
            statement.where(faces.c.key > (after or 0)).order_by(order).limit(limit + 1)
        ).all()
        return page_of(rows, limit, after, face_of)


def _living(collection: Collection) -> Select[Any]:
    return LIVING.where(faces.c.collection == collection.key)


def _key_of_user(collection: Collection, user_id: str) -> ScalarSelect[int]:
    return (
        select(users.c.key)
        .where(
            users.c.collection == collection.key,
            users.c.user_id == user_id,
            users.c.deleted_at.is_(None),
        )
        .scalar_subquery()
    )


LIVING: Select[Any] = (
    select(
        *(column for column in faces.c if column is not faces.c.vector),
        users.c.user_id,
        collections.c.face_model_version,
    )
    .join(collections, living(faces))
    .outerjoin(users, users.c.key == faces.c.user)
    .where(faces.c.deleted_at.is_(None))
)
"""Faces with their users and the model version of their collection, but without vectors."""

_HERE = faces.c.collection == bindparam("in_collection")
_NAMED = LIVING.where(_HERE, faces.c.face_id == bindparam("face_id"))
_OF_IMAGE = LIVING.where(
    _HERE,
    faces.c.image_id == bindparam("image_id"),
    faces.c.external_image_id.is_not_distinct_from(bindparam("external_image_id")),
).order_by(faces.c.key)
_VECTOR = (
    select(faces.c.vector)
    .join(collections, living(faces))
    .where(_HERE, faces.c.face_id == bindparam("face_id"), faces.c.deleted_at.is_(None))
)
_FACE_COUNT = select(collections.c.face_count).where(
    collections.c.key == bindparam("in_collection")
)


def face_of(row: Row[Any]) -> StoredFace:
    return StoredFace(
        face_id=row.face_id,
        image_id=row.image_id,
        external_image_id=row.external_image_id,
        box=(row.left, row.top, row.width, row.height),
        confidence=row.confidence,
        user_id=row.user_id,
        face_model_version=row.face_model_version,
    )


def _take_same(known: list[StoredFace], box: Box) -> StoredFace | None:
    """The known face that is there, which no other face of the photograph is then."""
    for face in known:
        if overlap(face.box, box) > SAME_BOX_OVERLAP:
            known.remove(face)
            return face
    return None


def _fresh(
    collection: Collection, image_id: str, external_image_id: str | None, face: NewFace
) -> StoredFace:
    return StoredFace(
        face_id=str(uuid.uuid4()),
        image_id=image_id,
        external_image_id=external_image_id,
        box=face.box,
        confidence=face.confidence,
        user_id=None,
        face_model_version=collection.face_model_version,
    )


def _row_of(
    collection: Collection, face: StoredFace, vector: Vector, revision: int
) -> dict[str, Any]:
    left, top, width, height = face.box
    return {
        "collection": collection.key,
        "face_id": face.face_id,
        "image_id": face.image_id,
        "external_image_id": face.external_image_id,
        "left": left,
        "top": top,
        "width": width,
        "height": height,
        "confidence": face.confidence,
        "vector": packed(vector),
        "revision": revision,
    }


def _failure(face_id: str, row: Row[Any] | None) -> DeletionFailure:
    if row is None:
        return DeletionFailure(face_id, "FACE_NOT_FOUND")
    return DeletionFailure(face_id, "ASSOCIATED_TO_AN_EXISTING_USER", row.user_id)


def overlap(a: Box, b: Box) -> float:
    """Intersection over union."""
    width = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    height = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    shared = max(width, 0.0) * max(height, 0.0)
    union = a[2] * a[3] + b[2] * b[3] - shared
    return shared / union if union > 0 else 0.0
