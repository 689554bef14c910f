"""Faces: where they are in pictures, their vectors, and what became of them."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float32]
"""An embedding of unit length, shape (dimension,)."""

Vectors = NDArray[np.float32]
"""Embeddings of unit length, shape (n, dimension)."""

Box = tuple[float, float, float, float]
"""Left, top, width, height as ratios of the image."""


@dataclass(frozen=True, slots=True)
class NewFace:
    box: Box
    confidence: float
    vector: Vector


@dataclass(frozen=True, slots=True)
class StoredFace:
    """A face without its vector, which `Faces.vector` reads where it is needed."""

    face_id: str
    image_id: str
    external_image_id: str | None
    box: Box
    confidence: float
    user_id: str | None
    face_model_version: str


@dataclass(frozen=True, slots=True)
class Match:
    face: StoredFace
    cosine: float


DeletionReason = Literal["FACE_NOT_FOUND", "ASSOCIATED_TO_AN_EXISTING_USER"]


@dataclass(frozen=True, slots=True)
class DeletionFailure:
    face_id: str
    reason: DeletionReason
    user_id: str | None = None


@dataclass(frozen=True, slots=True)
class FaceDeletion:
    deleted: list[str]
    failures: list[DeletionFailure]
