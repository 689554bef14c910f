"""Operations on the faces of a collection: index, list, delete."""

from collections.abc import Sequence

from openrekog.api_spec import errors
from openrekog.api_spec.shapes import (
    DeleteFacesRequest,
    DeleteFacesResponse,
    FaceRecord,
    IndexFacesRequest,
    IndexFacesResponse,
    ListFacesRequest,
    ListFacesResponse,
    UnindexedFace,
    UnsuccessfulFaceDeletion,
)
from openrekog.collections_store.errors import QuotaExceeded
from openrekog.collections_store.records import NewFace, StoredFace
from openrekog.models.results import Face
from openrekog.server.analysis import faces as report
from openrekog.server.analysis import quality
from openrekog.server.analysis.stored_faces import indexed_face, listed_face
from openrekog.server.context import Context
from openrekog.server.media.images import LoadedImage
from openrekog.server.operations import pictures
from openrekog.server.operations.registry import operation
from openrekog.server.operations.resources import (
    find_collection,
    page_of,
    page_size,
    searchable_collection,
)

EXCEEDS_MAX_FACES = "EXCEEDS_MAX_FACES"


@operation
def index_faces(context: Context, request: IndexFacesRequest) -> IndexFacesResponse:
    with context.reading() as rows:
        searchable_collection(rows, context, request["CollectionId"])
    asked = report.wanted_attributes(request["DetectionAttributes"])
    points = report.wanted_landmarks(request["DetectionAttributes"])
    image = pictures.load(context, request["Image"])
    found = pictures.find_faces(context, image, asked)
    kept, dropped = choose(found, image, request["QualityFilter"], request["MaxFaces"])
    stored = store(context, request, image, kept)
    records: list[FaceRecord] = [
        {"Face": indexed_face(row), "FaceDetail": report.face_detail(face, points)}
        for row, face in zip(stored, kept, strict=True)
    ]
    unindexed: list[UnindexedFace] = [
        {"Reasons": reasons, "FaceDetail": report.face_detail(face, points)}  # type: ignore[typeddict-item]  # both kinds of reason are of the enum
        for face, reasons in dropped
    ]
    return {
        "FaceRecords": records,
        "FaceModelVersion": context.services.models.faces.model_version,
        "UnindexedFaces": unindexed,
    }


def choose(
    found: Sequence[Face], image: LoadedImage, level: quality.Level, limit: int
) -> tuple[list[Face], list[tuple[Face, Sequence[str]]]]:
    """The faces to store, largest first, and the others with the reasons.

    AWS drops low quality first, then the smallest until MaxFaces are left.
    """
    kept: list[Face] = []
    dropped: list[tuple[Face, Sequence[str]]] = []
    for face in sorted(found, key=lambda face: -face.box.area):
        reasons: Sequence[str] = quality.faults(face, image.pixels.shape, level)
        if reasons:
            dropped.append((face, reasons))
        elif len(kept) < limit:
            kept.append(face)
        else:
            dropped.append((face, [EXCEEDS_MAX_FACES]))
    return kept, dropped


def store(
    context: Context, request: IndexFacesRequest, image: LoadedImage, faces: Sequence[Face]
) -> list[StoredFace]:
    """Rows of the faces, acknowledged once the transaction is on disk."""
    vectors = pictures.embed(context, image, faces)
    new = [
        NewFace(
            box=(face.box.left, face.box.top, face.box.width, face.box.height),
            confidence=face.confidence,
            vector=vector,
        )
        for face, vector in zip(faces, vectors, strict=True)
    ]
    if not new:
        return []
    with context.writing() as rows:
        # Looked up again: the collection may be gone since the models began to work.
        collection = searchable_collection(rows, context, request["CollectionId"])
        try:
            return rows.faces.add(collection, image.image_id, request.get("ExternalImageId"), new)
        except QuotaExceeded as error:
            raise errors.ServiceQuotaExceeded(
                "The collection has reached its limit of faces."
            ) from error


@operation
def list_faces(context: Context, request: ListFacesRequest) -> ListFacesResponse:
    with context.reading() as rows:
        collection = find_collection(rows, context, request["CollectionId"])
        found, token = page_of(
            context,
            f"ListFaces:{collection.key}:{request.get('UserId')}:{request.get('FaceIds')}",
            request.get("NextToken"),
            lambda after: rows.faces.list(
                collection,
                page_size(request["MaxResults"]),
                after,
                user_id=request.get("UserId"),
                face_ids=request.get("FaceIds"),
            ),
        )
    answer: ListFacesResponse = {
        "Faces": [listed_face(collection, row) for row in found],
        "FaceModelVersion": collection.face_model_version,
    }
    if token is not None:
        answer["NextToken"] = token
    return answer


@operation
def delete_faces(context: Context, request: DeleteFacesRequest) -> DeleteFacesResponse:
    with context.writing() as rows:
        collection = find_collection(rows, context, request["CollectionId"])
        deletion = rows.faces.delete(collection, request["FaceIds"])
    failures: list[UnsuccessfulFaceDeletion] = []
    for failure in deletion.failures:
        member: UnsuccessfulFaceDeletion = {
            "FaceId": failure.face_id,
            "Reasons": [failure.reason],
        }
        if failure.user_id is not None:
            member["UserId"] = failure.user_id
        failures.append(member)
    return {"DeletedFaces": deletion.deleted, "UnsuccessfulFaceDeletions": failures}
