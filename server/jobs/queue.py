"""The door to DBOS, which carries jobs from those who start them to the workers, and through
crashes: a workflow is a job, a step of it is a part of the work."""

import logging
from collections.abc import Callable
from functools import partial
from typing import Protocol

from dbos import (
    DBOS,
    DBOSClient,
    DBOSConfig,
    EnqueueOptions,
    StepOptions,
)

QUEUE = "jobs"
WORKFLOW = "job"
NAME = "openrekog"

# One version for all releases: otherwise a new release would not take up the old one's jobs. What
# the steps leave behind (rows) is ours to keep readable.
VERSION = "1"

POLLING_SECONDS = 0.5

CLAIM: StepOptions = {"name": "claim"}
PART: StepOptions = {"name": "part"}
# With pauses that double from one second: about four minutes.
NOTIFY: StepOptions = {"name": "notify", "retries_allowed": True, "max_attempts": 8}


# DBOS tells much that only its own developers want to know.
logging.getLogger("dbos").setLevel(logging.WARNING)


class Work(Protocol):
    def claim(self, job_id: str) -> list[str]: ...
    def part(self, leader: str, number: int) -> bool: ...
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
        config: DBOSConfig = {
            "name": NAME,
            "system_database_url": url,
            "executor_id": name,
            "application_version": VERSION,
            "log_level": "WARNING",
        }
        self._concurrency = concurrency
        self._dbos = DBOS(config=config)
        DBOS.workflow(name=WORKFLOW, max_recovery_attempts=None)(_workflow(work))

    def start(self) -> None:
        """Goes on with what this worker had begun before it was stopped."""
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

    def close(self) -> None:
        DBOS.destroy(destroy_registry=True)


def _workflow(work: Work) -> Callable[[str], None]:
    def job(job_id: str) -> None:
        led = DBOS.run_step(CLAIM, partial(work.claim, job_id))
        number, more = 0, bool(led)
        while more:
            more = DBOS.run_step(PART, partial(work.part, job_id, number))
            number += 1
        for one in led:
            DBOS.run_step(NOTIFY, partial(work.notify, one))

    return job
