"""Trained models for tests of those who run them: a real one, learnt on the fake pack's features,
and put into a server's database as a training leaves it."""

import itertools
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import PIL.Image

from openrekog.collections_store.records import NewVersion, ProjectVersion, Scope, VersionStatus
from openrekog.collections_store.store import Store, Transaction
from openrekog.models.custom.classifier_learner import ClassifierLearner
from openrekog.models.custom.labels import TrueLabel
from openrekog.models.custom.learning import Looked
from openrekog.models.fake.labels import FakeImageClassifier
from openrekog.server.services import open_store
from openrekog.server.settings import Settings
from tests.acceptance.photos import jpeg
from tests.acceptance.servers import ServerProcess

SECONDS_TO_CHANGE = 20.0
PROJECTS = itertools.count(1)

LABELS = ("blue", "red", "green")
ARN = re.compile(r"arn:aws:rekognition:([^:]+):(\d+):project/([^/]+)/(?:version/([^/]+)/)?(\d+)")


def coloured(label: str, seed: int = 0, side: int = 128) -> PIL.Image.Image:
    """A picture that shows its label: noise, of which the colour's channel is the brightest."""
    pixels = np.random.default_rng(seed).integers(0, 90, (side, side, 3), np.uint8)
    pixels[:, :, ("red", "green", "blue").index(label)] += 120
    return PIL.Image.fromarray(pixels)


def picture(label: str = "red", seed: int = 1000) -> dict[str, bytes]:
    """The member Image of a request."""
    return {"Bytes": jpeg(coloured(label, seed))}


@cache
def learnt() -> bytes:
    """The file of a model for LABELS."""
    learner = ClassifierLearner(FakeImageClassifier())
    seen = [
        Looked((TrueLabel(label),), learner.look(np.asarray(coloured(label, seed)), (), None))
        for label in LABELS
        for seed in range(8)
    ]
    return learner.learn(seen)


def summary(thresholds: Mapping[str, float]) -> str:
    """As much of an evaluation as hosting asks for."""
    results = [
        {"Label": label, "Metrics": {"Threshold": threshold}}
        for label, threshold in thresholds.items()
    ]
    metrics = {"AggregatedEvaluationResults": {"Metrics": {"F1Score": 1.0}}}
    return orjson.dumps({"LabelEvaluationResults": results, **metrics}).decode()


@contextmanager
def store_of(data_dir: Path) -> Iterator[Store]:
    store = open_store(Settings(data_dir=data_dir), serving=False)
    try:
        yield store
    finally:
        store.close()


def put_version(
    server: ServerProcess,
    project_arn: str,
    name: str = "v1",
    content: bytes | None = None,
    status: VersionStatus = "TRAINING_COMPLETED",
    thresholds: Mapping[str, float] | None = None,
    **known: Any,
) -> str:
    """The ARN of a version that the project has from now on."""
    new = NewVersion(
        name,
        orjson.dumps({"OutputConfig": {"S3Bucket": "models", "S3KeyPrefix": "out"}}).decode(),
        status,
        "classifier",
        evaluation=summary(thresholds or dict.fromkeys(LABELS, 0.5)),
        **known,
    )
    with store_of(server.data_dir) as store, store.write() as rows:
        region, account, project_name, _, stamp = match(project_arn)
        project = rows.projects.get(Scope(account, region), project_name, int(stamp))
        version = rows.versions.create(project, new)
        rows.versions.put_content(version, learnt() if content is None else content)
    return f"{project_arn.rpartition('/')[0]}/version/{name}/{version.stamp}"


def change_version(
    server: ServerProcess, arn: str, change: Callable[[Transaction, ProjectVersion], object]
) -> None:
    """Changes the row behind the server's back."""
    with store_of(server.data_dir) as store, store.write() as rows:
        region, account, project_name, name, stamp = match(arn)
        project = rows.projects.named(Scope(account, region), project_name)
        change(rows, rows.versions.get(project, name, int(stamp)))


def match(arn: str) -> tuple[str, ...]:
    found = ARN.fullmatch(arn)
    assert found is not None
    return found.groups()


@dataclass(frozen=True)
class Trained:
    """A version of a model, as its owner handles it."""

    client: Any
    project: str
    arn: str

    @property
    def names(self) -> dict[str, Any]:
        """Arguments of DescribeProjectVersions that name this version alone."""
        return {"ProjectArn": self.project, "VersionNames": [match(self.arn)[3]]}

    def description(self) -> dict[str, Any]:
        answer = self.client.describe_project_versions(**self.names)
        [found] = answer["ProjectVersionDescriptions"]
        return dict(found)

    def start(self, **units: int) -> "Trained":
        """Returns when it runs."""
        asked = {"MinInferenceUnits": 1, **units}
        answer = self.client.start_project_version(ProjectVersionArn=self.arn, **asked)
        assert answer["Status"] == "STARTING"
        self.wait_until_it_runs()
        return self

    def wait_until_it_runs(self) -> None:
        waiter = self.client.get_waiter("project_version_running")
        waiter.wait(**self.names, WaiterConfig={"Delay": 0.05, "MaxAttempts": 200})

    def wait_until(self, status: str) -> None:
        give_up = time.monotonic() + SECONDS_TO_CHANGE
        while self.description()["Status"] != status:
            assert time.monotonic() < give_up, f"it did not come to be {status}"
            time.sleep(0.05)

    def ask(self, label: str = "red", **more: Any) -> list[dict[str, Any]]:
        image = picture(label)
        answer = self.client.detect_custom_labels(ProjectVersionArn=self.arn, Image=image, **more)
        return list(answer["CustomLabels"])


def trained(server: ServerProcess, region: str, **version: Any) -> Trained:
    """A model for LABELS that waits to be started, in a project of its own."""
    client = server.client(region)
    project = client.create_project(ProjectName=f"colours-{next(PROJECTS)}")["ProjectArn"]
    return Trained(client, project, put_version(server, project, **version))
