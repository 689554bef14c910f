"""How a custom model is learnt: pictures are looked at one by one, and what was seen is kept as
bytes, so that learning may be broken off between any two of them and go on elsewhere."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from openrekog.models.custom.labels import CustomLabel, TrueLabel
from openrekog.models.results import Image


@dataclass(frozen=True, slots=True)
class Looked:
    """A training picture as a learner remembers it."""

    truth: tuple[TrueLabel, ...]
    seen: bytes


class CannotLearnError(Exception):
    """The pictures do not allow it; the message tells their owner why."""


class CustomModel(Protocol):
    @property
    def labels(self) -> tuple[str, ...]: ...

    def detect(self, images: Sequence[Image]) -> list[list[CustomLabel]]:
        """Of each image every label with its confidence, or the objects that were found, most
        confident first."""


class Learner(Protocol):
    """One kind of model. Equal pictures in equal order give an equal model."""

    rounds: int
    """How often all pictures are looked at, with what was learnt before."""

    def look(self, image: Image, truth: Sequence[TrueLabel], so_far: bytes | None) -> bytes:
        """What is to be kept of a picture; `so_far` is the model of the round before."""

    def learn(self, looked: Iterable[Looked], so_far: bytes | None = None) -> bytes:
        """The model, as an ONNX file that names its kind, its labels and the features it was learnt
        on in its metadata; `so_far` is what pictures were looked at with. Raises
        CannotLearnError."""
