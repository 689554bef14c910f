"""Trainings without a queue, for tests that do their parts by hand."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

import orjson

from openrekog.collections_store.jobs import TRAINING
from openrekog.collections_store.records import (
    Feature,
    Job,
    NewTrainingImage,
    NewVersion,
    ProjectVersion,
    Scope,
)
from openrekog.models.capabilities import FeatureExtractor
from openrekog.models.results import Image, Vectors
from openrekog.server.context import Services
from openrekog.server.jobs.training.task import Task
from openrekog.server.jobs.training.work import TrainingWork
from openrekog.server.services import open_services
from openrekog.server.settings import Settings
from tests.acceptance.trainings import COLOURS, Line, coloured, labelled, outlined, with_squares

SCOPE = Scope("111122223333", "us-east-1")
ARN = "arn:aws:rekognition:us-east-1:111122223333:project/p/version/v1/1700000000000"
NAMES = count()
COUNT = 8


@contextmanager
def opened(folder: Path) -> Iterator[Services]:
    """With the fake pack, and pictures of each colour in the bucket of pictures."""
    services = open_services(Settings(data_dir=folder, packs=["fake"]))
    for bucket in ("pictures", "out"):
        (folder / "buckets" / bucket).mkdir()
    for label in COLOURS:
        for number in range(COUNT):
            put(services, f"{label}-{number}.png", coloured(label, number))
    yield services
    services.close()


def put(services: Services, key: str, data: bytes) -> Path:
    path = services.settings.data_dir / "buckets" / "pictures" / key
    path.write_bytes(data)
    return path


def colours(_: Services) -> list[Line]:
    refs = [(label, number) for label in COLOURS for number in range(COUNT)]
    return [labelled(f"s3://pictures/{label}-{number}.png", label) for label, number in refs]


def squares(services: Services) -> list[Line]:
    lines = []
    for number in range(COUNT // 2):
        data, boxes = with_squares(number)
        put(services, f"squares-{number}.png", data)
        lines.append(outlined(f"s3://pictures/squares-{number}.png", boxes))
    return lines


def explicit(_: Services) -> list[Line]:
    """Red pictures are explicit, others safe."""
    found = {"red": [{"Name": "Explicit"}]}
    return [
        {
            "source-ref": f"s3://pictures/{label}-{number}.png",
            "content-moderation-groundtruth": {"ModerationLabels": found.get(label, [])},
        }
        for label in COLOURS
        for number in range(COUNT)
    ]


def begin(services: Services, feature: Feature, lines: Sequence[Line]) -> str:
    """A training that is split."""
    request = orjson.dumps({"OutputConfig": {"S3Bucket": "out"}}).decode()
    with services.store.write() as rows:
        auto = None if feature == "CUSTOM_LABELS" else "ENABLED"
        project = rows.projects.create(SCOPE, f"p{next(NAMES)}", feature, auto)
        version = rows.versions.create(project, NewVersion("v1", request))
        new = [
            NewTrainingImage(number, line["source-ref"], orjson.dumps(line).decode(), usable=True)
            for number, line in enumerate(lines, 1)
        ]
        rows.training_images.add(version, "TRAIN", new)
        source = Task.source(version, ARN, project.name, feature, split=True)
        job = rows.jobs.create(SCOPE, TRAINING, "{}", source=source, tag=None)
        rows.jobs.claim(job.job_id)
    return job.job_id


@dataclass(frozen=True)
class Watched:
    """A feature extractor that does something with each picture first."""

    inner: FeatureExtractor
    watch: Callable[[Image], None]
    feature_name: str

    @property
    def dimension(self) -> int:
        return self.inner.dimension

    def extract(self, images: Sequence[Image]) -> Vectors:
        for image in images:
            self.watch(image)
        return self.inner.extract(images)


def worker(
    services: Services,
    watch: Callable[[Image], None] = lambda _: None,
    network: str = "fake",
) -> TrainingWork:
    """As of a process that was just started."""
    features = Watched(services.models.features, watch, network)
    models = replace(services.models, features=features)
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
