"""The stages of a training, one after the other; those that look at pictures take many parts."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

import orjson

from openrekog.collections_store.records import DatasetType, Page, ProjectVersion, TrainingImage
from openrekog.collections_store.store import Store, Transaction
from openrekog.models.custom.fine_tuning import FineTuningLearner
from openrekog.models.custom.learning import CannotLearnError, CustomModel, Learner, Looked
from openrekog.models.loaded import Models
from openrekog.models.runtime import Runtime
from openrekog.server.analysis.trained import all_learners, open_trained
from openrekog.server.analysis.training_data import entry_of, truth_of
from openrekog.server.jobs.attempts import SUSPICIOUS
from openrekog.server.jobs.training.checks import TrainingChecks
from openrekog.server.jobs.training.files import TrainingFiles
from openrekog.server.jobs.training.pictures import INVALID, Pictures
from openrekog.server.jobs.training.source import read_sources
from openrekog.server.jobs.training.task import (
    END,
    READY,
    Done,
    Stage,
    Task,
    TrainingFailedError,
    images_of,
)
from openrekog.server.media.images import ImageLoader

__all__ = ["END", "READY", "TrainingStages"]

PICTURES = 16
"""Pictures in one part: what is looked at anew after a crash, at most."""

# How learners keep what they saw. A training whose pictures were looked at by a server that kept
# something else is begun anew.
KEEPING = "keeping 2"

# Two deaths may have been of a part with more pictures.
DEADLY_AFTER = SUSPICIOUS + 2

Look = Callable[[TrainingImage], TrainingImage]


@dataclass(slots=True)
class TrainingStages:
    """From one part to the next it keeps only the models that are being tested."""

    store: Store
    models: Models
    runtime: Runtime
    images: ImageLoader
    tuner: FineTuningLearner | None = None
    _learners: Mapping[str, Learner] = field(init=False)
    _pictures: Pictures = field(init=False)
    _files: TrainingFiles = field(init=False)
    _checks: TrainingChecks = field(init=False)
    _tested: dict[int, CustomModel] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._learners = all_learners(self.models, self.tuner)
        self._files = TrainingFiles(self.store, self.images.objects)
        self._pictures = Pictures(self.images, self._files)
        self._checks = TrainingChecks(self.store, self._files, self._learners)

    def do(self, task: Task) -> Done:
        """The next part. Raises TrainingFailedError, or Unreachable if the object store is away."""
        if task.stage.networks not in ("", self._networks):
            return self._begin_anew(task)
        return STAGES[task.stage.name](self, task)

    @property
    def _networks(self) -> str:
        features, dense = self.models.features.feature_name, self.models.dense.feature_name
        networks = f"{features} {dense} {KEEPING}"
        # Pictures that are kept to be learnt from are nothing that a network saw.
        return networks if self.tuner is None else f"{networks} fine-tuning"

    def _begin_anew(self, task: Task) -> Done:
        """What was seen by other networks, before the server was started with other packs, is of no
        use to these."""
        stage = replace(task.stage.then("look"), round=0, done=0, networks=self._networks)
        return Done(stage)

    def forget(self, version: ProjectVersion) -> None:
        self._tested.pop(version.key, None)

    def close(self) -> None:
        self._tested.clear()

    def read(self, task: Task) -> Done:
        """Datasets were copied when the training was asked for."""
        self._files.check_access(task)
        sources = read_sources(self.images.objects, task.request)

        def add(rows: Transaction) -> None:
            for part, lines in sources.items():
                rows.training_images.add(task.version, part, lines)

        return Done(replace(task.stage, name="check"), add)

    def check(self, task: Task) -> Done:
        done = self._checks.begin(task)
        return replace(done, next=replace(done.next, networks=self._networks))

    def look(self, task: Task) -> Done:
        learner = self._learners[task.kind]
        so_far = self._so_far(task)
        following = "learn" if task.stage.round else "peek"
        look = partial(self._pictures.look, task, learner, so_far)
        return self._look_at(task, "TRAIN", look, following)

    def peek(self, task: Task) -> Done:
        """What is wrong with the test pictures is found out before the model is learnt."""
        return self._look_at(task, "TEST", partial(self._pictures.check, task), "verify")

    def verify(self, task: Task) -> Done:
        return self._checks.verify(task)

    def learn(self, task: Task) -> Done:
        learner = self._learners[task.kind]
        try:
            content = learner.learn(self._looked(task), self._so_far(task))
        except CannotLearnError as error:
            raise TrainingFailedError(str(error), self._checks.validate(task)) from error
        rounds = task.stage.round + 1
        again = rounds < learner.rounds
        stage = replace(task.stage, name="look", round=rounds) if again else task.stage.then("test")
        return Done(stage, lambda rows: rows.versions.put_content(task.version, content))

    def test(self, task: Task) -> Done:
        look = partial(self._pictures.test, task, self._model(task))
        return self._look_at(task, "TEST", look, "finish")

    def finish(self, task: Task) -> Done:
        validated = self._checks.validate(task)
        summary, written = self._files.write_evaluation(
            task, self._model(task).labels, self._pictures.load
        )
        # It may be large, and is in the file.
        summary["AggregatedEvaluationResults"]["Metrics"].pop("ConfusionMatrix", None)
        evaluation = orjson.dumps(summary).decode()
        outputs = orjson.dumps(validated | written).decode()
        return Done(
            task.stage.then(END),
            lambda rows: rows.versions.conclude(task.version, evaluation, outputs),
        )

    def _look_at(self, task: Task, part: DatasetType, look: Look, following: str) -> Done:
        """Looks at the next pictures of a part; after the last, another stage follows."""
        stage, page = self._next(task, part)
        if len(page.items) == 1 and task.deaths >= DEADLY_AFTER:
            looked = [replace(page.items[0], fault=INVALID)]
        else:
            # One after the other, so that requests have the other cores.
            looked = [look(image) for image in page.items]
        stage = replace(stage, done=stage.done + len(looked))
        stage = stage.then(following) if page.after is None else replace(stage, after=page.after)
        return Done(stage, lambda rows: rows.training_images.keep(looked))

    def _next(self, task: Task, part: DatasetType) -> tuple[Stage, Page[TrainingImage]]:
        """The pictures of this part: of some among which one ends processes, one at a time."""
        stage = task.stage
        if task.deaths >= SUSPICIOUS and not stage.is_careful:
            page = self._page(task, part, PICTURES)
            stage = replace(stage, careful=max((image.key for image in page.items), default=0))
        return stage, self._page(task, part, 1 if stage.is_careful else PICTURES)

    def _page(self, task: Task, part: DatasetType, size: int) -> Page[TrainingImage]:
        with self.store.read() as rows:
            return rows.training_images.page(
                task.version, part, size, task.stage.after, usable=True
            )

    def _looked(self, task: Task) -> Iterator[Looked]:
        for image in images_of(self.store, task.version, "TRAIN", usable=True, seen=True):
            assert image.seen is not None
            yield Looked(truth_of(entry_of(image, task.feature), task.kind), image.seen)

    def _model(self, task: Task) -> CustomModel:
        key = task.version.key
        if key not in self._tested:
            self._tested[key] = open_trained(
                task.kind, self._content(task), self.models, self.runtime
            )
        return self._tested[key]

    def _so_far(self, task: Task) -> bytes | None:
        """What the round before learnt."""
        return self._content(task) if task.stage.round else None

    def _content(self, task: Task) -> bytes:
        with self.store.read() as rows:
            return rows.versions.content(task.version)


STAGES: Mapping[str, Callable[[TrainingStages, Task], Done]] = {
    "read": TrainingStages.read,
    "check": TrainingStages.check,
    "look": TrainingStages.look,
    "peek": TrainingStages.peek,
    "verify": TrainingStages.verify,
    "learn": TrainingStages.learn,
    "test": TrainingStages.test,
    "finish": TrainingStages.finish,
}
"""Until END, in this order, but that learning may want all pictures looked at once more."""
