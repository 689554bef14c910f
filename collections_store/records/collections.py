"""Collections of faces, and the models that made their vectors."""

from dataclasses import dataclass

from openrekog.collections_store.records.scopes import Scope


@dataclass(frozen=True, slots=True)
class Collection:
    """A collection as of the transaction that read it.

    `key` is never reused, so a collection made again under a deleted one's id is another one.
    """

    key: int
    scope: Scope
    collection_id: str
    face_model: str
    face_model_version: str
    dimension: int
    face_count: int
    user_count: int
    created_at: float


@dataclass(frozen=True, slots=True)
class FaceModel:
    """The embedding space of some vectors: what a collection remembers of its model."""

    name: str
    version: str
    dimension: int
