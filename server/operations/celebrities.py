"""Recognising the people of the gallery of celebrities, and what is said of them."""

from openrekog.api_spec import errors
from openrekog.api_spec.shapes import (
    GetCelebrityInfoRequest,
    GetCelebrityInfoResponse,
    RecognizeCelebritiesRequest,
    RecognizeCelebritiesResponse,
)
from openrekog.collections_store.errors import NotFound, OtherGallery
from openrekog.server.analysis import celebrities as report
from openrekog.server.context import Context
from openrekog.server.operations import pictures
from openrekog.server.operations.registry import operation


@operation
def recognize_celebrities(
    context: Context, request: RecognizeCelebritiesRequest
) -> RecognizeCelebritiesResponse:
    image = pictures.load(context, request["Image"])
    services = context.services
    with context.timed("model"):
        try:
            [seen] = report.recognise(
                services.models.faces,
                services.store,
                [image.pixels],
                services.settings.celebrity_match_confidence,
            )
        except OtherGallery as error:
            raise errors.InvalidParameter(str(error)) from error
    return {
        "CelebrityFaces": report.celebrity_faces(seen),
        "UnrecognizedFaces": report.unrecognized_faces(seen),
    }


@operation
def get_celebrity_info(
    context: Context, request: GetCelebrityInfoRequest
) -> GetCelebrityInfoResponse:
    with context.reading() as rows:
        try:
            return report.celebrity_info(rows.celebrities.get(request["Id"]))
        except NotFound as error:
            raise errors.ResourceNotFound(
                f"The celebrity id: {request['Id']} does not exist"
            ) from error
