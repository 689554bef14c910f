"""Moderation adapters: how far pictures like those that an adapter was taught move the confidence
in a label, from what is said without it."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from openrekog.models.custom.looks import Looks
from openrekog.models.custom.model_file import ModelFile, ModelFileError, graph_bytes
from openrekog.models.loaded import Models
from openrekog.models.results import Image
from openrekog.models.runtime import Runtime
from openrekog.models.session import Session

FAINTEST, SUREST = 5.0, 99.0
"""What is never noticed can be taught, and what is sure can be unlearnt: no correction starts from
less, or from more. From 1 a few pictures hardly raise anything; `make accuracy` counts it."""


class Adapter:
    """`head` takes looks and gives what is to be added to the log odds of each label."""

    def __init__(self, labels: Sequence[str], looks: Looks, head: Session) -> None:
        self.labels = tuple(labels)
        self._looks = looks
        self._head = head

    def pulls(self, images: Sequence[Image]) -> list[Mapping[str, float]]:
        """By label; near 0 for images that are like none that was taught."""
        if not images:
            return []
        (pulls,) = self._head.run({"looks": self._looks.of(images)})
        return [dict(zip(self.labels, row, strict=True)) for row in pulls.tolist()]


def log_odds(confidences: NDArray[np.floating]) -> NDArray[np.float64]:
    """Of 0..100."""
    chances = np.clip(confidences, FAINTEST, SUREST) / 100
    return np.asarray(np.log(chances / (1 - chances)), np.float64)


def pulled(confidence: float, pull: float) -> float:
    """A confidence, 0..100, after its log odds were moved."""
    return float(100 / (1 + np.exp(-log_odds(np.array(confidence)) - pull)))


def adapter_graph(labels: int, dimension: int) -> str:
    """ONNX in its text syntax, with `examples` (dimension, taught), the looks of the
    pictures that were taught, `steepness` (1) and `weights` (taught, labels)."""
    return (
        f"adapter (float[batch, {dimension}] looks) => (float[batch, {labels}] pulls)"
        "{ likeness = MatMul(looks, examples) one = Constant<value_float = 1.0>()"
        " far = Sub(likeness, one) steep = Mul(far, steepness) near = Exp(steep)"
        " pulls = MatMul(near, weights) }"
    )


def open_adapter(file: ModelFile, models: Models, runtime: Runtime) -> Adapter:
    """Raises ModelFileError, or OtherFeaturesError."""
    if file.kind != "adapter":
        raise ModelFileError(f"not an adapter: its kind is {file.kind!r}")
    looks = Looks(models.features)
    file.check_features(looks.name)
    labels, dimension = len(file.labels), looks.dimension
    taught = len(file.weights.get("weights", ()))
    file.check_shapes(
        {"examples": (dimension, taught), "steepness": (1,), "weights": (taught, labels)}
    )
    graph = graph_bytes(adapter_graph(labels, dimension), file.weights)
    return Adapter(file.labels, looks, runtime.load_head(graph, "custom/adapter"))
