"""Stores on both databases, and vectors whose likeness is known."""

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from openrekog.collections_store.store import Collection, NewFace, Scope, Store, Vectors
from tests.collections_store.tables import make_tables, sqlite_tables

SCOPE = Scope("111122223333", "eu-central-1")
DIMENSION = 16

OpenStore = Callable[..., Store]


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Of a database without a table."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'store.sqlite'}"
    make: Callable[[], str] = request.getfixturevalue("postgresql")
    return make()


@pytest.fixture(scope="session")
def postgresql_tables(postgresql: Callable[..., str]) -> str:
    url = postgresql()
    make_tables(url)
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Of a database with all tables, and nothing in them."""
    if request.param == "sqlite":
        path = tmp_path / "store.sqlite"
        path.write_bytes(sqlite_tables())
        return f"sqlite:///{path}"
    make: Callable[..., str] = request.getfixturevalue("postgresql")
    return make(request.getfixturevalue("postgresql_tables"))


@pytest.fixture
def open_store(url: str, tmp_path: Path) -> Iterator[OpenStore]:
    """Opens stores on the same database, and closes them."""
    opened: list[Store] = []

    def make(**settings: Any) -> Store:
        settings = {"index_dir": tmp_path / "index", "housekeeping_interval": None} | settings
        opened.append(Store.open(url, **settings))
        return opened[-1]

    yield make
    for store in opened:
        store.close()


@pytest.fixture
def store(open_store: OpenStore) -> Store:
    return open_store()


@pytest.fixture
def scope() -> Scope:
    return SCOPE


@pytest.fixture
def create() -> Callable[..., Collection]:
    def make(store: Store, collection_id: str = "staff", **other: Any) -> Collection:
        settings: dict[str, Any] = {"face_model": "sface", "face_model_version": "7.0"}
        settings |= {"dimension": DIMENSION} | other
        with store.write() as rows:
            return rows.collections.create(SCOPE, collection_id, **settings)

    return make


@pytest.fixture
def collection(store: Store, create: Callable[..., Collection]) -> Collection:
    return create(store)


@pytest.fixture
def unit() -> Callable[..., Vectors]:
    """Unit vectors in random, but always the same, directions."""

    def make(count: int, seed: int = 0, dimension: int = DIMENSION) -> Vectors:
        numbers = np.random.default_rng(seed).standard_normal((count, dimension))
        lengths = np.linalg.norm(numbers, axis=1, keepdims=True)
        return np.asarray(numbers / lengths, np.float32)

    return make


@pytest.fixture
def add(unit: Callable[..., Vectors]) -> Callable[..., list[str]]:
    """Stores faces of different images, and returns their ids."""
    numbers = count()

    def do(store: Store, collection: Collection, vectors: Vectors | int) -> list[str]:
        made = unit(vectors, seed=1) if isinstance(vectors, int) else vectors
        with store.write() as rows:
            return [
                rows.faces.add(collection, f"image-{next(numbers)}", None, [face])[0].face_id
                for face in (NewFace((0.1, 0.2, 0.3, 0.4), 99.0, vector) for vector in made)
            ]

    return do
