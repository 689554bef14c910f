"""Who of the gallery of celebrities is in a picture, and those findings in the API's words."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from openrekog.api_spec.shapes import Celebrity as CelebrityMember
from openrekog.api_spec.shapes import ComparedFace, GetCelebrityInfoResponse
from openrekog.collections_store.records import Celebrity, CelebrityMatch
from openrekog.models.capabilities import FaceAnalyzer, FaceAttributeName
from openrekog.models.results import Face, Image, Vectors
from openrekog.server.analysis.faces import compared_face

MOST_FACES = 64  # as at AWS: the largest of an image

ATTRIBUTES: frozenset[FaceAttributeName] = frozenset({"EMOTIONS", "SMILE"})

# The second person must be weaker than the first by as much as these two lie apart on the model's
# own scale (0.06 in SFace's cosine). On the labelled portraits this loses nobody who is in the
# gallery; it silences the answer where two people, or one who is there twice, look alike.
MARGIN = (92.0, 98.0)


class Gallery(Protocol):
    def search_celebrities(
        self, vectors: Vectors, limit: int, min_cosine: float, *, face_model: str
    ) -> list[list[CelebrityMatch]]:
        """For each vector the nearest people, best first."""


@dataclass(frozen=True, slots=True)
class SeenFace:
    """A face, and who it is with which MatchConfidence; without a celebrity it is nobody known."""

    face: Face
    celebrity: Celebrity | None = None
    confidence: float = 0.0


def recognise(
    faces: FaceAnalyzer, gallery: Gallery, images: Sequence[Image], least_confidence: float
) -> list[list[SeenFace]]:
    """The largest faces of each image, largest first.

    `least_confidence` is on the model's scale of similarity (0 to 100), and so is the confidence.
    Raises OtherGallery if the gallery was made by another model.
    """
    found = [faces.find(image, ATTRIBUTES)[:MOST_FACES] for image in images]
    vectors = [faces.embed(image, seen) for image, seen in zip(images, found, strict=True)]
    return [
        _named(faces, gallery, seen, own, least_confidence)
        for seen, own in zip(found, vectors, strict=True)
    ]


def _named(
    faces: FaceAnalyzer,
    gallery: Gallery,
    seen: Sequence[Face],
    vectors: Vectors,
    least_confidence: float,
) -> list[SeenFace]:
    floor, margin = faces.cosine(least_confidence), margin_of(faces)
    nearest = gallery.search_celebrities(vectors, 2, floor - margin, face_model=faces.model_name)
    return [
        SeenFace(face)
        if best is None
        else SeenFace(face, best.celebrity, faces.similarity(best.cosine))
        for face, best in zip(seen, (sure(found, floor, margin) for found in nearest), strict=True)
    ]


def margin_of(faces: FaceAnalyzer) -> float:
    low, high = MARGIN
    return faces.cosine(high) - faces.cosine(low)


def sure(nearest: Sequence[CelebrityMatch], floor: float, margin: float) -> CelebrityMatch | None:
    """The best, if it reaches the floor and the second person stays a margin behind."""
    if not nearest or nearest[0].cosine < floor:
        return None
    if len(nearest) > 1 and nearest[0].cosine - nearest[1].cosine < margin:
        return None
    return nearest[0]


def celebrity_faces(seen: Iterable[SeenFace]) -> list[CelebrityMember]:
    return [
        {
            **celebrity_info(each.celebrity),
            "Id": each.celebrity.celebrity_id,
            "Face": compared_face(each.face),
            "MatchConfidence": each.confidence,
        }
        for each in seen
        if each.celebrity is not None
    ]


def unrecognized_faces(seen: Iterable[SeenFace]) -> list[ComparedFace]:
    return [compared_face(each.face) for each in seen if each.celebrity is None]


def celebrity_info(celebrity: Celebrity) -> GetCelebrityInfoResponse:
    details = celebrity.details
    return {
        "Urls": list(details.urls or ()),
        "Name": details.name,
        "KnownGender": {"Type": details.known_gender or "Unlisted"},  # type: ignore[typeddict-item]  # an import takes the enum's values alone
    }
