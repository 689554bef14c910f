"""Whether manifests and pictures allow a training, and which of them it is made of."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from openrekog.collections_store.records import DatasetType, ModelKind
from openrekog.collections_store.store import Store, Transaction
from openrekog.models.custom.learning import Learner
from openrekog.server.analysis.dataset_faults import Census, Faults
from openrekog.server.analysis.moderation import MODEL_VERSION
from openrekog.server.analysis.training_data import (
    Candidate,
    chosen_for_testing,
    entry_of,
    faults_of,
    fits,
    kind_of,
    split_faults_of,
    truth_of,
)
from openrekog.server.jobs.training.files import Outputs, TrainingFiles
from openrekog.server.jobs.training.task import (
    Done,
    Task,
    TrainingFailedError,
    images_of,
)

PARTS: tuple[DatasetType, ...] = ("TRAIN", "TEST")


@dataclass(frozen=True, slots=True)
class TrainingChecks:
    """Raises TrainingFailedError for a training that cannot be, with files that say why."""

    store: Store
    files: TrainingFiles
    learners: Mapping[str, Learner]

    def begin(self, task: Task) -> Done:
        """Reads the lines of both parts, or splits one, and leaves out what is of no use."""
        training = self.files.census(task, "TRAIN")
        testing = Census() if task.split else self.files.census(task, "TEST")
        faults = (
            split_faults_of(training, task.feature)
            if task.split
            else faults_of(training, testing, task.feature)
        )
        self._refuse(task, training, testing, faults)
        kind = self._kind(task, training)
        good = [each for part in PARTS for each in self._candidates(task, kind, part)]
        chosen = chosen_for_testing(good) if task.split else []
        return self._begun(task, kind, {each.key for each in good}, chosen)

    def verify(self, task: Task) -> Done:
        """Once all pictures were looked at, some may be of no use, either."""
        training, testing = (self.files.census(task, part) for part in PARTS)
        self._refuse(task, training, testing, faults_of(training, testing, task.feature))
        return Done(task.stage.then("learn"))

    def validate(self, task: Task) -> Outputs:
        """Writes what is wrong with single lines, for a training that succeeds all the same."""
        training, testing = (self.files.census(task, part) for part in PARTS)
        return self.files.write_validation(task, training, testing, Faults())

    def _refuse(self, task: Task, training: Census, testing: Census, faults: Faults) -> None:
        if faults.all:
            written = self.files.write_validation(task, training, testing, faults)
            message = " ".join(dict.fromkeys(each.message for each in faults.all))
            raise TrainingFailedError(message, written)

    def _kind(self, task: Task, training: Census) -> ModelKind:
        kind = kind_of(training, task.feature)
        if kind is None or kind not in self.learners:
            raise TrainingFailedError(f"This server has nothing that learns a model ({kind}).")
        return kind

    def _candidates(self, task: Task, kind: ModelKind, part: DatasetType) -> Iterator[Candidate]:
        for image in images_of(self.store, task.version, part):
            entry = entry_of(image, task.feature)
            if fits(entry, kind):
                names = frozenset(label.name for label in truth_of(entry, kind))
                yield Candidate(image.key, image.source_ref, names)

    def _begun(self, task: Task, kind: ModelKind, good: set[int], chosen: Sequence[int]) -> Done:
        every = [
            (part, image.key)
            for part in PARTS
            for image in images_of(self.store, task.version, part)
        ]
        useless = [key for _, key in every if key not in good]
        testing = len(chosen) or sum(part == "TEST" and key in good for part, key in every)
        rounds = self.learners[kind].rounds
        total = (len(good) - testing) * rounds + 2 * testing

        def store(rows: Transaction) -> None:
            rows.versions.set_kind(task.version, kind, MODEL_VERSION if kind == "adapter" else None)
            rows.training_images.leave_out(useless)
            rows.training_images.move_to_test(chosen)

        return Done(replace(task.stage, name="look", total=total), store)
