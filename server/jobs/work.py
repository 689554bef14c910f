"""What a worker does for a job, in steps that may each be done again after a crash."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

import orjson

from openrekog.collections_store.records import Job
from openrekog.collections_store.store import Store
from openrekog.server.media.notifications import Notifier


class Parts(Protocol):
    """How the jobs of some operations are done."""

    def part(self, job_id: str, number: int) -> bool:
        """Does one part of all jobs that this one leads; whether there may be another."""

    def give_up(self, job_id: str) -> None:
        """Ends what a step could not do however often it was tried."""

    def close(self) -> None: ...


@dataclass(slots=True)
class JobWork:
    """The steps of all jobs. A worker process has one, and runs several jobs with it at once, each
    in its own thread."""

    store: Store
    notifier: Notifier
    kinds: Mapping[str, Parts]
    """By operation."""
    _running: int = 0
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def claim(self, job_id: str) -> list[str]:
        """The jobs that this one leads: those that wait for the same source are done with it."""
        with self.store.write() as rows:
            return [job.job_id for job in rows.jobs.claim(job_id)]

    def part(self, leader: str, number: int) -> bool:
        with self.store.read() as rows:
            job = rows.jobs.by_id(leader)
        if job is None:
            return False
        with self._counted():
            return self.kinds[job.operation].part(leader, number)

    def give_up(self, leader: str) -> None:
        with self.store.read() as rows:
            job = rows.jobs.by_id(leader)
        if job is not None:
            self.kinds[job.operation].give_up(leader)

    def notify(self, job_id: str) -> None:
        """Tells whoever asked to be told that a job has ended."""
        with self.store.read() as rows:
            job = rows.jobs.by_id(job_id)
        if job is None:
            return
        request = orjson.loads(job.request)
        if channel := request.get("NotificationChannel"):
            self.notifier.tell_end(channel["SNSTopicArn"], end_message(job, request))

    def close(self) -> None:
        """Lets the parts that are being done come to their end: the models are closed next."""
        with self._changed:
            self._changed.wait_for(lambda: self._running == 0)
        for kind in {id(kind): kind for kind in self.kinds.values()}.values():
            kind.close()

    @contextmanager
    def _counted(self) -> Iterator[None]:
        with self._changed:
            self._running += 1
        try:
            yield
        finally:
            with self._changed:
                self._running -= 1
                self._changed.notify_all()


def end_message(job: Job, request: Mapping[str, Any]) -> dict[str, Any]:
    """The completion message as AWS's documentation has it."""
    place = request["Video"]["S3Object"]
    return {
        "JobId": job.job_id,
        "Status": job.status,
        "API": f"Start{job.operation}",
        **({"JobTag": job.tag} if job.tag is not None else {}),
        "Video": {"S3ObjectName": place["Name"], "S3Bucket": place["Bucket"]},
    }
