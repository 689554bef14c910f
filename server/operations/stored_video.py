"""Operations on stored video: eight analyses, each with one to start and one to read."""

from typing import cast

from openrekog.api_spec.shapes import (
    GetFaceDetectionRequest,
    GetFaceDetectionResponse,
    GetFaceSearchRequest,
    GetFaceSearchResponse,
    StartFaceDetectionRequest,
    StartFaceDetectionResponse,
    StartFaceSearchRequest,
    StartFaceSearchResponse,
)
from openrekog.server.context import Context
from openrekog.server.operations import video_jobs
from openrekog.server.operations.registry import operation
from openrekog.server.operations.resources import searchable_collection


@operation
def start_face_detection(
    context: Context, request: StartFaceDetectionRequest
) -> StartFaceDetectionResponse:
    return {"JobId": video_jobs.start(context, "FaceDetection", request)}


@operation
def get_face_detection(
    context: Context, request: GetFaceDetectionRequest
) -> GetFaceDetectionResponse:
    found = video_jobs.results(context, "FaceDetection", request)
    return cast(GetFaceDetectionResponse, {**video_jobs.common(found), "Faces": found.items})


@operation
def start_face_search(context: Context, request: StartFaceSearchRequest) -> StartFaceSearchResponse:
    with context.reading() as rows:
        searchable_collection(rows, context, request["CollectionId"])
    return {"JobId": video_jobs.start(context, "FaceSearch", request)}


@operation
def get_face_search(context: Context, request: GetFaceSearchRequest) -> GetFaceSearchResponse:
    found = video_jobs.results(context, "FaceSearch", request)
    return cast(GetFaceSearchResponse, {**video_jobs.common(found), "Persons": found.items})
