"""Bulk analysis: the images that a manifest names, looked at in the background."""

import secrets
from datetime import UTC, datetime
from typing import Any, cast

import orjson

from openrekog.api_spec import errors
from openrekog.api_spec.shapes import (
    GetMediaAnalysisJobRequest,
    GetMediaAnalysisJobResponse,
    ListMediaAnalysisJobsRequest,
    ListMediaAnalysisJobsResponse,
    MediaAnalysisInput,
    MediaAnalysisJobDescription,
    MediaAnalysisJobStatus,
    StartMediaAnalysisJobRequest,
    StartMediaAnalysisJobResponse,
)
from openrekog.collections_store.jobs import MEDIA_ANALYSIS
from openrekog.collections_store.records import Job
from openrekog.server.analysis import moderation
from openrekog.server.context import Context
from openrekog.server.jobs import outputs
from openrekog.server.operations import jobs
from openrekog.server.operations.project_arns import find_adapter
from openrekog.server.operations.registry import operation
from openrekog.server.operations.resources import page_of

LARGEST_PAGE = 100

ECHOED = ("JobName", "OperationsConfig", "Input", "OutputConfig")


@operation
def start_media_analysis_job(
    context: Context, request: StartMediaAnalysisJobRequest
) -> StartMediaAnalysisJobResponse:
    def look() -> dict[str, str]:
        check(context, request)
        return manifest_of(context, request["Input"])

    return {"JobId": jobs.start(context, MEDIA_ANALYSIS, request, look)}


def manifest_of(context: Context, given: MediaAnalysisInput) -> dict[str, str]:
    size, source = jobs.source_of(context, cast(Any, given["S3Object"]))
    if not 0 < size <= context.services.settings.max_manifest_bytes:
        raise errors.InvalidManifest(
            f"The manifest has {size} bytes; it may have 1 to "
            f"{context.services.settings.max_manifest_bytes}."
        )
    # Jobs of one source are done together, which these would gain nothing from.
    return {**source, "Bytes": str(size), "Alone": secrets.token_hex(16)}


def check(context: Context, request: StartMediaAnalysisJobRequest) -> None:
    """Tells at once what would be wrong with every image."""
    config = request["OperationsConfig"].get("DetectModerationLabels")
    if config is None:
        raise errors.InvalidParameter("OperationsConfig names no operation.")
    if "KmsKeyId" in request:
        raise errors.InvalidParameter("This server encrypts nothing: leave KmsKeyId out.")
    if "ProjectVersion" in config:
        ready_adapter(context, config["ProjectVersion"])


def ready_adapter(context: Context, arn: str) -> None:
    """Raises ResourceNotReady for one that is not trained, or has expired: DetectModerationLabels
    answers without that, but a job that may lose it amid its lines would mix two kinds of results.
    """
    if context.services.adapters.get(find_adapter(context, arn)) is None:
        raise errors.ResourceNotReady(outputs.EXPIRED)


@operation
def get_media_analysis_job(
    context: Context, request: GetMediaAnalysisJobRequest
) -> GetMediaAnalysisJobResponse:
    with context.reading() as rows:
        job = jobs.find(rows, context, MEDIA_ANALYSIS, request["JobId"])
    return description(job)


@operation
def list_media_analysis_jobs(
    context: Context, request: ListMediaAnalysisJobsRequest
) -> ListMediaAnalysisJobsResponse:
    size = request["MaxResults"]
    if size > LARGEST_PAGE:  # of this list alone AWS says that it is no ValidationException
        raise errors.InvalidParameter(f"MaxResults is {size}, more than {LARGEST_PAGE}.")
    with context.reading() as rows:
        found, token = page_of(
            context,
            "ListMediaAnalysisJobs",
            request.get("NextToken"),
            lambda after: rows.jobs.page(context.scope, MEDIA_ANALYSIS, size, after),
        )
    answer: ListMediaAnalysisJobsResponse = {"MediaAnalysisJobs": [*map(description, found)]}
    if token is not None:
        answer["NextToken"] = token
    return answer


def description(job: Job) -> MediaAnalysisJobDescription:
    request = orjson.loads(job.request)
    members = {
        "JobId": job.job_id,
        "Status": status_of(job),
        "CreationTimestamp": datetime.fromtimestamp(job.created_at, UTC),
        **{name: request[name] for name in ECHOED if name in request},
        **outcome(job, results_of(job, request)),
    }
    return cast(MediaAnalysisJobDescription, members)


def status_of(job: Job) -> MediaAnalysisJobStatus:
    waits = job.status == "IN_PROGRESS" and job.leader is None
    return "QUEUED" if waits else job.status


def results_of(job: Job, request: dict[str, Any]) -> dict[str, Any]:
    places = places_of(job, request)
    places["Results"]["ModelVersions"] = {"Moderation": moderation.MODEL_VERSION}
    return places


def places_of(job: Job, request: dict[str, Any]) -> dict[str, Any]:
    """Where the files of a job are when it has succeeded."""
    return {
        "Results": {"S3Object": outputs.place_for(job.job_id, request, outputs.RESULTS)},
        "ManifestSummary": {"S3Object": outputs.place_for(job.job_id, request, outputs.SUMMARY)},
    }


def outcome(job: Job, results: dict[str, Any]) -> dict[str, Any]:
    """What is known of a job only when it has ended."""
    if job.ended_at is None:
        return {}
    ended = {"CompletionTimestamp": datetime.fromtimestamp(job.ended_at, UTC)}
    if job.status == "FAILED":
        return {**ended, "FailureDetails": {"Code": job.failure_code, "Message": job.message}}
    return {**ended, **results}
