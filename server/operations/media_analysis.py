"""Bulk analysis: the images that a manifest names, looked at in the background."""

from collections.abc import Mapping
from typing import Any, cast

from openrekog.api_spec import errors
from openrekog.api_spec.shapes import (
    GetMediaAnalysisJobRequest,
    GetMediaAnalysisJobResponse,
    ListMediaAnalysisJobsRequest,
    ListMediaAnalysisJobsResponse,
    StartMediaAnalysisJobRequest,
    StartMediaAnalysisJobResponse,
)
from openrekog.collections_store.jobs import MEDIA_ANALYSIS
from openrekog.collections_store.records import Job
from openrekog.server.analysis import moderation
from openrekog.server.context import Context
from openrekog.server.operations import jobs
from openrekog.server.operations.bulk_jobs import (
    BulkJobs,
    manifest_of,
    places_of,
    ready_adapter,
)
from openrekog.server.operations.registry import operation

LARGEST_PAGE = 100


def places(job: Job, request: Mapping[str, Any]) -> dict[str, Any]:
    found = places_of(job, request)
    found["Results"]["ModelVersions"] = {"Moderation": moderation.MODEL_VERSION}
    return found


JOBS = BulkJobs(MEDIA_ANALYSIS, ("JobName", "OperationsConfig", "Input", "OutputConfig"), places)


@operation
def start_media_analysis_job(
    context: Context, request: StartMediaAnalysisJobRequest
) -> StartMediaAnalysisJobResponse:
    def look() -> dict[str, str]:
        check(context, request)
        return manifest_of(context, request["Input"])

    return {"JobId": jobs.start(context, MEDIA_ANALYSIS, request, look)}


def check(context: Context, request: StartMediaAnalysisJobRequest) -> None:
    """Tells at once what would be wrong with every image."""
    config = request["OperationsConfig"].get("DetectModerationLabels")
    if config is None:
        raise errors.InvalidParameter("OperationsConfig names no operation.")
    if "KmsKeyId" in request:
        raise errors.InvalidParameter("This server encrypts nothing: leave KmsKeyId out.")
    if "ProjectVersion" in config:
        ready_adapter(context, config["ProjectVersion"])


@operation
def get_media_analysis_job(
    context: Context, request: GetMediaAnalysisJobRequest
) -> GetMediaAnalysisJobResponse:
    return cast(GetMediaAnalysisJobResponse, JOBS.get(context, request["JobId"]))


@operation
def list_media_analysis_jobs(
    context: Context, request: ListMediaAnalysisJobsRequest
) -> ListMediaAnalysisJobsResponse:
    size = request["MaxResults"]
    if size > LARGEST_PAGE:  # of this list alone AWS says that it is no ValidationException
        raise errors.InvalidParameter(f"MaxResults is {size}, more than {LARGEST_PAGE}.")
    answer = JOBS.page(context, size, request.get("NextToken"))
    return cast(ListMediaAnalysisJobsResponse, answer)
