"""The door to DBOS, which carries jobs from those who start them to the workers, and through
crashes: a workflow is a job, a step of it is a part of the work."""

import logging
import sqlite3
import time
from collections.abc import Callable, Collection
from functools import partial
from typing import Protocol

import structlog
from dbos import (
    DBOS,
    DBOSClient,
    DBOSConfig,
    EnqueueOptions,
    StepOptions,
)
from dbos import error as dbos_error
from sqlalchemy import Engine, event

QUEUE = "jobs"
WORKFLOW = "job"
NAME = "openrekog"

# One version for all releases: otherwise a new release would not take up the old one's jobs. What
# the steps leave behind (rows) is ours to keep readable.
VERSION = "1"

POLLING_SECONDS = 0.5

# With pauses that double from one second: about two minutes. What raises are the receivers of
# notifications, and faults of ours: a database or an object store that is away is waited for.
AGAIN: StepOptions = {"retries_allowed": True, "max_attempts": 8}
CLAIM: StepOptions = {"name": "claim", **AGAIN}
PART: StepOptions = {"name": "part", **AGAIN}
GIVE_UP: StepOptions = {"name": "give_up", **AGAIN}
NOTIFY: StepOptions = {"name": "notify", **AGAIN}

log = structlog.get_logger(__name__)

# DBOS tells much that only its own developers want to know.
logging.getLogger("dbos").setLevel(logging.WARNING)


@event.listens_for(Engine, "connect")  # DBOS makes engines of its own, three of them
def know_subsec(connection: object, _record: object) -> None:
    """With Python 3.12 and newer, DBOS counts on SQLite 3.42, which has `unixepoch('subsec')`; but
    Debian 12, and Python's images upon it, have 3.40, where that is null and no job begins."""
    if isinstance(connection, sqlite3.Connection) and sqlite3.sqlite_version_info < (3, 42):
        connection.create_function("unixepoch", 1, lambda _subsec: time.time())


class Work(Protocol):
    def claim(self, job_id: str) -> list[str]: ...
    def part(self, leader: str, number: int) -> bool: ...
    def give_up(self, leader: str) -> None: ...
    def notify(self, job_id: str) -> None: ...


class JobQueue:
    """Where jobs are put; whoever works takes them from there."""

    def __init__(self, url: str) -> None:
        DBOS.migrate(url)
        self._client = DBOSClient(system_database_url=url, application_name=NAME)

    def put(self, job_id: str) -> None:
        """Putting a job twice is putting it once."""
        options: EnqueueOptions = {
            "queue_name": QUEUE,
            "workflow_name": WORKFLOW,
            "workflow_id": job_id,
            "app_version": VERSION,
        }
        self._client.enqueue(options, job_id)

    def close(self) -> None:
        self._client.destroy()


class Worker:
    """Takes jobs from the queue and does them. There is one in a process at most."""

    def __init__(self, url: str, name: str, work: Work, concurrency: int) -> None:
        """`name` stays the same over restarts, so that a worker finds what it had begun."""
        self._config: DBOSConfig = {
            "name": NAME,
            "system_database_url": url,
            "executor_id": name,
            "application_version": VERSION,
            "log_level": "WARNING",
        }
        self._name = name
        self._work = work
        self._concurrency = concurrency
        self._started = False
        self._running: set[str] = set()
        self._stopped: set[str] = set()

    def start(self) -> None:
        """Goes on with what this worker had begun before it was stopped. May be called again, also
        after it has failed."""
        if self._started:
            return
        try:
            self._launch()
        except BaseException:
            self.close()
            raise
        self._started = True

    def _launch(self) -> None:
        DBOS(config=self._config)
        DBOS.workflow(name=WORKFLOW, max_recovery_attempts=None)(
            _workflow(self._work, self._running)
        )
        DBOS.launch()
        DBOS.register_queue(
            QUEUE,
            worker_concurrency=self._concurrency,
            polling_interval_sec=POLLING_SECONDS,
            on_conflict="always_update",
        )

    def take_over(self, name: str) -> None:
        """Goes on with what a worker that will not come back had begun."""
        pending = DBOS.list_workflows(status="PENDING", executor_id=name, load_input=False)
        DBOS.resume_workflows([workflow.workflow_id for workflow in pending])

    def forget_stopped(self, unfinished: Collection[str]) -> None:
        """Has the queue forget jobs of this worker that stopped without an end, so that they may be
        put into it anew: on a full disk it can neither note how far they are nor that they stopped.
        What is seen so twice, with a heartbeat between, does not only begin or end at this moment.
        """
        found = self._stopped_among([job for job in unfinished if job not in self._running])
        again = [job for job in found & self._stopped if job not in self._running]
        self._stopped = found.difference(again)
        if again:
            log.warning("jobs had stopped, and are begun anew", job_ids=again)
            DBOS.delete_workflows(again)

    def _stopped_among(self, job_ids: list[str]) -> set[str]:
        if not job_ids:
            return set()
        found = DBOS.list_workflows(
            workflow_ids=job_ids,
            status=["PENDING", "ERROR"],
            executor_id=self._name,
            load_input=False,
            load_output=False,
        )
        return {workflow.workflow_id for workflow in found}

    def close(self) -> None:
        DBOS.destroy(destroy_registry=True)


def _workflow(work: Work, running: set[str]) -> Callable[[str], None]:
    def job(job_id: str) -> None:
        running.add(job_id)
        try:
            do(job_id)
        finally:
            running.discard(job_id)

    def do(job_id: str) -> None:
        led = DBOS.run_step(CLAIM, partial(work.claim, job_id))
        try:
            if led:
                _do_parts(work, job_id)
        except dbos_error.DBOSMaxStepRetriesExceeded:
            log.exception("jobs are given up", job_ids=led)
            DBOS.run_step(GIVE_UP, partial(work.give_up, job_id))
        for one in led:
            _tell(work, one)

    return job


def _do_parts(work: Work, leader: str) -> None:
    number = 0
    while DBOS.run_step(PART, partial(work.part, leader, number)):
        number += 1


def _tell(work: Work, job_id: str) -> None:
    try:
        DBOS.run_step(NOTIFY, partial(work.notify, job_id))
    except dbos_error.DBOSMaxStepRetriesExceeded:
        log.exception("nobody took the notification", job_id=job_id)
