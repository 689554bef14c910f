"""The gallery of celebrities: one for the whole server, as AWS's own is one for everybody.

Each model's faces lie in a collection of a scope that no request can name, one user a person, so
that everything that holds for collections (revisions, the index, sweeping) holds here too.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Row, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from openrekog.collections_store.catalog import Collections
from openrekog.collections_store.errors import AmbiguousName, Busy, NotFound, OtherGallery
from openrekog.collections_store.faces import Faces
from openrekog.collections_store.records import (
    GALLERY,
    Celebrity,
    CelebrityDetails,
    Collection,
    FaceModel,
    NewFace,
    Vector,
)
from openrekog.collections_store.session import Session
from openrekog.collections_store.tables import celebrities, collections, faces, users
from openrekog.collections_store.users import Users
from openrekog.collections_store.vectors import unpacked

BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
ID_LENGTH = 8  # 2e14 ids: among a million people two meet in one gallery of five hundred

# More models than this never made one gallery.
MOST_MODELS = 1000


def ids_of(details: CelebrityDetails) -> Iterator[str]:
    """The id of a person, from its Wikidata id or else its name, and the ones to take where an id
    already is another's."""
    identity = details.wikidata_id or f"name:{details.name}"
    for attempt in range(MOST_MODELS):
        digest = hashlib.sha256(f"{identity}#{attempt}".encode()).digest()
        number = int.from_bytes(digest, "big")
        yield "".join(BASE62[number // 62**place % 62] for place in range(ID_LENGTH))


@dataclass(frozen=True, slots=True)
class Celebrities:
    session: Session
    collections: Collections
    faces: Faces
    users: Users

    def get(self, celebrity_id: str) -> Celebrity:
        row = self.session.connection.execute(
            select(celebrities).where(celebrities.c.celebrity_id == celebrity_id)
        ).one_or_none()
        if row is None:
            raise NotFound("celebrity", celebrity_id)
        return celebrity_of(row)

    def called(self, name: str) -> list[Celebrity]:
        rows = self.session.connection.execute(
            select(celebrities)
            .where(celebrities.c.name == name)
            .order_by(celebrities.c.celebrity_id)
        )
        return [celebrity_of(row) for row in rows]

    def list(self) -> list[Celebrity]:
        """Everybody, by name."""
        rows = self.session.connection.execute(
            select(celebrities).order_by(celebrities.c.name, celebrities.c.celebrity_id)
        )
        return [celebrity_of(row) for row in rows]

    def find(self, details: CelebrityDetails) -> Celebrity | None:
        """The person that is meant: by the Wikidata id, else by a name that no other id stands by.

        Raises AmbiguousName if several people have the name and no Wikidata id tells them apart.
        """
        wanted = details.wikidata_id
        if wanted is not None:
            row = self.session.connection.execute(
                select(celebrities).where(celebrities.c.wikidata_id == wanted)
            ).one_or_none()
            if row is not None:
                return celebrity_of(row)
        same = [
            other
            for other in self.called(details.name)
            if wanted is None or other.details.wikidata_id is None
        ]
        if len(same) > 1:
            raise AmbiguousName(details.name, [other.celebrity_id for other in same])
        return same[0] if same else None

    def put(self, details: CelebrityDetails) -> Celebrity:
        """Adds the person, or changes what the details say of one who is there."""
        known = self.find(details)
        said = {name: value for name, value in _columns(details).items() if value is not None}
        celebrity_id = self._free_id(details) if known is None else known.celebrity_id
        try:
            self.session.connection.execute(
                insert(celebrities).values(
                    celebrity_id=celebrity_id, created_at=self.session.now, **said
                )
                if known is None
                else update(celebrities)
                .where(celebrities.c.celebrity_id == celebrity_id)
                .values(**said)
            )
        except IntegrityError as error:
            # On PostgreSQL another import can add the same person between our statements.
            raise Busy("another import changes the same person") from error
        return self.get(celebrity_id)

    def vectors(self, celebrity: Celebrity, face_model: str) -> dict[str, Vector]:
        """The person's faces of a model, by the id of the image that each came from."""
        rows = self.session.connection.execute(
            select(faces.c.image_id, faces.c.vector)
            .join(users, users.c.key == faces.c.user)
            .join(collections, collections.c.key == users.c.collection)
            .where(
                *_in_gallery(face_model),
                users.c.user_id == celebrity.celebrity_id,
            )
            .order_by(faces.c.key)
        )
        return {row.image_id: unpacked(row.vector) for row in rows}

    def set_faces(
        self,
        celebrity: Celebrity,
        model: FaceModel,
        kept: Sequence[str],
        new: Mapping[str, NewFace],
    ) -> None:
        """Leaves the person with the faces of the `kept` images and the `new` ones, by image id,
        and none else of this model."""
        collection = self._collection(model)
        person = celebrity.celebrity_id
        if self._user(collection, person) is None:
            self.users.create(collection, person)
        stored = self.faces.list(collection, self.faces.max_faces, user_id=person).items
        staying = set(kept) | set(new)
        self._drop(collection, person, [f.face_id for f in stored if f.image_id not in staying])
        # By the person as external id: a picture that shows two people belongs to each of them.
        added = [
            self.faces.add(collection, image_id, person, [face], face_model=model.name)[0].face_id
            for image_id, face in new.items()
        ]
        self.users.associate(collection, person, added, min_cosine=-1, max_faces=len(staying))

    def delete(self, celebrity_id: str) -> int:
        """Removes the person with the faces of every model, and returns how many those were."""
        gone = self.get(celebrity_id)
        count = 0
        for collection in self._galleries():
            if self._user(collection, gone.celebrity_id) is None:
                continue
            own = self.faces.list(collection, self.faces.max_faces, user_id=gone.celebrity_id).items
            self.users.delete(collection, gone.celebrity_id)
            self.faces.delete(collection, [face.face_id for face in own])
            count += len(own)
        self.session.connection.execute(
            delete(celebrities).where(celebrities.c.celebrity_id == gone.celebrity_id)
        )
        return count

    def face_counts(self) -> dict[str, dict[str, int]]:
        """For each person the number of faces by the model that made their vectors."""
        counts: dict[str, dict[str, int]] = {}
        rows = self.session.connection.execute(
            select(users.c.user_id, users.c.face_count, collections.c.face_model)
            .join(collections, collections.c.key == users.c.collection)
            .where(*_in_gallery(), users.c.face_count > 0)
            .order_by(collections.c.face_model)
        )
        for row in rows:
            counts.setdefault(row.user_id, {})[row.face_model] = row.face_count
        return counts

    def gallery(self, face_model: str) -> Collection | None:
        """What a search goes through; None if there is nobody to be found.

        Raises OtherGallery if all faces are of other models, whose vectors say nothing here.
        """
        filled = [each for each in self._galleries() if each.face_count]
        own = next((each for each in filled if each.face_model == face_model), None)
        if own is None and filled:
            raise OtherGallery(face_model, [each.face_model for each in filled])
        return own

    def _galleries(self) -> Sequence[Collection]:
        return self.collections.list(GALLERY, MOST_MODELS).items

    def _collection(self, model: FaceModel) -> Collection:
        try:
            return self.collections.get(GALLERY, model.name)
        except NotFound:
            return self.collections.create(
                GALLERY,
                model.name,
                face_model=model.name,
                face_model_version=model.version,
                dimension=model.dimension,
            )

    def _user(self, collection: Collection, person: str) -> str | None:
        try:
            return self.users.get(collection, person).user_id
        except NotFound:
            return None

    def _drop(self, collection: Collection, person: str, face_ids: Sequence[str]) -> None:
        self.users.disassociate(collection, person, face_ids)
        self.faces.delete(collection, face_ids)

    def _free_id(self, details: CelebrityDetails) -> str:
        for celebrity_id in ids_of(details):
            try:
                self.get(celebrity_id)
            except NotFound:
                return celebrity_id
        raise RuntimeError(f"no id is left for {details.name}")


def _in_gallery(face_model: str | None = None) -> list[Any]:
    """Living users of living galleries, of one model or of any."""
    conditions = [
        collections.c.account_id == GALLERY.account_id,
        collections.c.region == GALLERY.region,
        collections.c.deleted.is_(False),
        users.c.deleted_at.is_(None),
    ]
    return (
        conditions if face_model is None else [*conditions, collections.c.face_model == face_model]
    )


def _columns(details: CelebrityDetails) -> dict[str, Any]:
    urls = None if details.urls is None else json.dumps(details.urls)
    return {**asdict(details), "urls": urls}


def celebrity_of(row: Row[Any]) -> Celebrity:
    details = CelebrityDetails(
        name=row.name,
        wikidata_id=row.wikidata_id,
        urls=None if row.urls is None else tuple(json.loads(row.urls)),
        known_gender=row.known_gender,
        licence=row.licence,
        consent=row.consent,
        source=row.source,
    )
    return Celebrity(row.celebrity_id, details, row.created_at)
