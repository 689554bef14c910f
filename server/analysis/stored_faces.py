"""Stored faces in the API's words, and what a search found of them."""

from collections.abc import Callable, Sequence

from openrekog.api_spec.shapes import Face as FaceMember
from openrekog.api_spec.shapes import FaceMatch
from openrekog.collections_store.records import Collection, Match, StoredFace


def indexed_face(row: StoredFace) -> FaceMember:
    """A face as IndexFaces gives it: without its user and model version."""
    left, top, width, height = row.box
    face: FaceMember = {
        "FaceId": row.face_id,
        "BoundingBox": {"Width": width, "Height": height, "Left": left, "Top": top},
        "ImageId": row.image_id,
        "Confidence": row.confidence,
    }
    if row.external_image_id is not None:
        face["ExternalImageId"] = row.external_image_id
    return face


def listed_face(collection: Collection, row: StoredFace) -> FaceMember:
    """A face as ListFaces and the searches give it."""
    face = indexed_face(row)
    face["IndexFacesModelVersion"] = collection.face_model_version
    if row.user_id is not None:
        face["UserId"] = row.user_id
    return face


def face_matches(
    similarity: Callable[[float], float], collection: Collection, found: Sequence[Match]
) -> list[FaceMatch]:
    """`similarity` is the model's scale of cosines."""
    return [
        {"Similarity": similarity(match.cosine), "Face": listed_face(collection, match.face)}
        for match in found
    ]
