"""The files that a training leaves in its owner's bucket."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from openrekog.api_spec import errors
from openrekog.api_spec.shapes import S3Object
from openrekog.collections_store.records import DatasetType
from openrekog.collections_store.store import Store
from openrekog.server.analysis.dataset_faults import Census, Faults
from openrekog.server.analysis.evaluation import documents
from openrekog.server.analysis.evaluation.documents import Pictured, Trained
from openrekog.server.analysis.evaluation.metrics import Evaluation, evaluate
from openrekog.server.analysis.evaluation.mistakes import worst_mistakes
from openrekog.server.analysis.evaluation.report import Load, evaluation_report, report_name
from openrekog.server.analysis.manifests.entries import ManifestEntry
from openrekog.server.analysis.matching import PredictedPicture
from openrekog.server.analysis.training_data import census_of, entry_of, truth_of
from openrekog.server.jobs import outputs
from openrekog.server.jobs.patience import patiently
from openrekog.server.jobs.training.found import Found
from openrekog.server.jobs.training.task import Task, TrainingFailedError, images_of
from openrekog.server.media.objects import ObjectStore, Unreachable

# Written when the work begins, so that a bucket that takes nothing is not found out at its end.
ACCESS_CHECK = ".write_access_check"

TRAINING_SNAPSHOT, TESTING_SNAPSHOT = "training.manifest", "testing.manifest"

VALIDATIONS: Mapping[DatasetType, str] = {
    "TRAIN": documents.TRAINING_VALIDATION,
    "TEST": documents.TESTING_VALIDATION,
}

# AWS's message, and why.
NO_WAY_OUT = "Unable to write to output S3 bucket."

Outputs = dict[str, S3Object]
"""Places of files, by the file's own name; EVALUATION and REPORT for those whose names differ."""

EVALUATION, REPORT = "evaluation", "report"


@dataclass(frozen=True, slots=True)
class TestPictures(Collection[PredictedPicture]):
    """The pictures that a model was tested with, read anew each time that one goes through them."""

    store: Store
    task: Task

    __test__ = False  # it is no test of pytest's

    def __len__(self) -> int:
        with self.store.read() as rows:
            return rows.training_images.count(self.task.version, "TEST", usable=True)

    def __iter__(self) -> Iterator[PredictedPicture]:
        return (each.picture for each in self.pictured())

    def __contains__(self, item: object) -> bool:
        return any(each == item for each in self)

    def pictured(self) -> Iterator[Pictured]:
        task = self.task
        for image in images_of(self.store, task.version, "TEST", usable=True):
            assert image.found is not None
            found = Found.unpack(image.found)
            truth = truth_of(entry_of(image, task.feature), task.kind)
            picture = PredictedPicture(truth, found.labels)
            yield Pictured(image.source_ref, found.width, found.height, picture)


@dataclass(frozen=True, slots=True)
class TrainingFiles:
    """Writes files whole or not at all; what is written again is the same."""

    store: Store
    objects: ObjectStore

    def check_access(self, task: Task) -> None:
        self._write(task.place(ACCESS_CHECK), list)

    def entries(self, task: Task, part: DatasetType) -> Iterator[ManifestEntry]:
        for image in images_of(self.store, task.version, part):
            yield entry_of(image, task.feature)

    def census(self, task: Task, part: DatasetType) -> Census:
        return census_of(self.entries(task, part), task.feature)

    def write_validation(
        self, task: Task, training: Census, testing: Census, faults: Faults
    ) -> Outputs:
        """What is wrong with the lines of the manifests, and with the manifests as a whole."""
        summary = orjson.dumps(documents.manifest_summary(training, testing, faults))
        written = {documents.MANIFEST_SUMMARY: task.place(documents.MANIFEST_SUMMARY)}
        self._write(written[documents.MANIFEST_SUMMARY], lambda: [summary])
        for part, name in VALIDATIONS.items():
            written[name] = task.place(name)
            self._write(written[name], _lines_of(self, task, part))
        return written

    def write_evaluation(
        self, task: Task, labels: Collection[str], load: Load
    ) -> tuple[dict[str, Any], Outputs]:
        """How good the model is, as in the summary file, and all files about it. The report, which
        shows pictures, is made of Custom Labels alone: nobody wants to come upon those that an
        adapter for moderation is wrong about."""
        located, pictures = task.kind == "detector", TestPictures(self.store, task)
        evaluation = evaluate(list(labels), pictures, located=located, planned=task.planned)
        trained = Trained(task.arn, self._count_learnt(task), datetime.now(UTC))
        summary = documents.evaluation_summary(evaluation, trained)
        name = documents.summary_name(task.project, task.version.name)
        written = {
            EVALUATION: task.place_of(name),
            TRAINING_SNAPSHOT: task.place(TRAINING_SNAPSHOT),
            TESTING_SNAPSHOT: task.place(TESTING_SNAPSHOT),
        }
        self._write(written[EVALUATION], lambda: [orjson.dumps(summary)])
        self._write(written[TRAINING_SNAPSHOT], lambda: self._learnt(task))
        self._write(
            written[TESTING_SNAPSHOT],
            lambda: _tested(pictures, evaluation, trained.ended, located=located),
        )
        if task.feature == "CUSTOM_LABELS":
            written[REPORT] = task.place_of(report_name(task.project, task.version.name))
            mistakes = worst_mistakes(pictures.pictured(), evaluation)
            report = evaluation_report(evaluation, trained, mistakes, load).encode()
            self._write(written[REPORT], lambda: [report])
        return summary, written

    def _count_learnt(self, task: Task) -> int:
        with self.store.read() as rows:
            return rows.training_images.count(task.version, "TRAIN", usable=True)

    def _learnt(self, task: Task) -> Iterator[bytes]:
        for image in images_of(self.store, task.version, "TRAIN", usable=True):
            yield _line(entry_of(image, task.feature))

    def _write(self, place: S3Object, parts: Callable[[], Iterable[bytes]]) -> None:
        """`parts` makes them anew for each try. Raises Unreachable if the store stays away."""
        where = f"s3://{place['Bucket']}/{place['Name']}"
        try:
            patiently(lambda: outputs.write(self.objects, place, parts()))
        except Unreachable:
            raise
        except errors.AccessDenied as error:
            raise TrainingFailedError(f"{NO_WAY_OUT} {where} may not be written.") from error
        except errors.InvalidS3Object as error:
            raise TrainingFailedError(
                f"{NO_WAY_OUT} There is no bucket {place['Bucket']}, or no key {place['Name']} is "
                "possible."
            ) from error


def _lines_of(files: TrainingFiles, task: Task, part: DatasetType) -> Callable[[], Iterator[bytes]]:
    return lambda: (_line(entry) for entry in files.entries(task, part))


def _line(entry: ManifestEntry) -> bytes:
    return orjson.dumps(entry.document, option=orjson.OPT_APPEND_NEWLINE)


def _tested(
    pictures: TestPictures, evaluation: Evaluation, ended: datetime, *, located: bool
) -> Iterator[bytes]:
    for pictured in pictures.pictured():
        yield documents.snapshot_line(pictured, evaluation.thresholds, ended, located=located)
