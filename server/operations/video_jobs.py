"""What the sixteen operations on stored video have in common: starting a job, reading its pages."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from openrekog.api_spec import errors
from openrekog.api_spec.shapes import AudioMetadata, VideoMetadata
from openrekog.collections_store.records import Finding, Job, Order
from openrekog.server.analysis.video.analysis import PLAIN
from openrekog.server.context import Context
from openrekog.server.operations import jobs
from openrekog.server.operations.resources import page_of

# The order that a request's SortBy asks for.
ORDERS: Mapping[str, Order] = {"TIMESTAMP": "time", "NAME": "name", "INDEX": "name", "ID": "name"}


@dataclass(frozen=True, slots=True)
class Results:
    """One page of a job's results."""

    job: Job
    items: list[Any]
    token: str | None

    @property
    def request(self) -> dict[str, Any]:
        """What was asked when the job was started."""
        request: dict[str, Any] = orjson.loads(self.job.request)
        return request

    def members(self) -> dict[str, Any]:
        """The members that every answer about a video job has."""
        told = {
            "JobStatus": self.job.status,
            "StatusMessage": self.job.message,
            "JobId": self.job.job_id,
            "Video": self.request["Video"],
            "JobTag": self.job.tag,
            "NextToken": self.token,
        }
        return {name: value for name, value in told.items() if value is not None}


def start(
    context: Context,
    kind: str,
    request: Mapping[str, Any],
    check: Callable[[], object] = lambda: None,
) -> str:
    """The id of a new job; `check` raises if the request names what is not there."""

    def look() -> dict[str, str]:
        check()
        source = source_of(context, request["Video"].get("S3Object", {}))
        check_channel(context, request)
        return source

    return jobs.start(context, kind, request, look, request.get("JobTag"))


def source_of(context: Context, place: Mapping[str, str]) -> dict[str, str]:
    size, source = jobs.source_of(context, place)
    limit = context.services.settings.max_video_bytes
    if size > limit:
        raise errors.VideoTooLarge(
            f"Video size in bytes: {size} is more than the maximum limit of: {limit} bytes."
        )
    return source


def check_channel(context: Context, request: Mapping[str, Any]) -> None:
    if "NotificationChannel" in request and not context.services.settings.notifies:
        raise errors.InvalidParameter(
            "This server sends no notifications: neither sns_endpoint_url nor "
            "notification_webhook_url is set."
        )


def results(
    context: Context,
    kind: str,
    request: Mapping[str, Any],
    view: str = PLAIN,
    order: Order | None = None,
) -> Results:
    """A page of what a job has found; while it runs, none. Without an `order` it is the request's
    SortBy."""
    order = order or ORDERS[request.get("SortBy", "TIMESTAMP")]
    with context.reading() as rows:
        job = jobs.find(rows, context, kind, request["JobId"])
        if job.status != "SUCCEEDED":
            return Results(job, [], None)
        found, token = page_of(
            context,
            f"Get{kind}:{job.job_id}:{view}:{order}",
            request.get("NextToken"),
            lambda after: rows.jobs.findings(job, view, order, request["MaxResults"], after),
        )
    return Results(job, [element(finding) for finding in found], token)


def element(finding: Finding) -> Any:
    return orjson.loads(finding.document)


def video_metadata(job: Job) -> VideoMetadata | None:
    """What is known of the video; None until a worker has opened it."""
    if job.detail is None:
        return None
    info = orjson.loads(job.detail)
    return {
        "Codec": info["codec"],
        "DurationMillis": info["duration_ms"],
        "Format": info["format"],
        "FrameRate": info["frame_rate"],
        "FrameHeight": info["height"],
        "FrameWidth": info["width"],
        "ColorRange": "FULL" if info["full_range"] else "LIMITED",
    }


def audio_metadata(job: Job) -> list[AudioMetadata]:
    info = orjson.loads(job.detail or '{"audio":[]}')
    return [
        {
            "Codec": audio["codec"],
            "DurationMillis": audio["duration_ms"],
            "SampleRate": audio["sample_rate"],
            "NumberOfChannels": audio["channels"],
        }
        for audio in info["audio"]
    ]


def common(found: Results) -> dict[str, Any]:
    """The members of every Get operation but GetSegmentDetection."""
    video = video_metadata(found.job)
    return {**found.members(), **({} if video is None else {"VideoMetadata": video})}
