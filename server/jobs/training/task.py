"""A training as of its next part, and what may end it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
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


END = "end"
READY = "The model is ready to run."

# What the owner reads while the stage is on.
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


class TrainingFailedError(Exception):
    """The message tells the owner why; `outputs` are the files that were left."""

    def __init__(self, message: str, outputs: Mapping[str, S3Object] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.outputs = outputs


@dataclass(frozen=True, slots=True)
class Stage:
    """What the next part does: `after` is the key of the picture before its first one; `done` of
    `total` pictures were looked at, those that are looked at twice counted twice. Up to the key
    `careful`, pictures are looked at one at a time: one of them ends processes. `networks` names
    what has looked at them so far."""

    name: str = "read"
    round: int = 0
    after: int = 0
    done: int = 0
    total: int = 0
    careful: int = 0
    networks: str = ""

    @property
    def is_careful(self) -> bool:
        return self.after < self.careful

    @property
    def progress(self) -> float:
        # A training that was begun anew may look at more pictures than were counted.
        return min(1.0, self.done / self.total) if self.total else 0.0

    @property
    def message(self) -> str:
        return f"{MESSAGES[self.name]} {int(100 * self.progress)} % of the training is done."

    @property
    def detail(self) -> str:
        """For whoever lists jobs."""
        return orjson.dumps({"done": self.done, "of": self.total}).decode()

    def then(self, name: str) -> "Stage":
        """Another stage, from its beginning."""
        return replace(self, name=name, after=0, careful=0)

    def pack(self) -> bytes:
        return orjson.dumps(asdict(self))

    @classmethod
    def unpack(cls, carry: bytes | None) -> "Stage":
        return cls() if carry is None else cls(**orjson.loads(carry))


@dataclass(frozen=True)
class Task:
    """`deaths` counts the processes that ended amid this part; `split` says that the test pictures
    are to be taken from those for training."""

    job: Job
    version: ProjectVersion
    stage: Stage
    deaths: int
    arn: str
    project: str
    feature: Feature
    split: bool

    @classmethod
    def of(cls, job: Job, version: ProjectVersion, deaths: int) -> "Task":
        told = orjson.loads(job.source)
        return cls(
            job,
            version,
            Stage.unpack(job.carry),
            deaths,
            arn=told["Arn"],
            project=told["Project"],
            feature=told["Feature"],
            split=told["Split"],
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
    def planned(self) -> float | None:
        """The threshold that an adapter's owner plans to use, 0..1, if he told it."""
        config = self.request.get("FeatureConfig", {}).get("ContentModeration", {})
        percent: float | None = config.get("ConfidenceThreshold")
        return None if percent is None else percent / 100

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
