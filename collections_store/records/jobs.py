"""Background jobs and what they found."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

from openrekog.collections_store.records.scopes import Scope

JobStatus = Literal["IN_PROGRESS", "SUCCEEDED", "FAILED"]

Order = Literal["time", "name"]
"""How the findings of a job are listed: by `at`, or by `name` and then `rank`."""


@dataclass(frozen=True, slots=True)
class Job:
    """A background job as of the transaction that read it.

    `request` and `detail` are JSON; `leader` is the job in whose run this one is done, None while
    it waits; `parts` counts the finished parts of the work, and `carry` is what the next part has
    to know of them; `attempts` counts the processes that began the next part and did not finish it.
    """

    key: int
    scope: Scope
    job_id: str
    operation: str
    request: str
    source: str
    tag: str | None
    status: JobStatus
    failure_code: str | None
    message: str | None
    detail: str | None
    leader: str | None
    parts: int
    attempts: int
    carry: bytes | None
    created_at: float
    ended_at: float | None


class Finding(NamedTuple):
    """One element of a job's results; `document` is its JSON.

    `view` tells apart listings of the same results; `at` is milliseconds from the start of the
    video, or the number of a line of the manifest.
    """

    view: str
    at: int
    name: str
    rank: float
    document: str
