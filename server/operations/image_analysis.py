"""Bulk jobs with any image operation, an extension: AWS has them for one operation alone."""

from collections.abc import Callable, Mapping
from typing import Any, cast

import orjson

from openrekog.api_spec import codec, errors
from openrekog.api_spec.service import load_service
from openrekog.api_spec.shapes import (
    GetImageAnalysisJobRequest,
    GetImageAnalysisJobResponse,
    ListImageAnalysisJobsRequest,
    ListImageAnalysisJobsResponse,
    StartImageAnalysisJobRequest,
    StartImageAnalysisJobResponse,
)
from openrekog.collections_store.jobs import IMAGE_ANALYSIS
from openrekog.server.context import Context
from openrekog.server.operations import custom_labels, jobs
from openrekog.server.operations.bulk_jobs import BulkJobs, manifest_of, ready_adapter
from openrekog.server.operations.registry import operation
from openrekog.server.operations.resources import searchable_collection

JOBS = BulkJobs(IMAGE_ANALYSIS, ("JobName", "Operation", "Parameters", "Input", "OutputConfig"))

MOST_PARAMETER_BYTES = 64 * 1024
"""They are kept with the job, and told with each that is listed."""

# Any image will do for finding out whether the parameters are good.
SOME_IMAGE = {"S3Object": {"Bucket": "bucket", "Name": "name"}}

NOT_PARAMETERS = {
    "Image": "Parameters hold no Image: the manifest names the images.",
    # An image may be looked at again after a crash.
    "HumanLoopConfig": "A bulk job starts no human loops: leave HumanLoopConfig out.",
}


@operation
def start_image_analysis_job(
    context: Context, request: StartImageAnalysisJobRequest
) -> StartImageAnalysisJobResponse:
    check_size(request["Parameters"])

    def look() -> dict[str, str]:
        check(context, request["Operation"], request["Parameters"])
        return manifest_of(context, request["Input"])

    return {"JobId": jobs.start(context, IMAGE_ANALYSIS, request, look)}


def check_size(parameters: Mapping[str, Any]) -> None:
    try:
        size = len(orjson.dumps(parameters))
    except orjson.JSONEncodeError as error:
        raise errors.InvalidParameter(f"Parameters cannot be kept: {error}.") from error
    if size > MOST_PARAMETER_BYTES:
        raise errors.InvalidParameter(
            f"Parameters have {size} bytes, more than {MOST_PARAMETER_BYTES}."
        )


def check(context: Context, name: str, parameters: Mapping[str, Any]) -> None:
    """Tells at once what would be wrong with every image."""
    for member, message in NOT_PARAMETERS.items():
        if member in parameters:
            raise errors.InvalidParameter(message)
    try:
        asked = codec.decode(load_service().operations[name], {**parameters, "Image": SOME_IMAGE})
    except (errors.Validation, errors.Serialization) as error:
        raise errors.InvalidParameter(f"Parameters are none of {name}: {error}") from error
    for member, find in NAMED.items():
        if member in asked:
            find(context, asked[member])


def find_collection(context: Context, collection_id: str) -> None:
    with context.reading() as rows:
        searchable_collection(rows, context, collection_id)


NAMED: Mapping[str, Callable[[Context, str], object]] = {
    "CollectionId": find_collection,
    "ProjectVersion": ready_adapter,
    "ProjectVersionArn": custom_labels.running,
}
"""What parameters can name, which has to be there."""


@operation
def get_image_analysis_job(
    context: Context, request: GetImageAnalysisJobRequest
) -> GetImageAnalysisJobResponse:
    return cast(GetImageAnalysisJobResponse, JOBS.get(context, request["JobId"]))


@operation
def list_image_analysis_jobs(
    context: Context, request: ListImageAnalysisJobsRequest
) -> ListImageAnalysisJobsResponse:
    answer = JOBS.page(context, request["MaxResults"], request.get("NextToken"))
    return cast(ListImageAnalysisJobsResponse, answer)
