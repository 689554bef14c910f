"""Labels of whole pictures: a linear head on the features of the loaded network."""

from collections.abc import Mapping, Sequence

from openrekog.models.capabilities import FeatureExtractor
from openrekog.models.custom.labels import CustomLabel
from openrekog.models.custom.model_file import ModelFile, OtherFeaturesError, graph_bytes
from openrekog.models.loaded import Models
from openrekog.models.results import Image
from openrekog.models.runtime import Runtime
from openrekog.models.session import Session

ACTIVATIONS: Mapping[str, str] = {"exclusive": "Softmax<axis = 1>", "independent": "Sigmoid"}
"""By what the labels are to each other: of exclusive ones each picture has one."""


class Classifier:
    """A `CustomModel`; `head` takes features and gives a chance, 0 to 1, for each label."""

    def __init__(self, labels: Sequence[str], features: FeatureExtractor, head: Session) -> None:
        self.labels = tuple(labels)
        self._features = features
        self._head = head

    def detect(self, images: Sequence[Image]) -> list[list[CustomLabel]]:
        if not images:
            return []
        (chances,) = self._head.run({"features": self._features.extract(images)})
        return [self._sorted(row) for row in (100 * chances.astype(float)).tolist()]

    def _sorted(self, confidences: Sequence[float]) -> list[CustomLabel]:
        found = map(CustomLabel, self.labels, confidences)
        return sorted(found, key=lambda label: -label.confidence)


def head_graph(labels: int, dimension: int, relation: str) -> str:
    """ONNX in its text syntax, with `weights` (dimension, labels) and `bias` (labels)."""
    return (
        f"head (float[batch, {dimension}] features) => (float[batch, {labels}] chances)"
        f"{{ scores = Gemm(features, weights, bias) chances = {ACTIVATIONS[relation]}(scores) }}"
    )


def open_classifier(file: ModelFile, models: Models, runtime: Runtime) -> Classifier:
    features = models.features
    if file.features != features.feature_name:
        raise OtherFeaturesError(file.features, features.feature_name)
    labels, dimension = len(file.labels), features.dimension
    file.check_shapes({"weights": (dimension, labels), "bias": (labels,)})
    graph = head_graph(labels, dimension, file.setting("relation", tuple(ACTIVATIONS)))
    head = runtime.load_head(graph_bytes(graph, file.weights), "custom/classifier")
    return Classifier(file.labels, features, head)
