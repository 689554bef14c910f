"""What the operations on background jobs have in common: naming the source, starting, finding."""

from collections.abc import Callable, Mapping
from typing import Any

import orjson

from openrekog.api_spec import errors
from openrekog.collections_store.errors import NotFound
from openrekog.collections_store.records import Job
from openrekog.collections_store.store import Transaction
from openrekog.server.context import Context
from openrekog.server.operations import repeats


def source_of(context: Context, place: Mapping[str, str]) -> tuple[int, dict[str, str]]:
    """The size of an object, and what names it and its content, so that a job notices when it is
    swapped."""
    if "Bucket" not in place or "Name" not in place:
        raise errors.InvalidParameter("S3Object needs a Bucket and a Name.")
    objects = context.services.images.objects
    found = objects.open(place["Bucket"], place["Name"], place.get("Version"))
    found.file.close()
    return found.size, {**place, "Identity": found.identity}


def start(
    context: Context,
    kind: str,
    request: Mapping[str, Any],
    look: Callable[[], Mapping[str, str]],
    tag: str | None = None,
) -> str:
    """Stores a job, which from then on is done whatever happens to this process; its id.

    `look` checks what the request names and gives the job's source. A repeated request is answered
    without, since what it names may be gone by now.
    """
    with context.reading() as rows:
        job_id = repeats.answered(context, rows, f"Start{kind}", request)
    if job_id is None:
        job_id = store(context, kind, request, look(), tag)
    context.services.jobs.put(job_id)
    return str(job_id)


def store(
    context: Context,
    kind: str,
    request: Mapping[str, Any],
    source: Mapping[str, str],
    tag: str | None,
) -> str:
    document, named = orjson.dumps(request).decode(), orjson.dumps(source).decode()

    def work() -> str:
        check_quota(context, rows)
        return rows.jobs.create(context.scope, kind, document, source=named, tag=tag).job_id

    with context.writing() as rows:
        return repeats.once(context, rows, f"Start{kind}", request, work)


def check_quota(context: Context, rows: Transaction) -> None:
    limit = context.services.settings.max_open_jobs
    count = rows.jobs.open_count(context.scope.account_id)
    if count >= limit:
        raise errors.LimitExceeded(
            f"{count} open Jobs for account {context.scope.account_id} Maximum limit: {limit}"
        )


def find(rows: Transaction, context: Context, kind: str, job_id: str) -> Job:
    try:
        return rows.jobs.get(context.scope, kind, job_id)
    except NotFound as error:
        raise errors.ResourceNotFound(f"The job id: {job_id} does not exist") from error
