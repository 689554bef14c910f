"""What a worker does for a job, in steps that may each be done again after a crash."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain, repeat
from typing import Any, Protocol, TypeVar

import orjson
import structlog

from openrekog.collections_store.errors import Passing
from openrekog.collections_store.records import Job
from openrekog.collections_store.store import Store
from openrekog.server.media.notifications import Notifier
from openrekog.server.media.objects import Unreachable

log = structlog.get_logger(__name__)

R = TypeVar("R")

PAUSES = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
"""Seconds between tries at what is busy or away; the last one again and again."""

STORE_AWAY = "The object store has not answered for a long time."


class ClosedError(BaseException):
    """The worker ends before a step is done; no error of the step, so that the queue does not
    record one: it is done at the next start."""


class Parts(Protocol):
    """How the jobs of some operations are done."""

    def part(self, job_id: str, number: int) -> bool:
        """Does one part of all jobs that this one leads; whether there may be another."""

    def give_up(self, job_id: str) -> None:
        """Ends what a step could not do however often it was tried."""

    def leave(self) -> None:
        """The process was told to end, which is no fault of the parts that it has begun, and may
        not give them the time to come to their end."""

    def close(self) -> None: ...


@dataclass(slots=True)
class JobWork:
    """The steps of all jobs. A worker process has one, and runs several jobs with it at once, each
    in its own thread."""

    store: Store
    notifier: Notifier
    kinds: Mapping[str, Parts]
    """By operation."""
    store_patience: float = 600.0
    """Seconds for which jobs wait for an object store that does not answer."""
    _running: int = 0
    _closing: bool = False
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def claim(self, job_id: str) -> list[str]:
        """The jobs that this one leads: those that wait for the same source are done with it."""
        return self._steadily(job_id, lambda: self._claim(job_id))

    def part(self, leader: str, number: int) -> bool:
        """Goes on after an outage of the object store, but not after a long one."""
        try:
            return self._steadily(leader, lambda: self._part(leader, number))
        except Unreachable:
            self._steadily(leader, lambda: self._abandon(leader))
            return True

    def give_up(self, leader: str) -> None:
        self._steadily(leader, lambda: self._give_up(leader))

    def notify(self, job_id: str) -> None:
        """Tells whoever asked to be told that a job has ended."""
        self._steadily(job_id, lambda: self._notify(job_id))

    def close(self) -> None:
        """Lets the parts that are being done come to their end: the models are closed next."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        kinds = [*{id(kind): kind for kind in self.kinds.values()}.values()]
        for kind in kinds:
            kind.leave()
        with self._changed:
            self._changed.wait_for(lambda: self._running == 0)
        for kind in kinds:
            kind.close()

    def _claim(self, job_id: str) -> list[str]:
        with self.store.write() as rows:
            return [job.job_id for job in rows.jobs.claim(job_id)]

    def _part(self, leader: str, number: int) -> bool:
        job = self._job(leader)
        return job is not None and self.kinds[job.operation].part(leader, number)

    def _give_up(self, leader: str) -> None:
        job = self._job(leader)
        if job is not None:
            self.kinds[job.operation].give_up(leader)

    def _abandon(self, leader: str) -> None:
        with self.store.write() as rows:
            for job in rows.jobs.led(leader):
                rows.jobs.end(job, "FAILED", STORE_AWAY, "INTERNAL_ERROR")
        self._give_up(leader)

    def _notify(self, job_id: str) -> None:
        job = self._job(job_id)
        if job is None:
            return
        request = orjson.loads(job.request)
        if channel := request.get("NotificationChannel"):
            self.notifier.tell_end(channel["SNSTopicArn"], end_message(job, request))

    def _job(self, job_id: str) -> Job | None:
        with self.store.read() as rows:
            return rows.jobs.by_id(job_id)

    def _steadily(self, job_id: str, step: Callable[[], R]) -> R:
        """Does a step however long the database is away, which is the only place to say that a job
        has failed; raises Unreachable after a while without the object store."""
        give_up = time.monotonic() + self.store_patience
        for pause in chain(PAUSES, repeat(PAUSES[-1])):
            try:
                with self._counted():
                    return step()
            except Passing as error:
                self._wait(job_id, pause, error)
            except Unreachable as error:
                if time.monotonic() > give_up:
                    raise
                self._wait(job_id, pause, error)
        raise AssertionError("pauses never end")

    def _wait(self, job_id: str, pause: float, error: Exception) -> None:
        log.warning("a job waits", job_id=job_id, seconds=pause, error=repr(error))
        with self._changed:
            self._changed.wait_for(lambda: self._closing, pause)

    @contextmanager
    def _counted(self) -> Iterator[None]:
        with self._changed:
            if self._closing:
                raise ClosedError
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
