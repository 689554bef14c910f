"""What a moderation adapter does to pictures like those that it was taught, and to all others. No
labelled pictures for moderation are at hand: a class of things stands for what is missed, or for
what gives false alarms."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.custom_images import Remembered
from benchmarks.custom_sets import Picture, objects
from benchmarks.tables import percent, table
from openrekog.models.custom.adapter import open_adapter, pulled
from openrekog.models.custom.adapter_learner import AdapterLearner, Base
from openrekog.models.custom.labels import TrueLabel
from openrekog.models.custom.learning import Looked
from openrekog.models.custom.model_file import read
from openrekog.models.loaded import Models
from openrekog.models.runtime import Runtime

CLASSES = ("person", "car", "broccoli", "potted plant", "boat", "chair")
TAUGHT, OTHERS = 10, 20
DRAWS = 5
LABEL = "the label"
ALARM, SURE = 85.0, 50.0


@dataclass(frozen=True, slots=True)
class Taught:
    """`said` is what an alarm says without the adapter; 0 for a label that is missed."""

    said: float
    truth: tuple[TrueLabel, ...]


KINDS: Mapping[str, Taught] = {
    "the label was missed": Taught(0.0, (TrueLabel(LABEL),)),
    "it was a false alarm": Taught(ALARM, ()),
}


@dataclass(frozen=True, slots=True)
class Pulls:
    """What is added to the log odds of other pictures: of the class, and of all others."""

    own: NDArray[np.float64]
    others: NDArray[np.float64]


def measure_adapters(folder: Path, models: Models) -> str:
    models = replace(models, features=Remembered(models.features))
    pictures = list(objects(folder))
    rows = []
    for name, taught in KINDS.items():
        draws = [
            _draw(pictures, kind, taught, seed, models) for kind in CLASSES for seed in range(DRAWS)
        ]
        own = np.concatenate([pulls.own for pulls in draws if pulls is not None])
        others = np.concatenate([pulls.others for pulls in draws if pulls is not None])
        rows.append((name, *(percent(share, 1) for share in _shares(taught, own, others))))
    header = ("Taught", "turned, of the class", "raised, of others", "lowered, of others")
    return "\n\n".join(
        [
            f"Each of {', '.join(CLASSES)} is taught in turn by up to {TAUGHT} cut out pictures of "
            f"one half of the photographs, with {OTHERS} others about which all was right; {DRAWS} "
            "draws. Judged are those of the other half. `turned, of the class`: the share of its "
            f"pictures that a missed label passes {SURE:.0f} in, or that a false alarm of "
            f"{ALARM:.0f} falls below it in. `raised, of others`: the share of all other pictures "
            f"that get a label of {SURE:.0f} without having had any. `lowered, of others`: that of "
            f"those which would lose a label of {ALARM:.0f} if they had it.",
            table(header, rows),
        ]
    )


def _draw(
    pictures: Sequence[Picture], kind: str, taught: Taught, seed: int, models: Models
) -> Pulls | None:
    """None where all pictures of the class are in the other half."""
    lots = np.random.RandomState(seed)
    sources = sorted({picture.source for picture in pictures})
    learnt = set(lots.permutation(sources)[: len(sources) // 2].tolist())
    near = [picture for picture in pictures if picture.source in learnt]
    own = [picture for picture in near if picture.label == kind][:TAUGHT]
    if not own:
        return None
    others = [picture for picture in near if picture.label != kind]
    chosen = [others[place] for place in lots.permutation(len(others))[:OTHERS]]
    lesson = [*_looked(own, taught, models), *_looked(chosen, Taught(0.0, ()), models)]
    return _judged([p for p in pictures if p.source not in learnt], kind, lesson, models)


def _looked(pictures: Sequence[Picture], taught: Taught, models: Models) -> list[Looked]:
    learner = AdapterLearner(models.features, _base(taught.said))
    return [
        Looked(taught.truth, learner.look(picture.image, taught.truth, None))
        for picture in pictures
    ]


def _base(said: float) -> Base:
    return Base((LABEL,), {}, lambda _image: {LABEL: said})


def _judged(
    pictures: Sequence[Picture], kind: str, lesson: Sequence[Looked], models: Models
) -> Pulls:
    content = AdapterLearner(models.features, _base(0.0)).learn(lesson)
    with Runtime(["cpu"]) as runtime:
        adapter = open_adapter(read(content), models, runtime)
        pulls = np.array([each[LABEL] for each in adapter.pulls([p.image for p in pictures])])
    own = np.array([picture.label == kind for picture in pictures])
    return Pulls(pulls[own], pulls[~own])


def _shares(
    taught: Taught, own: NDArray[np.float64], others: NDArray[np.float64]
) -> tuple[float, float, float]:
    turned = _sure(taught.said, own) != _sure(taught.said, np.zeros_like(own))
    return (
        float(turned.mean()),
        float(_sure(0.0, others).mean()),
        float((~_sure(ALARM, others)).mean()),
    )


def _sure(said: float, pulls: NDArray[np.float64]) -> NDArray[np.bool_]:
    return np.array([pulled(said, pull) >= SURE for pull in pulls])
