"""Labels of whole pictures: a linear head on how they look to the loaded network."""

from collections.abc import Mapping, Sequence

from openrekog.models.custom.labels import CustomLabel
from openrekog.models.custom.looks import Looks
from openrekog.models.custom.model_file import ModelFile, graph_bytes
from openrekog.models.loaded import Models
from openrekog.models.results import Image
from openrekog.models.runtime import Runtime
from openrekog.models.session import Session

ACTIVATIONS: Mapping[str, str] = {"exclusive": "Softmax<axis = 1>", "independent": "Sigmoid"}
"""By what the labels are to each other: of exclusive ones each picture has one."""


class Classifier:
    """A `CustomModel`; `head` takes looks and gives a chance, 0 to 1, for each label."""

    def __init__(self, labels: Sequence[str], looks: Looks, head: Session) -> None:
        self.labels = tuple(labels)
        self._looks = looks
        self._head = head

    def detect(self, images: Sequence[Image]) -> list[list[CustomLabel]]:
        if not images:
            return []
        (chances,) = self._head.run({"looks": self._looks.of(images)})
        return [self._sorted(row) for row in (100 * chances.astype(float)).tolist()]

    def _sorted(self, confidences: Sequence[float]) -> list[CustomLabel]:
        found = map(CustomLabel, self.labels, confidences)
        return sorted(found, key=lambda label: -label.confidence)


def head_graph(labels: int, dimension: int, relation: str) -> str:
    """ONNX in its text syntax, with `weights` (dimension, labels) and `bias` (labels)."""
    return (
        f"head (float[batch, {dimension}] looks) => (float[batch, {labels}] chances)"
        f"{{ scores = Gemm(looks, weights, bias) chances = {ACTIVATIONS[relation]}(scores) }}"
    )


def open_classifier(file: ModelFile, models: Models, runtime: Runtime) -> Classifier:
    looks = Looks(models.features)
    file.check_features(looks.name)
    labels, dimension = len(file.labels), looks.dimension
    file.check_shapes({"weights": (dimension, labels), "bias": (labels,)})
    graph = head_graph(labels, dimension, file.setting("relation", tuple(ACTIVATIONS)))
    head = runtime.load_head(graph_bytes(graph, file.weights), "custom/classifier")
    return Classifier(file.labels, looks, head)
