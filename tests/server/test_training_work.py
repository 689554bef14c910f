"""The parts of a training, done by hand: what ends it, and what does not."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any

import orjson
import pytest

from openrekog.collections_store.errors import Busy
from openrekog.collections_store.jobs import TRAINING
from openrekog.collections_store.records import (
    Job,
    NewTrainingImage,
    NewVersion,
    ProjectVersion,
    Scope,
)
from openrekog.models.capabilities import FeatureExtractor
from openrekog.models.results import Image, Vectors
from openrekog.server.context import Services
from openrekog.server.jobs.attempts import MOST
from openrekog.server.jobs.training import ENDLESS, OUR_FAULT, TrainingWork
from openrekog.server.jobs.training_task import Stage, Task
from openrekog.server.services import open_services
from openrekog.server.settings import Settings
from tests.acceptance.trainings import COLOURS, coloured, labelled

SCOPE = Scope("111122223333", "us-east-1")
ARN = "arn:aws:rekognition:us-east-1:111122223333:project/p/version/v1/1700000000000"
NAMES = count()
COUNT = 8


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    opened = open_services(Settings(data_dir=tmp_path_factory.mktemp("data"), packs=["fake"]))
    for bucket in ("pictures", "out"):
        (opened.settings.data_dir / "buckets" / bucket).mkdir()
    for label in COLOURS:
        for number in range(COUNT):
            put(opened, f"{label}-{number}.png", coloured(label, number))
    yield opened
    opened.close()


def put(services: Services, key: str, data: bytes) -> Path:
    path = services.settings.data_dir / "buckets" / "pictures" / key
    path.write_bytes(data)
    return path


@pytest.fixture
def job_id(services: Services) -> str:
    """A training that is split, with eight pictures of each colour."""
    request = orjson.dumps({"OutputConfig": {"S3Bucket": "out"}}).decode()
    with services.store.write() as rows:
        project = rows.projects.create(SCOPE, f"p{next(NAMES)}", "CUSTOM_LABELS", None)
        version = rows.versions.create(project, NewVersion("v1", request))
        refs = [
            (f"s3://pictures/{label}-{number}.png", label)
            for label in COLOURS
            for number in range(COUNT)
        ]
        lines = [
            NewTrainingImage(n, ref, orjson.dumps(labelled(ref, label)).decode(), usable=True)
            for n, (ref, label) in enumerate(refs, 1)
        ]
        rows.training_images.add(version, "TRAIN", lines)
        source = Task.source(version, ARN, project.name, "CUSTOM_LABELS", split=True)
        job = rows.jobs.create(SCOPE, TRAINING, "{}", source=source, tag=None)
        rows.jobs.claim(job.job_id)
    return job.job_id


@dataclass(frozen=True)
class Watched:
    """A feature extractor that does something with each picture first."""

    inner: FeatureExtractor
    watch: Callable[[Image], None]

    @property
    def feature_name(self) -> str:
        return self.inner.feature_name

    @property
    def dimension(self) -> int:
        return self.inner.dimension

    def extract(self, images: Sequence[Image]) -> Vectors:
        for image in images:
            self.watch(image)
        return self.inner.extract(images)


def worker(services: Services, watch: Callable[[Image], None] = lambda _: None) -> TrainingWork:
    """As of a process that was just started."""
    models = replace(services.models, features=Watched(services.models.features, watch))
    return TrainingWork(services.store, models, services.runtime, services.images)


def run(work: TrainingWork, job_id: str) -> None:
    number = 0
    with closing(work):
        while work.part(job_id, number):
            number += 1


def ended(services: Services, job_id: str) -> tuple[Job, ProjectVersion]:
    with services.store.read() as rows:
        job = rows.jobs.by_id(job_id)
        assert job is not None
        version = rows.versions.by_key(orjson.loads(job.source)["Version"])
        assert version is not None
    return job, version


class DeathError(BaseException):
    """The end of a process."""


def summary_of(services: Services, version: ProjectVersion) -> Any:
    place = orjson.loads(version.outputs or "{}")["manifest_summary.json"]
    return orjson.loads(
        (services.settings.data_dir / "buckets" / place["Bucket"] / place["Name"]).read_bytes()
    )


def test_a_picture_that_ends_processes_is_left_out(services: Services, job_id: str) -> None:
    put(services, "blue-3.png", coloured("blue", 3, side=77))

    def watch(image: Image) -> None:
        if image.shape[0] == 77 or image.shape[1] == 77:
            raise DeathError

    deaths = 0
    try:
        while ended(services, job_id)[0].status == "IN_PROGRESS":
            try:
                run(worker(services, watch), job_id)
            except DeathError:
                deaths += 1
                assert deaths < MOST
    finally:
        put(services, "blue-3.png", coloured("blue", 3))
    job, version = ended(services, job_id)
    assert (job.status, version.status) == ("SUCCEEDED", "TRAINING_COMPLETED"), version.message
    assert deaths == 4
    statistics = summary_of(services, version)["statistics"]
    invalid = [statistics[part]["invalid_json_lines"] for part in ("training", "testing")]
    assert sorted(invalid) == [0, 1]


def test_what_always_ends_the_process_is_not_tried_for_ever(
    services: Services, job_id: str
) -> None:
    learning = worker(services)
    number = 0
    while Stage.unpack(ended(services, job_id)[0].carry).name != "learn":
        learning.part(job_id, number)
        number += 1
    learning.close()
    for _ in range(MOST):
        with services.store.write() as rows:
            rows.jobs.begin_part([ended(services, job_id)[0]])
    run(worker(services), job_id)
    _, version = ended(services, job_id)
    assert (version.status, version.message) == ("TRAINING_FAILED", ENDLESS.format(MOST))


def test_a_fault_of_ours_ends_the_training_with_a_word(services: Services, job_id: str) -> None:
    def watch(image: Image) -> None:
        raise RuntimeError(image.shape)

    run(worker(services, watch), job_id)
    job, version = ended(services, job_id)
    assert (job.status, version.status, version.message) == ("FAILED", "TRAINING_FAILED", OUR_FAULT)
    with services.store.write() as rows:
        rows.versions.delete(version)


def test_a_busy_database_ends_nothing_and_nothing_is_counted_twice(
    services: Services, job_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    work, keep = worker(services), TrainingWork._keep
    busy = iter([True, False] * 50)

    def keep_or_not(self: TrainingWork, *given: Any) -> None:
        keep(self, *given)
        if next(busy):
            raise Busy("after it was stored")

    monkeypatch.setattr(TrainingWork, "_keep", keep_or_not)
    number = 0
    more = True
    while more:
        try:
            more = work.part(job_id, number)
        except Busy:
            continue  # the same part once more
        number += 1
    work.close()
    _, version = ended(services, job_id)
    assert (version.status, version.progress) == ("TRAINING_COMPLETED", 1.0)
    told = summary_of(services, version)["statistics"]
    assert told["training"]["total_json_lines"] + told["testing"]["total_json_lines"] == 24
