"""Bulk jobs with any image operation, an extension: AWS has them for one operation alone."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
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
from openrekog.collections_store.records import Job
from openrekog.server.context import Context
from openrekog.server.operations import custom_labels, jobs
from openrekog.server.operations.media_analysis import (
    manifest_of,
    outcome,
    places_of,
    ready_adapter,
    status_of,
)
from openrekog.server.operations.registry import operation
from openrekog.server.operations.resources import page_of, searchable_collection

ECHOED = ("JobName", "Operation", "Parameters", "Input", "OutputConfig")

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
    with context.reading() as rows:
        job = jobs.find(rows, context, IMAGE_ANALYSIS, request["JobId"])
    return description(job)


@operation
def list_image_analysis_jobs(
    context: Context, request: ListImageAnalysisJobsRequest
) -> ListImageAnalysisJobsResponse:
    size = request["MaxResults"]
    with context.reading() as rows:
        found, token = page_of(
            context,
            "ListImageAnalysisJobs",
            request.get("NextToken"),
            lambda after: rows.jobs.page(context.scope, IMAGE_ANALYSIS, size, after),
        )
    answer: ListImageAnalysisJobsResponse = {"ImageAnalysisJobs": [*map(description, found)]}
    if token is not None:
        answer["NextToken"] = token
    return answer


def description(job: Job) -> GetImageAnalysisJobResponse:
    request = orjson.loads(job.request)
    members = {
        "JobId": job.job_id,
        "Status": status_of(job),
        "CreationTimestamp": datetime.fromtimestamp(job.created_at, UTC),
        **{name: request[name] for name in ECHOED if name in request},
        **outcome(job, places_of(job, request)),
    }
    return cast(GetImageAnalysisJobResponse, members)
