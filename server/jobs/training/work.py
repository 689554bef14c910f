"""What a worker does to train a version: its pictures are looked at, some at a time, a model is
learnt, tested with other pictures, and described in files.

Each part is stored in one transaction, with what the next one has to know; so a training that is
broken off anywhere goes on where it was, and learns the same.
"""

import errno
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import orjson
import structlog

from openrekog.api_spec import errors
from openrekog.collections_store.errors import Passing, StorageFull
from openrekog.collections_store.records import Job, ProjectVersion
from openrekog.collections_store.store import Store
from openrekog.models.batching import BusyError
from openrekog.models.custom.fine_tuning import FineTuningLearner
from openrekog.models.custom.leash import StoppedError
from openrekog.models.loaded import Models
from openrekog.models.runtime import Runtime
from openrekog.server.jobs.attempts import MOST, Attempts
from openrekog.server.jobs.training.stages import END, READY, TrainingStages
from openrekog.server.jobs.training.task import Done, Task, TrainingFailedError
from openrekog.server.jobs.work import ClosedError
from openrekog.server.media.images import ImageLoader
from openrekog.server.media.objects import Unreachable

log = structlog.get_logger(__name__)

OUR_FAULT = "The training failed by an error of the server; its log says more."
AWAY = "The object store does not answer; the training waits for it."
FULL = "The server has no room left; the training waits for some."
BUSY = "The server is busy with requests; the training waits."
GONE = "The job of the training was removed."
ENDLESS = "The training was begun {} times at this point, and each time the server's process ended."


@dataclass(slots=True)
class TrainingWork:
    """The parts of trainings."""

    store: Store
    models: Models
    runtime: Runtime
    images: ImageLoader
    tuner: FineTuningLearner | None = None
    """Learns objects instead of the built-in learner."""
    _stages: TrainingStages = field(init=False)
    _attempts: Attempts = field(init=False)

    def __post_init__(self) -> None:
        self._stages = TrainingStages(
            self.store, self.models, self.runtime, self.images, self.tuner
        )
        self._attempts = Attempts(self.store)

    def part(self, job_id: str, number: int) -> bool:
        """Does the next part, if it is not stored already; whether there may be another."""
        job, version = self._find(job_id)
        if job is None or version is None or job.status != "IN_PROGRESS":
            self._close(job_id, job, version)
            return False
        if job.parts <= number:
            self._go_on(job, version)
        return True

    def give_up(self, job_id: str) -> None:
        job, version = self._find(job_id)
        if job is not None and version is not None:
            self._fail(job, version, TrainingFailedError(job.message or OUR_FAULT))

    def leave(self) -> None:
        self._attempts.take_back()

    def close(self) -> None:
        self._stages.close()

    def _find(self, job_id: str) -> tuple[Job | None, ProjectVersion | None]:
        with self.store.read() as rows:
            job = rows.jobs.by_id(job_id)
            if job is None:
                return None, None
            return job, rows.versions.by_key(orjson.loads(job.source)["Version"])

    def _go_on(self, job: Job, version: ProjectVersion) -> None:
        began = time.monotonic()
        try:
            with self._telling(version, began):
                task = self._begin(job, version)
                self._keep(task, self._stages.do(task), began)
        except TrainingFailedError as failed:
            self._fail(job, version, failed)
        except (Passing, Unreachable):
            raise
        except StoppedError as error:
            raise ClosedError from error
        except Exception as error:
            log.error("training failed", version=version.name, job_id=job.job_id, exc_info=error)
            self._fail(job, version, TrainingFailedError(OUR_FAULT))

    def _begin(self, job: Job, version: ProjectVersion) -> Task:
        deaths = self._attempts.deaths(job.job_id, [job])
        if deaths >= MOST:
            raise TrainingFailedError(ENDLESS.format(deaths))
        self._attempts.begin(job.job_id, [job])
        return Task.of(job, version, deaths)

    @contextmanager
    def _telling(self, version: ProjectVersion, began: float) -> Iterator[None]:
        """Has the version say why it does not get on, while it waits for what will come back."""
        try:
            yield
        except Unreachable:
            with self.store.write() as rows:
                seconds = time.monotonic() - began
                rows.versions.advance(version, version.progress, AWAY, seconds)
            raise
        except (errors.ProvisionedThroughputExceeded, BusyError) as error:
            raise Passing(BUSY) from error
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            raise StorageFull(FULL) from error

    def _keep(self, task: Task, done: Done, began: float) -> None:
        """One transaction: either all of a part is stored, or nothing."""
        with self.store.write() as rows:
            if not rows.jobs.store_part(task.job, task.job.parts, [], done.next.pack()):
                return
            done.store(rows)
            rows.jobs.describe(task.job, done.next.detail)
            rows.versions.advance(
                task.version, done.next.progress, done.next.message, time.monotonic() - began
            )
            if done.next.name == END:
                rows.versions.end(task.version, "TRAINING_COMPLETED", READY)
                rows.jobs.end(task.job, "SUCCEEDED")

    def _fail(self, job: Job, version: ProjectVersion, failed: TrainingFailedError) -> None:
        with self.store.write() as rows:
            if failed.outputs is not None:
                rows.versions.keep_outputs(version, orjson.dumps(failed.outputs).decode())
            rows.versions.end(version, "TRAINING_FAILED", failed.message)
            rows.jobs.end(job, "FAILED", failed.message)

    def _close(self, job_id: str, job: Job | None, version: ProjectVersion | None) -> None:
        """After the end of a job; one that its operator cancelled ends its training, too."""
        self._attempts.forget(job_id)
        if version is None:
            return
        self._stages.forget(version)
        if version.status == "TRAINING_IN_PROGRESS":
            message = (job and job.message) or GONE
            with self.store.write() as rows:
                rows.versions.end(version, "TRAINING_FAILED", message)
