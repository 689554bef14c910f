"""Operations that look at pictures and keep nothing."""

from openrekog.api_spec import errors
from openrekog.api_spec.shapes import (
    CompareFacesMatch,
    CompareFacesRequest,
    CompareFacesResponse,
    DetectFacesRequest,
    DetectFacesResponse,
)
from openrekog.models.results import Face
from openrekog.server.analysis import faces as report
from openrekog.server.analysis import quality
from openrekog.server.context import Context
from openrekog.server.media.images import LoadedImage
from openrekog.server.operations import pictures
from openrekog.server.operations.registry import operation


@operation
def detect_faces(context: Context, request: DetectFacesRequest) -> DetectFacesResponse:
    asked = report.wanted_attributes(request["Attributes"])
    points = report.wanted_landmarks(request["Attributes"])
    image = pictures.load(context, request["Image"])
    found = pictures.find_faces(context, image, asked)
    return {"FaceDetails": [report.face_detail(face, points) for face in found]}


@operation
def compare_faces(context: Context, request: CompareFacesRequest) -> CompareFacesResponse:
    source = pictures.load(context, request["SourceImage"])
    target = pictures.load(context, request["TargetImage"])
    level = request["QualityFilter"]
    source_face = report.largest(comparable(context, source, level))
    target_faces = comparable(context, target, level)
    if source_face is None or not target_faces:
        raise errors.InvalidParameter("Request has invalid parameters")
    similarities = compare(context, (source, source_face), (target, target_faces))
    pairs = sorted(zip(similarities, target_faces, strict=True), key=lambda pair: -pair[0])
    threshold = request["SimilarityThreshold"]
    matches: list[CompareFacesMatch] = [
        {"Similarity": similarity, "Face": report.compared_face(face)}
        for similarity, face in pairs
        if similarity >= threshold
    ]
    return {
        "SourceImageFace": {
            "BoundingBox": report.bounding_box(source_face.box),
            "Confidence": source_face.confidence,
        },
        "FaceMatches": matches,
        "UnmatchedFaces": [
            report.compared_face(face) for similarity, face in pairs if similarity < threshold
        ],
    }


def comparable(context: Context, image: LoadedImage, level: quality.Level) -> list[Face]:
    """The faces of an image that pass the quality filter."""
    return quality.passing(pictures.find_faces(context, image), image.pixels.shape, level)


def compare(
    context: Context, source: tuple[LoadedImage, Face], target: tuple[LoadedImage, list[Face]]
) -> list[float]:
    """Similarity, 0 to 100, of the source face to each target face."""
    probe = pictures.embed(context, source[0], [source[1]])
    cosines = pictures.embed(context, *target) @ probe[0]
    return [context.services.models.faces.similarity(float(cosine)) for cosine in cosines]
