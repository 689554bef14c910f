"""Whatever is done in whatever order, the store says what plain dicts say, in every process."""

import shutil
import tempfile
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, multiple, rule

from openrekog.collections_store.errors import AlreadyExists, NotFound
from openrekog.collections_store.index import shelf, vector_index
from openrekog.collections_store.store import Collection, NewFace, Scope, Store
from tests.collections_store.tables import sqlite_tables

SCOPE = Scope("111122223333", "eu-central-1")
NAMES = ("a", "b")
PEOPLE = ("ann", "bob")
# Few and far apart, so that two faces are either the same or quite unlike.
DIRECTIONS = np.eye(4, dtype=np.float32)


class Model:
    """One collection as dicts: faces to direction, faces to owner, users."""

    def __init__(self) -> None:
        self.faces: dict[str, int] = {}
        self.owner: dict[str, str] = {}
        self.users: list[str] = []

    def owned(self, user: str) -> list[str]:
        return [face for face in self.faces if self.owner.get(face) == user]

    def user_cosine(self, user: str, direction: int) -> float | None:
        vectors = [DIRECTIONS[self.faces[face]] for face in self.owned(user)]
        if not vectors:
            return None
        mean = np.mean(vectors, axis=0)
        return float(mean[direction] / np.linalg.norm(mean))


class StoreAgainstDicts(RuleBasedStateMachine):
    faces = Bundle("faces")

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        (self.folder / "store.sqlite").write_bytes(sqlite_tables())
        self.stores = [self.open(), self.open()]
        self.models: dict[str, Model] = {}
        self.images = 0

    def open(self) -> Store:
        url = f"sqlite:///{self.folder / 'store.sqlite'}"
        return Store.open(url, self.folder / "index", housekeeping_interval=None)

    def teardown(self) -> None:
        for store in self.stores:
            store.close()
        shutil.rmtree(self.folder)

    @rule(process=st.integers(0, 1))
    def restart(self, process: int) -> None:
        self.stores[process].close()
        self.stores[process] = self.open()

    @rule(process=st.integers(0, 1))
    def tidy(self, process: int) -> None:
        self.stores[process].tidy()

    @rule(process=st.integers(0, 1), name=st.sampled_from(NAMES))
    def create(self, process: int, name: str) -> None:
        try:
            with self.stores[process].write() as rows:
                rows.collections.create(
                    SCOPE, name, face_model="m", face_model_version="1", dimension=4
                )
        except AlreadyExists:
            assert name in self.models
        else:
            assert name not in self.models
            self.models[name] = Model()

    @rule(process=st.integers(0, 1), name=st.sampled_from(NAMES))
    def drop(self, process: int, name: str) -> None:
        try:
            with self.stores[process].write() as rows:
                rows.collections.delete(SCOPE, name)
        except NotFound:
            assert name not in self.models
        else:
            del self.models[name]

    @rule(
        target=faces,
        process=st.integers(0, 1),
        name=st.sampled_from(NAMES),
        directions=st.lists(st.integers(0, 3), max_size=4),
    )
    def index(self, process: int, name: str, directions: list[int]) -> Any:
        if name not in self.models:
            return multiple()
        self.images += 1
        new = [
            NewFace((number / 10, 0, 0.1, 0.1), 99.0, DIRECTIONS[direction])
            for number, direction in enumerate(directions)
        ]
        with self.stores[process].write() as rows:
            stored = rows.faces.add(self.at(rows, name), str(self.images), None, new)
        ids = [face.face_id for face in stored]
        self.models[name].faces |= dict(zip(ids, directions, strict=True))
        return multiple(*ids)

    @rule(
        process=st.integers(0, 1),
        name=st.sampled_from(NAMES),
        ids=st.lists(faces, min_size=1, max_size=4),
    )
    def delete_faces(self, process: int, name: str, ids: list[str]) -> None:
        if name not in self.models:
            return
        model = self.models[name]
        with self.stores[process].write() as rows:
            done = rows.faces.delete(self.at(rows, name), ids)
        asked = list(dict.fromkeys(ids))
        assert done.deleted == [
            face for face in asked if face in model.faces and face not in model.owner
        ]
        assert [(f.face_id, f.user_id) for f in done.failures] == [
            (face, model.owner.get(face)) for face in asked if face not in done.deleted
        ]
        for face in done.deleted:
            del model.faces[face]

    @rule(process=st.integers(0, 1), name=st.sampled_from(NAMES), user=st.sampled_from(PEOPLE))
    def create_user(self, process: int, name: str, user: str) -> None:
        if name not in self.models:
            return
        try:
            with self.stores[process].write() as rows:
                rows.users.create(self.at(rows, name), user)
        except AlreadyExists:
            assert user in self.models[name].users
        else:
            assert user not in self.models[name].users
            self.models[name].users.append(user)

    @rule(process=st.integers(0, 1), name=st.sampled_from(NAMES), user=st.sampled_from(PEOPLE))
    def delete_user(self, process: int, name: str, user: str) -> None:
        if name not in self.models or user not in self.models[name].users:
            return
        model = self.models[name]
        with self.stores[process].write() as rows:
            rows.users.delete(self.at(rows, name), user)
        model.users.remove(user)
        model.owner = {face: owner for face, owner in model.owner.items() if owner != user}

    @rule(
        process=st.integers(0, 1),
        name=st.sampled_from(NAMES),
        user=st.sampled_from(PEOPLE),
        ids=st.lists(faces, min_size=1, max_size=4),
        min_cosine=st.sampled_from([-1.0, 0.6]),
    )
    def associate(
        self, process: int, name: str, user: str, ids: list[str], min_cosine: float
    ) -> None:
        if name not in self.models or user not in self.models[name].users:
            return
        model = self.models[name]
        expected = []
        for face in dict.fromkeys(ids):
            if face in model.faces and face not in model.owner:
                cosine = model.user_cosine(user, model.faces[face])
                if cosine is None or cosine >= min_cosine:
                    expected.append(face)
        with self.stores[process].write() as rows:
            done = rows.users.associate(self.at(rows, name), user, ids, min_cosine)
        assert done.done == expected
        model.owner |= dict.fromkeys(done.done, user)
        assert done.status == ("ACTIVE" if model.owned(user) else "CREATED")

    @rule(
        process=st.integers(0, 1),
        name=st.sampled_from(NAMES),
        user=st.sampled_from(PEOPLE),
        ids=st.lists(faces, min_size=1, max_size=4),
    )
    def disassociate(self, process: int, name: str, user: str, ids: list[str]) -> None:
        if name not in self.models or user not in self.models[name].users:
            return
        model = self.models[name]
        with self.stores[process].write() as rows:
            done = rows.users.disassociate(self.at(rows, name), user, ids)
        assert done.done == [face for face in dict.fromkeys(ids) if model.owner.get(face) == user]
        for face in done.done:
            del model.owner[face]

    @rule(process=st.integers(0, 1), name=st.sampled_from(NAMES), direction=st.integers(0, 3))
    def search(self, process: int, name: str, direction: int) -> None:
        if name not in self.models:
            return
        store, model = self.stores[process], self.models[name]
        with store.read() as rows:
            collection = self.at(rows, name)
        query = DIRECTIONS[[direction]]
        [matches] = store.search_faces(collection, query, 100, 0.5)
        assert [match.face.face_id for match in matches] == [
            face for face, towards in model.faces.items() if towards == direction
        ]
        assert {match.face.face_id: match.face.user_id for match in matches} == {
            match.face.face_id: model.owner.get(match.face.face_id) for match in matches
        }
        cosines = {user: model.user_cosine(user, direction) for user in model.users}
        [found] = store.search_users(collection, query, 100, 0.1)
        assert {match.user.user_id for match in found} == {
            user for user, cosine in cosines.items() if cosine is not None and cosine >= 0.1
        }
        for match in found:
            assert abs(match.cosine - (cosines[match.user.user_id] or 0)) < 1e-3

    @invariant()
    def every_process_lists_what_is_there(self) -> None:
        for store in self.stores:
            with store.read() as rows:
                found = rows.collections.list(SCOPE, 10).items
                assert {collection.collection_id for collection in found} == set(self.models)
                for collection in found:
                    model = self.models[collection.collection_id]
                    stored = rows.faces.list(collection, 1000).items
                    assert [face.face_id for face in stored] == list(model.faces)
                    assert collection.face_count == len(model.faces)
                    users = [user.user_id for user in rows.users.list(collection, 10).items]
                    assert users == model.users
                    assert collection.user_count == len(users)

    def at(self, rows: Any, name: str) -> Collection:
        found: Collection = rows.collections.get(SCOPE, name)
        return found


class SmallIndexes(StoreAgainstDicts):
    """The same with an index that is saved, loaded, packed and split all the time."""

    def __init__(self) -> None:
        self.kept = (shelf.SAVE_FROM, vector_index.PACK_FROM)
        shelf.SAVE_FROM, vector_index.PACK_FROM = 1, 1
        super().__init__()

    def teardown(self) -> None:
        super().teardown()
        shelf.SAVE_FROM, vector_index.PACK_FROM = self.kept


RUNS = settings(
    max_examples=15,
    stateful_step_count=30,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
TestLargeIndexes = StoreAgainstDicts.TestCase
TestLargeIndexes.settings = RUNS
TestSmallIndexes = SmallIndexes.TestCase
TestSmallIndexes.settings = RUNS
