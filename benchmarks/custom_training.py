"""How long Custom Labels models of whole pictures take to learn, a thousand pictures and more."""

import time
from collections.abc import Iterator, Sequence
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from benchmarks.custom_sets import surfaces
from benchmarks.report import Report, table
from openrekog.models.custom.classifier_learner import KEPT, ClassifierLearner
from openrekog.models.custom.labels import TrueLabel
from openrekog.models.custom.learning import Looked
from openrekog.models.loading import load_models
from openrekog.models.loading.opening import Opening
from openrekog.models.runtime import Runtime
from openrekog.models.store import PackStore
from openrekog.server.settings import Settings

LOOKED_AT = 60
SIZES = ((1_000, 10), (10_000, 100), (25_000, 250))
"""Pictures and labels."""
NOISE = 0.02
"""Of each number of a look, of which 2,560 make a unit vector."""


def measure_training(result: Report) -> None:
    with Runtime(["cpu"]) as runtime:
        models = load_models(Opening.of(PackStore(Settings().models_dir), runtime))
        learner = ClassifierLearner(models.features)
        images = [picture.image for picture in islice(surfaces(), LOOKED_AT)]
        start = time.perf_counter()
        seen = [learner.look(image, (), None) for image in images]
        look = (time.perf_counter() - start) / LOOKED_AT
    rows = [
        (f"{pictures:,}", labels, look * pictures, _learn(learner, seen, pictures, labels))
        for pictures, labels in SIZES
    ]
    result.add(
        "Training Custom Labels on whole pictures",
        f"On one core: looking at {LOOKED_AT} pictures was measured and is told for as many as "
        "there are; learning is measured whole, on what was seen of those and noise.",
        table(("pictures", "labels", "looking, s", "learning, s"), rows),
    )


def _learn(learner: ClassifierLearner, seen: Sequence[bytes], pictures: int, labels: int) -> float:
    looked = list(_looked(seen, pictures, labels))
    start = time.perf_counter()
    learner.learn(looked)
    return time.perf_counter() - start


def _looked(seen: Sequence[bytes], pictures: int, labels: int) -> Iterator[Looked]:
    """A label is a direction in which what was seen of some picture is changed a little."""
    lots = np.random.RandomState(seed=0)
    looks = [np.frombuffer(each, KEPT).astype(np.float32) for each in seen]
    centres = [looks[n % len(looks)] + _noise(lots, looks[0]) for n in range(labels)]
    for number in range(pictures):
        look = centres[number % labels] + _noise(lots, looks[0])
        unit = (look / np.linalg.norm(look)).astype(KEPT)
        yield Looked((TrueLabel(f"label {number % labels}"),), unit.tobytes())


def _noise(lots: np.random.RandomState, look: NDArray[np.float32]) -> NDArray[np.float32]:
    return (NOISE * lots.standard_normal(look.shape)).astype(np.float32)
