"""Learns labels of whole pictures: a picture is remembered by how it looks to the network that is
loaded, and a linear head is drawn through that."""

from collections.abc import Iterable, Sequence

import numpy as np

from openrekog.models.capabilities import FeatureExtractor
from openrekog.models.custom.classifier import head_graph
from openrekog.models.custom.labels import TrueLabel
from openrekog.models.custom.learning import CannotLearnError, Looked
from openrekog.models.custom.looks import Looks
from openrekog.models.custom.model_file import MOST_LABELS, ModelFile, write
from openrekog.models.custom.sampling import gather
from openrekog.models.results import Image

FEWEST_LABELS = 2

KEPT = np.dtype("<f2")
"""How looks are remembered: what is lost is far below what two pictures differ by."""

MOST_PICTURES = 25_000
"""A hundred of each of 250 labels. 2,560 single-precision numbers of each take 256 MB, and the
regression as much again."""


class ClassifierLearner:
    """A `Learner`. Where every picture has one label, one excludes the others. Pictures without any
    are not learnt from."""

    rounds = 1

    def __init__(self, features: FeatureExtractor) -> None:
        self._looks = Looks(features)

    def look(self, image: Image, truth: Sequence[TrueLabel], so_far: bytes | None) -> bytes:  # noqa: ARG002
        return self._looks.of([image]).astype(KEPT).tobytes()

    def learn(self, looked: Iterable[Looked], so_far: bytes | None = None) -> bytes:  # noqa: ARG002
        rows = gather((each for each in looked if each.truth), KEPT, MOST_PICTURES)
        _check(len(rows.labels))
        # scikit-learn takes a second and some 100 MB: servers that never learn shall not pay.
        from openrekog.models.custom.regression import Exclusive, Independent, learn

        exclusive = bool((rows.truth.sum(axis=1) == 1).all())
        head = learn(rows.seen, rows.truth, Exclusive() if exclusive else Independent())
        relation = "exclusive" if exclusive else "independent"
        weights = {"weights": head.weights, "bias": head.bias}
        file = ModelFile(
            "classifier", rows.labels, self._looks.name, weights, {"relation": relation}
        )
        return write(file, head_graph(len(rows.labels), self._looks.dimension, relation))


def _check(labels: int) -> None:
    if not FEWEST_LABELS <= labels <= MOST_LABELS:
        raise CannotLearnError(
            f"The pictures have {labels} labels; a model learns {FEWEST_LABELS} to {MOST_LABELS}."
        )
