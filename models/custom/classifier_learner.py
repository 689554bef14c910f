"""Learns labels of whole pictures: a picture is remembered by its features, and a linear head is
drawn through them."""

from collections.abc import Iterable, Sequence

import numpy as np

from openrekog.models.capabilities import FeatureExtractor
from openrekog.models.custom.classifier import head_graph
from openrekog.models.custom.labels import TrueLabel
from openrekog.models.custom.learning import CannotLearnError, Looked
from openrekog.models.custom.model_file import MOST_LABELS, ModelFile, write
from openrekog.models.custom.sampling import Rows, gather
from openrekog.models.results import Image

FEWEST_LABELS = 2
KEPT = np.dtype("<f2")
"""How a feature is remembered: what is lost is far below what two pictures differ by."""


class ClassifierLearner:
    """A `Learner`. Where every picture has one label, one excludes the others."""

    rounds = 1

    def __init__(self, features: FeatureExtractor) -> None:
        self._features = features

    def look(self, image: Image, truth: Sequence[TrueLabel], so_far: bytes | None) -> bytes:  # noqa: ARG002
        mirrored = np.ascontiguousarray(image[:, ::-1])
        return self._features.extract([image, mirrored]).astype(KEPT).tobytes()

    def learn(self, looked: Iterable[Looked]) -> bytes:
        rows = gather(looked, (-1, self._features.dimension), KEPT)
        _check(rows)
        # scikit-learn takes a second and some 100 MB: servers that never learn shall not pay.
        from openrekog.models.custom.regression import fit_calibrated

        relation = "exclusive" if (rows.truth.sum(axis=1) == 1).all() else "independent"
        head = fit_calibrated(rows, exclusive=relation == "exclusive")
        graph = head_graph(len(rows.labels), self._features.dimension, relation)
        file = ModelFile(
            "classifier",
            rows.labels,
            self._features.feature_name,
            {"weights": head.weights, "bias": head.bias},
            {"relation": relation},
        )
        return write(file, graph)


def _check(rows: Rows) -> None:
    count = len(rows.labels)
    if not FEWEST_LABELS <= count <= MOST_LABELS:
        raise CannotLearnError(
            f"The pictures have {count} labels; a model learns {FEWEST_LABELS} to {MOST_LABELS}."
        )
