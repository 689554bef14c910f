"""What a worker does to train a version: its pictures are looked at, some at a time, a model is
learnt, tested with other pictures, and described in files.

Each part is stored in one transaction, with what the next one has to know; so a training that is
broken off anywhere goes on where it was, and learns the same.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial

import orjson
import structlog

from openrekog.collections_store.errors import StoreError
from openrekog.collections_store.records import DatasetType, Job, ProjectVersion, TrainingImage
from openrekog.collections_store.store import Store, Transaction
from openrekog.models.custom.learners import learners
from openrekog.models.custom.learning import CannotLearnError, CustomModel, Learner, Looked
from openrekog.models.custom.opening import open_custom_model
from openrekog.models.loaded import Models
from openrekog.models.runtime import Runtime
from openrekog.server.analysis.training_data import entry_of, truth_of
from openrekog.server.jobs.training_checks import TrainingChecks
from openrekog.server.jobs.training_files import TrainingFiles
from openrekog.server.jobs.training_pictures import Pictures
from openrekog.server.jobs.training_source import read_sources
from openrekog.server.jobs.training_task import (
    Done,
    Task,
    TrainingFailedError,
    images_of,
)
from openrekog.server.media.images import ImageLoader
from openrekog.server.media.objects import Unreachable

log = structlog.get_logger(__name__)

PICTURES = 16
"""Pictures in one part: what is looked at anew after a crash, at most."""

# One picture is fetched and decoded while the models look at another.
THREADS = 2

OUR_FAULT = "The training failed by an error of the server; its log says more."
AWAY = "The object store does not answer; the training waits for it."
STAYED_AWAY = "The object store did not answer for minutes."
READY = "The model is ready to run."
GONE = "The job of the training was removed."

END = "end"

# What the owner reads while the next stage is on.
MESSAGES: Mapping[str, str] = {
    "check": "The manifests are being checked.",
    "look": "The training pictures are being looked at.",
    "peek": "The test pictures are being looked at.",
    "verify": "The pictures are being checked.",
    "learn": "The model is being learnt.",
    "test": "The model is being tested.",
    "finish": "The model is being evaluated.",
    END: READY,
}


@dataclass(slots=True)
class TrainingWork:
    """The parts of trainings. From one part to the next it keeps only models that are tested."""

    store: Store
    models: Models
    runtime: Runtime
    images: ImageLoader
    _learners: Mapping[str, Learner] = field(init=False)
    _pictures: Pictures = field(init=False)
    _files: TrainingFiles = field(init=False)
    _checks: TrainingChecks = field(init=False)
    _tested: dict[int, CustomModel] = field(default_factory=dict)
    _threads: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(THREADS, thread_name_prefix="training")
    )

    def __post_init__(self) -> None:
        self._learners = learners(self.models)
        self._pictures = Pictures(self.images)
        self._files = TrainingFiles(self.store, self.images.objects)
        self._checks = TrainingChecks(self.store, self._files, self._learners)

    def part(self, job_id: str, number: int) -> bool:
        """Does the next part, if it is not stored already; whether there may be another."""
        job, version = self._find(job_id)
        if job is None or version is None or job.status != "IN_PROGRESS":
            self._close(job, version)
            return False
        if job.parts <= number:
            self._go_on(Task.of(job, version))
        return True

    def give_up(self, job_id: str) -> None:
        job, version = self._find(job_id)
        if job is not None and version is not None:
            away = version.message == AWAY
            self._fail(job, version, TrainingFailedError(STAYED_AWAY if away else OUR_FAULT))

    def close(self) -> None:
        self._threads.shutdown()
        self._tested.clear()

    def _find(self, job_id: str) -> tuple[Job | None, ProjectVersion | None]:
        with self.store.read() as rows:
            job = rows.jobs.by_id(job_id)
            if job is None:
                return None, None
            return job, rows.versions.by_key(orjson.loads(job.source)["Version"])

    def _go_on(self, task: Task) -> None:
        began = time.monotonic()
        try:
            done = STAGES[task.stage.name](self, task)
            self._keep(task, done, began)
        except TrainingFailedError as failed:
            self._fail(task.job, task.version, failed)
        except (StoreError, OSError):
            raise  # a busy database, a full disk: the part is done anew
        except Unreachable:
            self._wait(task, began)
            raise
        except Exception as error:
            log.error("training failed", version=task.arn, exc_info=error)
            self._fail(task.job, task.version, TrainingFailedError(OUR_FAULT))

    def _keep(self, task: Task, done: Done, began: float) -> None:
        """One transaction: either all of a part is stored, or nothing."""
        percent = int(100 * done.next.progress)
        message = MESSAGES[done.next.name]
        with self.store.write() as rows:
            if not rows.jobs.store_part(task.job, task.job.parts, [], done.next.pack()):
                return
            done.store(rows)
            rows.versions.advance(
                task.version,
                done.next.progress,
                f"{message} {percent} % of the training is done.",
                time.monotonic() - began,
            )
            if done.next.name == END:
                rows.versions.end(task.version, "TRAINING_COMPLETED", READY)
                rows.jobs.end(task.job, "SUCCEEDED")

    def _wait(self, task: Task, began: float) -> None:
        with self.store.write() as rows:
            seconds = time.monotonic() - began
            rows.versions.advance(task.version, task.version.progress, AWAY, seconds)

    def _fail(self, job: Job, version: ProjectVersion, failed: TrainingFailedError) -> None:
        with self.store.write() as rows:
            if failed.outputs is not None:
                rows.versions.keep_outputs(version, orjson.dumps(failed.outputs).decode())
            rows.versions.end(version, "TRAINING_FAILED", failed.message)
            rows.jobs.end(job, "FAILED", failed.message)

    def _close(self, job: Job | None, version: ProjectVersion | None) -> None:
        """After the end of a job; one that its operator cancelled ends its training, too."""
        if version is None:
            return
        self._tested.pop(version.key, None)
        if version.status == "TRAINING_IN_PROGRESS":
            message = (job and job.message) or GONE
            with self.store.write() as rows:
                rows.versions.end(version, "TRAINING_FAILED", message)

    def _read(self, task: Task) -> Done:
        """Datasets were copied when the training was asked for."""
        self._files.check_access(task)
        sources = read_sources(self.images.objects, task.request)

        def add(rows: Transaction) -> None:
            for part, lines in sources.items():
                rows.training_images.add(task.version, part, lines)

        return Done(replace(task.stage, name="check"), add)

    def _look(self, task: Task) -> Done:
        learner = self._learners[task.kind]
        so_far = self._content(task) if task.stage.round else None
        following = "learn" if task.stage.round else "peek"
        look = partial(self._pictures.look, task, learner, so_far)
        return self._look_at(task, "TRAIN", look, following)

    def _peek(self, task: Task) -> Done:
        """What is wrong with the test pictures is found out before the model is learnt."""
        return self._look_at(task, "TEST", self._pictures.check, "verify")

    def _learn(self, task: Task) -> Done:
        learner = self._learners[task.kind]
        try:
            content = learner.learn(self._looked(task))
        except CannotLearnError as error:
            raise TrainingFailedError(str(error)) from error
        again = task.stage.round + 1 < learner.rounds
        following = replace(
            task.stage,
            name="look" if again else "test",
            round=task.stage.round + again,
            after=0,
        )
        return Done(following, lambda rows: rows.versions.put_content(task.version, content))

    def _test(self, task: Task) -> Done:
        return self._look_at(
            task, "TEST", partial(self._pictures.test, self._model(task)), "finish"
        )

    def _finish(self, task: Task) -> Done:
        validated = self._checks.validate(task)
        summary, written = self._files.write_evaluation(task, self._model(task).labels)
        # It may be large, and is in the file.
        summary["AggregatedEvaluationResults"]["Metrics"].pop("ConfusionMatrix", None)
        evaluation = orjson.dumps(summary).decode()
        outputs = orjson.dumps(validated | written).decode()
        return Done(
            replace(task.stage, name=END),
            lambda rows: rows.versions.conclude(task.version, evaluation, outputs),
        )

    def _look_at(
        self,
        task: Task,
        part: DatasetType,
        look: Callable[[TrainingImage], TrainingImage],
        following: str,
    ) -> Done:
        """Looks at the next pictures of a part; after the last, another stage follows."""
        with self.store.read() as rows:
            page = rows.training_images.page(
                task.version, part, PICTURES, task.stage.after, usable=True
            )
        looked = list(self._threads.map(look, page.items))
        stage = replace(task.stage, done=task.stage.done + len(looked), after=page.after or 0)
        if page.after is None:
            stage = replace(stage, name=following)
        return Done(stage, lambda rows: rows.training_images.keep(looked))

    def _looked(self, task: Task) -> Iterator[Looked]:
        for image in images_of(self.store, task.version, "TRAIN", usable=True, seen=True):
            assert image.seen is not None
            yield Looked(truth_of(entry_of(image, task.feature), task.kind), image.seen)

    def _model(self, task: Task) -> CustomModel:
        key = task.version.key
        if key not in self._tested:
            self._tested[key] = open_custom_model(self._content(task), self.models, self.runtime)
        return self._tested[key]

    def _content(self, task: Task) -> bytes:
        with self.store.read() as rows:
            return rows.versions.content(task.version)


STAGES: Mapping[str, Callable[[TrainingWork, Task], Done]] = {
    "read": TrainingWork._read,
    "check": lambda work, task: work._checks.begin(task),
    "look": TrainingWork._look,
    "peek": TrainingWork._peek,
    "verify": lambda work, task: work._checks.verify(task),
    "learn": TrainingWork._learn,
    "test": TrainingWork._test,
    "finish": TrainingWork._finish,
}
