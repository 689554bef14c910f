"""The store: transactions over every table, and exact search over the vectors in them."""

import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from sqlalchemy import Connection, insert, select

from openrekog.collections_store import schema
from openrekog.collections_store.catalog import Collections
from openrekog.collections_store.celebrities import Celebrities
from openrekog.collections_store.database import Database, opening
from openrekog.collections_store.datasets import Datasets
from openrekog.collections_store.entries import DatasetEntries
from openrekog.collections_store.faces import Faces
from openrekog.collections_store.housekeeping import Housekeeping
from openrekog.collections_store.index.device import find_gpu
from openrekog.collections_store.index.shelf import IndexShelf
from openrekog.collections_store.jobs import Jobs
from openrekog.collections_store.policies import ProjectPolicies
from openrekog.collections_store.projects import Projects
from openrekog.collections_store.records import (
    Association,
    AssociationFailure,
    Celebrity,
    CelebrityDetails,
    CelebrityMatch,
    Collection,
    DeletionFailure,
    FaceDeletion,
    FaceModel,
    Match,
    NewFace,
    Page,
    Position,
    Scope,
    StoredFace,
    StoredUser,
    UserMatch,
    Vector,
    Vectors,
)
from openrekog.collections_store.requests import Requests
from openrekog.collections_store.search import Search
from openrekog.collections_store.servers import Servers
from openrekog.collections_store.session import Session
from openrekog.collections_store.tables import secrets as secret_rows
from openrekog.collections_store.tags import Tags
from openrekog.collections_store.tokens import TokenSealer
from openrekog.collections_store.training_images import TrainingImages
from openrekog.collections_store.users import Users
from openrekog.collections_store.vectors import checked
from openrekog.collections_store.versions import ProjectVersions
from openrekog.collections_store.workers import Workers

__all__ = [
    "Association",
    "AssociationFailure",
    "Celebrity",
    "CelebrityDetails",
    "CelebrityMatch",
    "Collection",
    "DeletionFailure",
    "FaceDeletion",
    "FaceModel",
    "Match",
    "NewFace",
    "Page",
    "Position",
    "Scope",
    "Store",
    "StoredFace",
    "StoredUser",
    "Transaction",
    "UserMatch",
    "Vector",
    "Vectors",
]

# Amazon Rekognition's quota.
FACES_PER_COLLECTION = 20_000_000

GIB = 1024**3


class Transaction:
    """One request's view of the rows: a snapshot, or a write that counts as a whole."""

    def __init__(self, session: Session, max_faces: int) -> None:
        self.collections = Collections(session)
        self.faces = Faces(session, max_faces)
        self.users = Users(session)
        self.tags = Tags(session)
        self.requests = Requests(session)
        self.jobs = Jobs(session)
        self.workers = Workers(session)
        self.servers = Servers(session)
        self.projects = Projects(session)
        self.versions = ProjectVersions(session)
        self.training_images = TrainingImages(session)
        self.policies = ProjectPolicies(session)
        self.datasets = Datasets(session)
        self.entries = DatasetEntries(session)
        self.celebrities = Celebrities(session, self.collections, self.faces, self.users)


class Store:
    def __init__(
        self, database: Database, shelf: IndexShelf, tokens: TokenSealer, max_faces: int
    ) -> None:
        self._database = database
        self._shelf = shelf
        self._tokens = tokens
        self._max_faces = max_faces
        self._housekeeping = Housekeeping(database, shelf)

    @classmethod
    def open(
        cls,
        url: str,
        index_dir: Path,
        *,
        max_faces: int = FACES_PER_COLLECTION,
        busy_timeout: float = 10.0,
        index_memory: int = 8 * GIB,
        index_gpu_memory: int = 2 * GIB,
        housekeeping_interval: float | None = 30.0,
    ) -> "Store":
        """Opens or makes the database and brings its tables up to date.

        `index_memory` and `index_gpu_memory` are in bytes, the second unused where FAISS sees no
        GPU, and 0 for none; `housekeeping_interval` None leaves `tidy` to the caller.
        """
        with ExitStack() as undo:
            with opening(url):
                database = Database(url, busy_timeout=busy_timeout)
                undo.callback(database.close)
                database.check()
            with database.exclusive() as connection:
                schema.upgrade(connection)
                tokens = TokenSealer(_signing_secret(connection))
            shelf = IndexShelf(
                index_dir, memory_limit=index_memory, device=find_gpu(index_gpu_memory)
            )
            undo.pop_all()
        store = cls(database, shelf, tokens, max_faces)
        if housekeeping_interval is not None:
            store._housekeeping.start(housekeeping_interval)
        return store

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        """One snapshot of the whole database."""
        with self._database.read() as connection:
            yield Transaction(Session(connection, writing=False), self._max_faces)

    @contextmanager
    def write(self) -> Iterator[Transaction]:
        """Commits at the end of the block; an exception in it undoes everything."""
        with self._database.write() as connection:
            yield Transaction(Session(connection, writing=True), self._max_faces)

    def search_faces(
        self,
        collection: Collection,
        vectors: Vectors,
        limit: int,
        min_cosine: float,
        *,
        face_model: str | None = None,
    ) -> list[list[Match]]:
        """For each vector the nearest faces, best first, equal ones in the order of storing."""
        queries = checked(collection, vectors, face_model)
        with self._database.read() as connection:
            return Search(connection, self._shelf, collection).faces(queries, limit, min_cosine)

    def search_users(
        self,
        collection: Collection,
        vectors: Vectors,
        limit: int,
        min_cosine: float,
        *,
        face_model: str | None = None,
    ) -> list[list[UserMatch]]:
        queries = checked(collection, vectors, face_model)
        with self._database.read() as connection:
            return Search(connection, self._shelf, collection).users(queries, limit, min_cosine)

    def search_celebrities(
        self, vectors: Vectors, limit: int, min_cosine: float, *, face_model: str
    ) -> list[list[CelebrityMatch]]:
        """For each vector the people of the gallery whose pooled faces are nearest, best first.

        Raises OtherGallery if the gallery has faces of other models alone.
        """
        with self._database.read() as connection:
            rows = Transaction(Session(connection, writing=False), self._max_faces)
            collection = rows.celebrities.gallery(face_model)
            if collection is None:
                return [[] for _ in vectors]
            queries = checked(collection, vectors, face_model)
            search = Search(connection, self._shelf, collection)
            return search.celebrities(queries, limit, min_cosine)

    def seal(self, kind: str, position: Position) -> str:
        """A token for going on with a listing; `kind` names the listing, and whose it is."""
        return self._tokens.seal(kind, position)

    def unseal(self, kind: str, token: str) -> Position:
        return self._tokens.unseal(kind, token)

    def face_total(self) -> int:
        with self.read() as rows:
            return rows.collections.face_total()

    def warm(self) -> None:
        """Brings the indexes of large collections into memory, so that the first search is fast."""
        self._housekeeping.warm()

    def tidy(self) -> None:
        """Sweeps away what was deleted and saves indexes; done now and then by itself."""
        self._housekeeping.tidy()

    def scrub(self) -> None:
        """Clears what was deleted off the disk as far as can be done at once."""
        self._database.scrub()

    def close(self) -> None:
        self._housekeeping.close()
        self._shelf.close()
        self._database.close()


def _signing_secret(connection: Connection) -> bytes:
    """Made once per database, so that every process and every restart knows the same."""
    which = secret_rows.c.name == "pagination"
    found = connection.scalar(select(secret_rows.c.value).where(which))
    if found is None:
        found = secrets.token_bytes(32)
        connection.execute(insert(secret_rows).values(name="pagination", value=found))
    return bytes(found)
