"""A training as of its next part, and what may end it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import orjson

from openrekog.api_spec.shapes import S3Object
from openrekog.collections_store.records import (
    DatasetType,
    Feature,
    Job,
    ModelKind,
    ProjectVersion,
    TrainingImage,
)
from openrekog.collections_store.store import Store, Transaction

# Rows read in one transaction; what was seen of pictures may be large.
ROWS, HEAVY_ROWS = 500, 50


class TrainingFailedError(Exception):
    """The message tells the owner why; `outputs` are the files that were left."""

    def __init__(self, message: str, outputs: Mapping[str, S3Object] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.outputs = outputs


@dataclass(frozen=True, slots=True)
class Stage:
    """What the next part does: `after` is the key of the picture before its first one; `done` of
    `total` pictures were looked at, those that are looked at twice counted twice."""

    name: str = "read"
    round: int = 0
    after: int = 0
    done: int = 0
    total: int = 0

    @property
    def progress(self) -> float:
        return self.done / self.total if self.total else 0.0

    def pack(self) -> bytes:
        return orjson.dumps(asdict(self))

    @classmethod
    def unpack(cls, carry: bytes | None) -> "Stage":
        return cls() if carry is None else cls(**orjson.loads(carry))


@dataclass(frozen=True)
class Task:
    """`split` says that the test pictures are to be taken from those for training."""

    job: Job
    version: ProjectVersion
    stage: Stage
    arn: str
    project: str
    feature: Feature
    split: bool

    @classmethod
    def of(cls, job: Job, version: ProjectVersion) -> "Task":
        told = orjson.loads(job.source)
        stage = Stage.unpack(job.carry)
        return cls(
            job, version, stage, told["Arn"], told["Project"], told["Feature"], told["Split"]
        )

    @staticmethod
    def source(
        version: ProjectVersion, arn: str, project: str, feature: Feature, *, split: bool
    ) -> str:
        """What a job's row says of the version that it trains."""
        told = {
            "Version": version.key,
            "Arn": arn,
            "Project": project,
            "Feature": feature,
            "Split": split,
        }
        return orjson.dumps(told).decode()

    @cached_property
    def request(self) -> dict[str, Any]:
        """What CreateProjectVersion was asked."""
        found: dict[str, Any] = orjson.loads(self.version.request)
        return found

    @property
    def kind(self) -> ModelKind:
        assert self.version.kind is not None
        return self.version.kind

    def place(self, name: str) -> S3Object:
        """Where a file of this version goes."""
        return self.place_of(f"{self.project}/{self.version.name}/{name}")

    def place_of(self, key: str) -> S3Object:
        config = self.request["OutputConfig"]
        prefix = config.get("S3KeyPrefix", "").rstrip("/")
        return {"Bucket": config["S3Bucket"], "Name": "/".join([*filter(None, [prefix]), key])}


def nothing(rows: Transaction) -> None:
    """For a part that has nothing to store but that it was done."""


@dataclass(frozen=True, slots=True)
class Done:
    """What a part leads to: the stage that comes next, and what is stored in one with it."""

    next: Stage
    store: Callable[[Transaction], None] = nothing


def images_of(
    store: Store,
    version: ProjectVersion,
    part: DatasetType,
    *,
    usable: bool = False,
    seen: bool = False,
) -> Iterator[TrainingImage]:
    """In the order of the manifest, some rows at a time."""
    after: int | None = 0
    while after is not None:
        with store.read() as rows:
            page = rows.training_images.page(
                version, part, HEAVY_ROWS if seen else ROWS, after, usable=usable, seen=seen
            )
        yield from page.items
        after = page.after
