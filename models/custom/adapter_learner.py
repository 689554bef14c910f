"""Learns moderation adapters: for each label, where what is said without the adapter is wrong."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from openrekog.models.capabilities import FeatureExtractor
from openrekog.models.custom.adapter import adapter_graph, log_odds
from openrekog.models.custom.labels import TrueLabel
from openrekog.models.custom.learning import CannotLearnError, Looked
from openrekog.models.custom.looks import Looks
from openrekog.models.custom.model_file import ModelFile, write
from openrekog.models.custom.sampling import Rows, gather
from openrekog.models.results import Image

KEPT = np.dtype("<f2")

MOST_PICTURES = 2_000
"""All of them are in the model, and asked for each picture."""

SHOWN = 5
"""Of labels that there are not, so many are named."""

BELIEVED = 50.0
"""From this confidence on, a label that a picture does not have is a false alarm."""


@dataclass(frozen=True, slots=True)
class Base:
    """What is corrected: `labels` and those `above` each, which a picture has with it; and their
    confidences, 0..100, in a picture, those not named being 0."""

    labels: Sequence[str]
    above: Mapping[str, Collection[str]]
    confidences: Callable[[Image], Mapping[str, float]]


class AdapterLearner:
    """A `Learner`. Pictures without labels are safe, and taught as that. An adapter knows the
    labels that pictures have, and those of false alarms."""

    rounds = 1

    def __init__(self, features: FeatureExtractor, base: Base) -> None:
        self._looks = Looks(features)
        self._base = base

    def look(self, image: Image, truth: Sequence[TrueLabel], so_far: bytes | None) -> bytes:  # noqa: ARG002
        said = self._base.confidences(image)
        believed = [said.get(label, 0.0) for label in self._base.labels]
        row = np.concatenate([self._looks.of([image])[0], np.array(believed)])
        return row.astype(KEPT).tobytes()

    def learn(self, looked: Iterable[Looked], so_far: bytes | None = None) -> bytes:  # noqa: ARG002
        rows = gather(map(self._with_those_above, looked), KEPT, MOST_PICTURES)
        self._check(rows)
        looks, believed = np.split(rows.seen.astype(np.float64), [self._looks.dimension], axis=1)
        truth = np.array([rows.of_label(label) for label in self._base.labels], np.bool_).T
        known = truth.any(axis=0) | ((believed >= BELIEVED) & ~truth).any(axis=0)
        if not known.any():
            raise CannotLearnError("No picture has a label, and none gives a false alarm.")
        # SciPy takes some 50 MB: servers that never learn shall not pay.
        from openrekog.models.custom.kernel_regression import Lesson, fit

        steepness, weights = fit(Lesson(looks, log_odds(believed[:, known]), truth[:, known]))
        labels = tuple(np.array(self._base.labels)[known].tolist())
        file = ModelFile(
            "adapter",
            labels,
            self._looks.name,
            {"examples": looks.T, "steepness": np.array([steepness]), "weights": weights},
        )
        return write(file, adapter_graph(len(labels), self._looks.dimension))

    def _with_those_above(self, looked: Looked) -> Looked:
        names = {label.name for label in looked.truth}
        above = {name for each in names for name in self._base.above.get(each, ())}
        return Looked(tuple(TrueLabel(name) for name in sorted(names | above)), looked.seen)

    def _check(self, rows: Rows) -> None:
        unknown = sorted(set(rows.labels) - set(self._base.labels))
        if unknown:
            named = ", ".join(unknown[:SHOWN]) + (", ..." if len(unknown) > SHOWN else "")
            raise CannotLearnError(f"There is no moderation label {named}.")
