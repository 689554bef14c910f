"""What the operations on bulk jobs have in common: their manifest, and what is told of them."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

import orjson

from openrekog.api_spec import errors
from openrekog.api_spec.shapes import MediaAnalysisInput, MediaAnalysisJobStatus
from openrekog.collections_store.records import Job
from openrekog.server.context import Context
from openrekog.server.jobs import outputs
from openrekog.server.operations import jobs
from openrekog.server.operations.project_arns import find_adapter
from openrekog.server.operations.resources import page_of

Places = Callable[[Job, Mapping[str, Any]], dict[str, Any]]
"""Where the files of a job are when it has succeeded, as members of its description."""


def manifest_of(context: Context, given: MediaAnalysisInput) -> dict[str, str]:
    size, source = jobs.source_of(context, cast(Any, given["S3Object"]))
    if not 0 < size <= context.services.settings.max_manifest_bytes:
        raise errors.InvalidManifest(
            f"The manifest has {size} bytes; it may have 1 to "
            f"{context.services.settings.max_manifest_bytes}."
        )
    # Jobs of one source are done together, which these would gain nothing from.
    return {**source, "Bytes": str(size), "Alone": secrets.token_hex(16)}


def ready_adapter(context: Context, arn: str) -> None:
    """Raises ResourceNotReady for one that is not trained, or has expired: DetectModerationLabels
    answers without that, but a job that may lose it amid its lines would mix two kinds of results.
    """
    if context.services.adapters.get(find_adapter(context, arn)) is None:
        raise errors.ResourceNotReady(outputs.EXPIRED)


def places_of(job: Job, request: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "Results": {"S3Object": outputs.place_for(job.job_id, request, outputs.RESULTS)},
        "ManifestSummary": {"S3Object": outputs.place_for(job.job_id, request, outputs.SUMMARY)},
    }


@dataclass(frozen=True, slots=True)
class BulkJobs:
    """The bulk jobs of one kind; `echoed` are the members that are told as they were asked."""

    kind: str
    echoed: Sequence[str]
    places: Places = places_of

    def get(self, context: Context, job_id: str) -> dict[str, Any]:
        with context.reading() as rows:
            job = jobs.find(rows, context, self.kind, job_id)
        return self._description(job)

    def page(self, context: Context, size: int, token: str | None) -> dict[str, Any]:
        listing = f"{self.kind}Jobs"
        with context.reading() as rows:
            found, following = page_of(
                context,
                f"List{listing}",
                token,
                lambda after: rows.jobs.page(context.scope, self.kind, size, after),
            )
        answer: dict[str, Any] = {listing: [*map(self._description, found)]}
        return answer if following is None else {**answer, "NextToken": following}

    def _description(self, job: Job) -> dict[str, Any]:
        request = orjson.loads(job.request)
        return {
            "JobId": job.job_id,
            "Status": status_of(job),
            "CreationTimestamp": datetime.fromtimestamp(job.created_at, UTC),
            **{name: request[name] for name in self.echoed if name in request},
            **outcome(job, self.places(job, request)),
        }


def status_of(job: Job) -> MediaAnalysisJobStatus:
    waits = job.status == "IN_PROGRESS" and job.leader is None
    return "QUEUED" if waits else job.status


def outcome(job: Job, results: Mapping[str, Any]) -> dict[str, Any]:
    """What is known of a job only when it has ended."""
    if job.ended_at is None:
        return {}
    ended = {"CompletionTimestamp": datetime.fromtimestamp(job.ended_at, UTC)}
    if job.status == "FAILED":
        return {**ended, "FailureDetails": {"Code": job.failure_code, "Message": job.message}}
    return {**ended, **results}
