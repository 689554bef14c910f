"""Versions of a project's model."""

from dataclasses import dataclass
from typing import Literal

VersionStatus = Literal[
    "TRAINING_IN_PROGRESS",
    "TRAINING_COMPLETED",
    "TRAINING_FAILED",
    "STARTING",
    "RUNNING",
    "FAILED",
    "STOPPING",
    "STOPPED",
    "DELETING",
    "COPYING_IN_PROGRESS",
    "COPYING_COMPLETED",
    "COPYING_FAILED",
    "DEPRECATED",
    "EXPIRED",
]

ModelKind = Literal["classifier", "detector", "adapter"]


@dataclass(frozen=True, slots=True)
class NewVersion:
    """`request` is the JSON of what was asked; what is None is not known yet."""

    name: str
    request: str
    status: VersionStatus = "TRAINING_IN_PROGRESS"
    kind: ModelKind | None = None
    description: str | None = None
    source_arn: str | None = None
    base_model_version: str | None = None
    evaluation: str | None = None
    outputs: str | None = None


@dataclass(frozen=True, slots=True)
class ProjectVersion:
    """A version of a project's model as of the transaction that read it.

    `request`, `evaluation` and `outputs` are JSON; `progress` of the training is 0..1; `ended_at`
    is when the training ended, `used_at` when the model was last asked anything.
    """

    key: int
    project: int
    name: str
    stamp: int
    status: VersionStatus
    message: str | None
    request: str
    kind: ModelKind | None
    description: str | None
    source_arn: str | None
    base_model_version: str | None
    progress: float
    billable_seconds: float
    evaluation: str | None
    outputs: str | None
    min_units: int | None
    max_units: int | None
    created_at: float
    ended_at: float | None
    used_at: float | None
