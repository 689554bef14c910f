"""Operations on stored video: eight analyses, each with one to start and one to read."""

from typing import cast

from openrekog.api_spec.shapes import (
    GetCelebrityRecognitionRequest,
    GetCelebrityRecognitionResponse,
    GetContentModerationRequest,
    GetContentModerationResponse,
    GetFaceDetectionRequest,
    GetFaceDetectionResponse,
    GetFaceSearchRequest,
    GetFaceSearchResponse,
    GetLabelDetectionRequest,
    GetLabelDetectionResponse,
    GetPersonTrackingRequest,
    GetPersonTrackingResponse,
    GetSegmentDetectionRequest,
    GetSegmentDetectionResponse,
    GetTextDetectionRequest,
    GetTextDetectionResponse,
    SegmentTypeInfo,
    StartCelebrityRecognitionRequest,
    StartCelebrityRecognitionResponse,
    StartContentModerationRequest,
    StartContentModerationResponse,
    StartFaceDetectionRequest,
    StartFaceDetectionResponse,
    StartFaceSearchRequest,
    StartFaceSearchResponse,
    StartLabelDetectionRequest,
    StartLabelDetectionResponse,
    StartPersonTrackingRequest,
    StartPersonTrackingResponse,
    StartSegmentDetectionRequest,
    StartSegmentDetectionResponse,
    StartTextDetectionRequest,
    StartTextDetectionResponse,
)
from openrekog.server.analysis import moderation
from openrekog.server.analysis.label_report import LABEL_MODEL_VERSION
from openrekog.server.analysis.text import TEXT_MODEL_VERSION
from openrekog.server.analysis.video import segments
from openrekog.server.context import Context
from openrekog.server.operations import video_jobs
from openrekog.server.operations.registry import operation
from openrekog.server.operations.resources import searchable_collection


@operation
def start_celebrity_recognition(
    context: Context, request: StartCelebrityRecognitionRequest
) -> StartCelebrityRecognitionResponse:
    return {"JobId": video_jobs.start(context, "CelebrityRecognition", request)}


@operation
def get_celebrity_recognition(
    context: Context, request: GetCelebrityRecognitionRequest
) -> GetCelebrityRecognitionResponse:
    found = video_jobs.results(context, "CelebrityRecognition", request)
    answer = {
        **video_jobs.common(found),
        "Celebrities": found.items,
    }
    return cast(GetCelebrityRecognitionResponse, answer)


@operation
def start_content_moderation(
    context: Context, request: StartContentModerationRequest
) -> StartContentModerationResponse:
    return {"JobId": video_jobs.start(context, "ContentModeration", request)}


@operation
def get_content_moderation(
    context: Context, request: GetContentModerationRequest
) -> GetContentModerationResponse:
    found = video_jobs.results(context, "ContentModeration", request, request["AggregateBy"])
    answer = {
        **video_jobs.common(found),
        "ModerationLabels": found.items,
        "ModerationModelVersion": moderation.MODEL_VERSION,
        "GetRequestMetadata": {
            "SortBy": request["SortBy"],
            "AggregateBy": request["AggregateBy"],
        },
    }
    return cast(GetContentModerationResponse, answer)


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
    answer = {
        **video_jobs.common(found),
        "Faces": found.items,
    }
    return cast(GetFaceDetectionResponse, answer)


@operation
def start_face_search(context: Context, request: StartFaceSearchRequest) -> StartFaceSearchResponse:
    def check() -> None:
        with context.reading() as rows:
            searchable_collection(rows, context, request["CollectionId"])

    return {"JobId": video_jobs.start(context, "FaceSearch", request, check)}


@operation
def get_face_search(context: Context, request: GetFaceSearchRequest) -> GetFaceSearchResponse:
    found = video_jobs.results(context, "FaceSearch", request)
    answer = {
        **video_jobs.common(found),
        "Persons": found.items,
    }
    return cast(GetFaceSearchResponse, answer)


@operation
def start_label_detection(
    context: Context, request: StartLabelDetectionRequest
) -> StartLabelDetectionResponse:
    return {"JobId": video_jobs.start(context, "LabelDetection", request)}


@operation
def get_label_detection(
    context: Context, request: GetLabelDetectionRequest
) -> GetLabelDetectionResponse:
    found = video_jobs.results(context, "LabelDetection", request, request["AggregateBy"])
    answer = {
        **video_jobs.common(found),
        "Labels": found.items,
        "LabelModelVersion": LABEL_MODEL_VERSION,
        "GetRequestMetadata": {
            "SortBy": request["SortBy"],
            "AggregateBy": request["AggregateBy"],
        },
    }
    return cast(GetLabelDetectionResponse, answer)


@operation
def start_person_tracking(
    context: Context, request: StartPersonTrackingRequest
) -> StartPersonTrackingResponse:
    return {"JobId": video_jobs.start(context, "PersonTracking", request)}


@operation
def get_person_tracking(
    context: Context, request: GetPersonTrackingRequest
) -> GetPersonTrackingResponse:
    found = video_jobs.results(context, "PersonTracking", request)
    answer = {
        **video_jobs.common(found),
        "Persons": found.items,
    }
    return cast(GetPersonTrackingResponse, answer)


@operation
def start_segment_detection(
    context: Context, request: StartSegmentDetectionRequest
) -> StartSegmentDetectionResponse:
    return {"JobId": video_jobs.start(context, "SegmentDetection", request)}


@operation
def get_segment_detection(
    context: Context, request: GetSegmentDetectionRequest
) -> GetSegmentDetectionResponse:
    found = video_jobs.results(context, "SegmentDetection", request, order="name")
    video = video_jobs.video_metadata(found.job)
    types: list[SegmentTypeInfo] = [
        {"Type": kind, "ModelVersion": segments.MODEL_VERSION}
        for kind in found.request["SegmentTypes"]
    ]
    answer = {
        **found.members(),
        "VideoMetadata": [] if video is None else [video],
        "AudioMetadata": video_jobs.audio_metadata(found.job),
        "Segments": found.items,
        "SelectedSegmentTypes": types,
    }
    return cast(GetSegmentDetectionResponse, answer)


@operation
def start_text_detection(
    context: Context, request: StartTextDetectionRequest
) -> StartTextDetectionResponse:
    return {"JobId": video_jobs.start(context, "TextDetection", request)}


@operation
def get_text_detection(
    context: Context, request: GetTextDetectionRequest
) -> GetTextDetectionResponse:
    found = video_jobs.results(context, "TextDetection", request)
    answer = {
        **video_jobs.common(found),
        "TextDetections": found.items,
        "TextModelVersion": TEXT_MODEL_VERSION,
    }
    return cast(GetTextDetectionResponse, answer)
