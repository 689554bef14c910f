"""Searching a collection by a stored face, a user, or a picture."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from openrekog.api_spec import errors
from openrekog.api_spec.shapes import (
    SearchFacesByImageRequest,
    SearchFacesByImageResponse,
    SearchFacesRequest,
    SearchFacesResponse,
    SearchUsersByImageRequest,
    SearchUsersByImageResponse,
    SearchUsersRequest,
    SearchUsersResponse,
    UnsearchedFace,
    UserMatch,
)
from openrekog.collections_store.errors import NotFound
from openrekog.collections_store.records import Collection, Match, StoredFace
from openrekog.collections_store.records import UserMatch as FoundUser
from openrekog.collections_store.store import Transaction
from openrekog.models.results import Face, Vectors
from openrekog.server.analysis import faces as report
from openrekog.server.analysis import quality
from openrekog.server.analysis.stored_faces import face_matches
from openrekog.server.context import Context
from openrekog.server.media.images import LoadedImage
from openrekog.server.operations import pictures
from openrekog.server.operations.registry import operation
from openrekog.server.operations.resources import (
    no_collection,
    no_user,
    searchable_collection,
)


@operation
def search_faces(context: Context, request: SearchFacesRequest) -> SearchFacesResponse:
    face_id = request["FaceId"]
    with context.reading() as rows:
        collection = searchable_collection(rows, context, request["CollectionId"])
        searched, vector = stored_face(rows, collection, face_id)
    limit = request["MaxFaces"]
    # One more, because the searched face finds itself first and is left out, as at AWS.
    found = match_faces(context, collection, vector, limit + 1, request["FaceMatchThreshold"])
    others = [match for match in found if match.face.face_id != searched.face_id]
    return {
        "SearchedFaceId": searched.face_id,
        "FaceMatches": face_matches(similarity_of(context), collection, others[:limit]),
        "FaceModelVersion": collection.face_model_version,
    }


@operation
def search_faces_by_image(
    context: Context, request: SearchFacesByImageRequest
) -> SearchFacesByImageResponse:
    collection = open_collection(context, request["CollectionId"])
    image = pictures.load(context, request["Image"])
    searched, _ = choose(context, image, request["QualityFilter"])
    if searched is None:
        raise errors.InvalidParameter("There are no faces in the image. Should be at least 1.")
    vector = pictures.embed(context, image, [searched])
    threshold = request["FaceMatchThreshold"]
    found = match_faces(context, collection, vector, request["MaxFaces"], threshold)
    return {
        "SearchedFaceBoundingBox": report.bounding_box(searched.box),
        "SearchedFaceConfidence": searched.confidence,
        "FaceMatches": face_matches(similarity_of(context), collection, found),
        "FaceModelVersion": collection.face_model_version,
    }


@operation
def search_users(context: Context, request: SearchUsersRequest) -> SearchUsersResponse:
    face_id, user_id = request.get("FaceId"), request.get("UserId")
    if (face_id is None) == (user_id is None):
        raise errors.InvalidParameter("Request should contain either a FaceId or a UserId.")
    answer: SearchUsersResponse = {}
    with context.reading() as rows:
        collection = searchable_collection(rows, context, request["CollectionId"])
        if face_id is not None:
            searched, vector = stored_face(rows, collection, face_id)
            answer["SearchedFace"] = {"FaceId": searched.face_id}
        elif user_id is not None:
            vector = user_vector(rows, collection, user_id)
            answer["SearchedUser"] = {"UserId": user_id}
    limit = request["MaxUsers"]
    found = match_users(context, collection, vector, limit + 1, request["UserMatchThreshold"])
    others = [match for match in found if match.user.user_id != user_id]
    answer["UserMatches"] = user_matches(context, others[:limit])
    answer["FaceModelVersion"] = collection.face_model_version
    return answer


@operation
def search_users_by_image(
    context: Context, request: SearchUsersByImageRequest
) -> SearchUsersByImageResponse:
    collection = open_collection(context, request["CollectionId"])
    image = pictures.load(context, request["Image"])
    searched, unsearched = choose(context, image, request["QualityFilter"])
    answer: SearchUsersByImageResponse = {
        "UserMatches": [],
        "FaceModelVersion": collection.face_model_version,
        "UnsearchedFaces": unsearched,
    }
    # Unlike SearchFacesByImage, a picture without a usable face is no error here.
    if searched is not None:
        vector = pictures.embed(context, image, [searched])
        threshold = request["UserMatchThreshold"]
        found = match_users(context, collection, vector, request["MaxUsers"], threshold)
        answer["UserMatches"] = user_matches(context, found)
        answer["SearchedFace"] = {"FaceDetail": report.face_detail(searched)}
    return answer


def open_collection(context: Context, collection_id: str) -> Collection:
    with context.reading() as rows:
        return searchable_collection(rows, context, collection_id)


def stored_face(
    rows: Transaction, collection: Collection, face_id: str
) -> tuple[StoredFace, Vectors]:
    try:
        return rows.faces.get(collection, face_id), rows.faces.vector(collection, face_id)[None]
    except NotFound as error:
        # AWS answers so, although the model also declares ResourceNotFoundException.
        raise errors.InvalidParameter(f"The face id: {face_id} does not exist") from error


def user_vector(rows: Transaction, collection: Collection, user_id: str) -> Vectors:
    """One row, or none if the user has no faces yet."""
    try:
        return rows.users.vectors(collection, user_id)
    except NotFound as error:
        raise no_user(user_id) from error


def choose(
    context: Context, image: LoadedImage, level: quality.Level
) -> tuple[Face | None, list[UnsearchedFace]]:
    """The largest face that passes the filter, and the others with the reasons."""
    searched: Face | None = None
    others: list[UnsearchedFace] = []
    for face in sorted(pictures.find_faces(context, image), key=lambda face: -face.box.area):
        reasons = quality.faults(face, image.pixels.shape, level)
        if not reasons and searched is None:
            searched = face
        else:
            others.append(
                {
                    "FaceDetails": report.face_detail(face),
                    "Reasons": [*reasons] or ["FACE_NOT_LARGEST"],
                }
            )
    return searched, others


def match_faces(
    context: Context, collection: Collection, vector: Vectors, limit: int, threshold: float
) -> list[Match]:
    floor = context.services.models.faces.cosine(threshold)
    with searching(context, collection):
        return context.services.store.search_faces(collection, vector, limit, floor)[0]


def match_users(
    context: Context, collection: Collection, vector: Vectors, limit: int, threshold: float
) -> list[FoundUser]:
    if not len(vector):
        return []
    floor = context.services.models.faces.cosine(threshold)
    with searching(context, collection):
        return context.services.store.search_users(collection, vector, limit, floor)[0]


@contextmanager
def searching(context: Context, collection: Collection) -> Iterator[None]:
    """Times a search in a collection that another request may have deleted by now."""
    with context.timed("search"):
        try:
            yield
        except NotFound as error:
            raise no_collection(collection.collection_id) from error


def similarity_of(context: Context) -> Callable[[float], float]:
    return context.services.models.faces.similarity


def user_matches(context: Context, found: list[FoundUser]) -> list[UserMatch]:
    similarity = similarity_of(context)
    return [
        {
            "Similarity": similarity(match.cosine),
            "User": {"UserId": match.user.user_id, "UserStatus": match.user.status},
        }
        for match in found
    ]
