"""Datasets and their entries."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

DatasetType = Literal["TRAIN", "TEST"]

DatasetStatus = Literal[
    "CREATE_COMPLETE",
    "CREATE_FAILED",
    "UPDATE_COMPLETE",
    "UPDATE_FAILED",
]

DatasetCode = Literal["SUCCESS", "SERVICE_ERROR", "CLIENT_ERROR"]


@dataclass(frozen=True, slots=True)
class DatasetState:
    """What is told of the last that was done to a dataset."""

    status: DatasetStatus
    code: DatasetCode
    message: str


@dataclass(frozen=True, slots=True)
class Dataset:
    key: int
    project: int
    type: DatasetType
    stamp: int
    state: DatasetState
    created_at: float
    updated_at: float


@dataclass(frozen=True, slots=True)
class NewEntry:
    """An image of a dataset; `document` is its JSON, and `labels` tells of each label whether a
    bounding box has it."""

    source_ref: str
    document: str
    labels: Mapping[str, bool]
    faulty: bool


class DatasetCounts(NamedTuple):
    entries: int
    labeled: int
    faulty: int
    labels: int


class LabelCount(NamedTuple):
    """`boxed` counts the entries where a bounding box has the label."""

    name: str
    entries: int
    boxed: int


@dataclass(frozen=True, slots=True)
class EntryFilter:
    """What entries a listing shows; None shows all."""

    labels: Sequence[str] | None = None
    labeled: bool | None = None
    source_ref_part: str | None = None
    faulty: bool | None = None
