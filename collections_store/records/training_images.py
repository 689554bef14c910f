"""What a version is learnt from."""

from dataclasses import dataclass

from openrekog.collections_store.records.datasets import DatasetType


@dataclass(frozen=True, slots=True)
class NewTrainingImage:
    """A line of a manifest; an unusable one is only told of in the files about it."""

    line: int
    source_ref: str
    document: str
    usable: bool


@dataclass(frozen=True, slots=True)
class TrainingImage:
    """`fault` is the code of what is wrong with the picture; `found` is JSON."""

    key: int
    part: DatasetType
    line: int
    source_ref: str
    document: str
    usable: bool
    fault: str | None
    seen: bytes | None
    found: str | None
