"""Embeddings as bytes: half precision, little-endian.

Half precision moves a cosine by about 1e-4, far below what tells two people apart, and makes rows,
index files and index memory the same numbers: a search is exact over what is stored.
"""

from collections.abc import Sequence

import numpy as np

from openrekog.collections_store.errors import InvalidVector
from openrekog.collections_store.records import Collection, Vector, Vectors

STORED = np.dtype("<f2")

# An embedder normalises in float32; a sum of 512 squares is off by far less than this.
UNIT_TOLERANCE = 1e-3


def checked(
    collection: Collection, vectors: Sequence[Vector] | Vectors, face_model: str | None
) -> Vectors:
    """The vectors as one array, if the collection's own model can have made them."""
    if face_model not in (None, collection.face_model):
        raise InvalidVector(
            f"collection {collection.collection_id!r} holds vectors of {collection.face_model!r}, "
            f"not of {face_model!r}"
        )
    array = np.asarray(vectors, dtype=np.float32)
    if not len(array):
        return array.reshape(0, collection.dimension)
    if array.shape[1] != collection.dimension:
        raise InvalidVector(
            f"collection {collection.collection_id!r} holds vectors of {collection.dimension} "
            f"numbers, not of {array.shape[1]}"
        )
    lengths = np.linalg.norm(array, axis=1)
    # Written so that NaN fails it too.
    if not np.all(np.abs(lengths - 1) <= UNIT_TOLERANCE):
        raise InvalidVector(f"vectors must be of unit length, not {lengths.tolist()}")
    return array


def packed(vector: Vector) -> bytes:
    return vector.astype(STORED).tobytes()


def unpacked(data: bytes) -> Vector:
    return np.frombuffer(data, dtype=STORED).astype(np.float32)


def pooled(vectors: Sequence[Vector]) -> Vector:
    """The mean of unit vectors, of unit length again: what stands for a user's faces."""
    mean = np.mean(np.stack(vectors), axis=0, dtype=np.float64)
    length = float(np.linalg.norm(mean))
    # Faces that point in exactly opposite ways have no mean direction; the first stands for them.
    if length < np.finfo(np.float32).eps:
        return vectors[0]
    return np.asarray(mean / length, np.float32)


def cosine(a: Vector, b: Vector) -> float:
    return float(np.dot(a.astype(np.float64), b.astype(np.float64)))
