"""Custom Labels models of whole pictures, learnt from a few pictures a label: how often the first
label is right, beside the label of the nearest picture, and whether confidence says so."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.custom_sets import Part, Picture, digits, filed, objects, surfaces
from benchmarks.tables import percent, table
from openrekog.models.capabilities import FeatureExtractor
from openrekog.models.custom.classifier_learner import KEPT, ClassifierLearner
from openrekog.models.custom.labels import CustomLabel, TrueLabel
from openrekog.models.custom.learning import Looked
from openrekog.models.custom.opening import open_custom_model
from openrekog.models.loaded import Models
from openrekog.models.results import Image, Vectors
from openrekog.models.runtime import Runtime
from openrekog.models.windows import resized

SHOTS = (5, 10, 20, 50)
DRAWS = 5
FEWEST_JUDGED, MOST_JUDGED = 3, 50
"""Of each label; labels with fewer pictures are left out."""
BINS = (0, 30, 50, 70, 80, 90, 95, 100.001)

PAIRS_LEARNT, PAIRS_JUDGED, PAIR_SIDE = 100, 50, 128
SURE = 50.0


class Remembered:
    """A `FeatureExtractor` that looks at each picture once, however often models are asked."""

    def __init__(self, features: FeatureExtractor) -> None:
        self.feature_name, self.dimension = features.feature_name, features.dimension
        self._features = features
        self._seen: dict[bytes, NDArray[np.float32]] = {}

    def extract(self, images: Sequence[Image]) -> Vectors:
        return np.stack([self._one(image) for image in images])

    def _one(self, image: Image) -> NDArray[np.float32]:
        key = hashlib.sha256(repr(image.shape).encode() + image.tobytes()).digest()
        if key not in self._seen:
            (self._seen[key],) = self._features.extract([image])
        return self._seen[key]


@dataclass(slots=True)
class Judged:
    """`certain` are the confidence of each first label and whether it is right."""

    labels: list[int] = field(default_factory=list)
    right: list[float] = field(default_factory=list)
    nearest: list[float] = field(default_factory=list)
    certain: list[tuple[float, bool]] = field(default_factory=list)


def measure_custom_images(folder: Path, models: Models) -> str:
    models = replace(models, features=Remembered(models.features))
    rows, certain = [], []
    for name, pictures in _sets(folder).items():
        for shots in SHOTS:
            judged = judge(list(pictures), shots, models)
            if judged is not None:
                rows.append((name, shots, *_cells(judged)))
                certain += judged.certain
    header = ("Pictures", "a label", "labels", "right", "nearest picture", "confidence", "judged")
    return "\n\n".join(
        [
            f"Each row is the mean of {DRAWS} draws of pictures to learn from, and the spread over "
            "them. `right`: the share of other pictures whose first label is right; `nearest "
            "picture`: that of simply taking the label of the most similar one (cosine); "
            "`confidence`: the mean confidence of the first label, which should be like `right`.",
            table(header, rows),
            "The confidence of all first labels above:",
            table(("Confidence", "labels", "mean", "right"), list(_calibration(certain))),
            _several(models),
        ]
    )


def _sets(folder: Path) -> Mapping[str, Sequence[Picture]]:
    own = sorted(path for path in folder.glob("custom/*") if path.is_dir())
    return {
        "objects cut out of photographs": list(objects(folder)),
        "textures (scikit-image)": list(surfaces()),
        "handwritten digits (scikit-learn)": list(digits()),
        **{path.name: list(filed(path)) for path in own},
    }


def judge(pictures: Sequence[Picture], shots: int, models: Models) -> Judged | None:
    """None where fewer than two labels have so many pictures, and others to judge."""
    judged = Judged()
    for seed in range(DRAWS):
        learnt, others = _draw(pictures, shots, seed)
        labels = len({picture.label for picture in learnt})
        if labels < 2:
            return None
        judged.labels.append(labels)
        _add(judged, learnt, others, models)
    return judged


def _draw(
    pictures: Sequence[Picture], shots: int, seed: int
) -> tuple[list[Picture], list[Picture]]:
    """Pictures to learn from and pictures to judge, of sources that are not learnt from."""
    lots = np.random.RandomState(seed)
    by_label: dict[str, list[Picture]] = defaultdict(list)
    for place in lots.permutation(len(pictures)):
        by_label[pictures[place].label].append(pictures[place])
    enough = {n: own for n, own in by_label.items() if len(own) >= shots + FEWEST_JUDGED}
    chosen, sources = {}, set[str]()
    for label, own in sorted(enough.items(), key=lambda item: len(item[1])):
        chosen[label] = _for_learning(own, sources)[:shots]
        sources.update(picture.source for picture in chosen[label])
    left = {label: _for_judging(by_label[label], sources) for label in chosen}
    labels = [
        label
        for label in chosen
        if len(chosen[label]) == shots and len(left[label]) >= FEWEST_JUDGED
    ]
    return [p for label in labels for p in chosen[label]], [p for n in labels for p in left[n]]


def _for_learning(pictures: Iterable[Picture], sources: set[str]) -> list[Picture]:
    """Of sources that are learnt from already first, so that others are left for judging."""
    free = [picture for picture in pictures if picture.part != "judge"]
    return sorted(free, key=lambda picture: picture.source not in sources)


def _for_judging(pictures: Iterable[Picture], sources: set[str]) -> list[Picture]:
    free = [p for p in pictures if p.part != "learn" and p.source not in sources]
    return free[:MOST_JUDGED]


def _add(
    judged: Judged, learnt: Sequence[Picture], others: Sequence[Picture], models: Models
) -> None:
    learner = ClassifierLearner(models.features)
    looked = [_looked(learner, picture.image, [picture.label]) for picture in learnt]
    firsts = [found[0] for found in _found(learner, looked, [p.image for p in others], models)]
    hits = [first.name == p.label for first, p in zip(firsts, others, strict=True)]
    judged.certain += zip((first.confidence for first in firsts), hits, strict=True)
    judged.right.append(float(np.mean(hits)))
    known = _vectors(looked)
    asked = _vectors([_looked(learner, picture.image, []) for picture in others])
    nearest = [learnt[place].label for place in (asked @ known.T).argmax(axis=1)]
    judged.nearest.append(
        float(np.mean([n == p.label for n, p in zip(nearest, others, strict=True)]))
    )


def _found(
    learner: ClassifierLearner, looked: Iterable[Looked], images: Sequence[Image], models: Models
) -> list[list[CustomLabel]]:
    with Runtime(["cpu"]) as runtime:
        return open_custom_model(learner.learn(looked), models, runtime).detect(images)


def _looked(learner: ClassifierLearner, image: Image, labels: Iterable[str]) -> Looked:
    truth = tuple(map(TrueLabel, labels))
    return Looked(truth, learner.look(image, truth, None))


def _vectors(looked: Sequence[Looked]) -> Vectors:
    return np.stack([np.frombuffer(each.seen, KEPT).astype(np.float32) for each in looked])


def _cells(judged: Judged) -> tuple[object, ...]:
    return (
        _range(judged.labels),
        _spread(judged.right),
        _spread(judged.nearest),
        f"{np.mean([confidence for confidence, _ in judged.certain]):.1f} %",
        len(judged.certain),
    )


def _range(counts: Sequence[int]) -> str:
    low, high = min(counts), max(counts)
    return str(low) if low == high else f"{low} to {high}"


def _spread(shares: Sequence[float]) -> str:
    return f"{percent(float(np.mean(shares)), 1)} ± {100 * np.std(shares):.1f}"


def _calibration(certain: Sequence[tuple[float, bool]]) -> Iterator[tuple[str, int, str, str]]:
    confidences, right = (np.array(column) for column in zip(*certain, strict=True))
    for low, high in pairwise(BINS):
        which = (confidences >= low) & (confidences < high)
        if which.any():
            mean, share = confidences[which].mean(), right[which].mean()
            yield f"{low} to {high:.0f}", int(which.sum()), f"{mean:.1f} %", percent(share, 1)


def _several(models: Models) -> str:
    """Pairs of textures side by side, which have two labels; also pairs of one."""
    learner = ClassifierLearner(models.features)
    learnt, others = _pairs("learn", PAIRS_LEARNT), _pairs("judge", PAIRS_JUDGED)
    looked = [_looked(learner, image, labels) for image, labels in learnt]
    found = _found(learner, looked, [image for image, _ in others], models)
    certain = [
        (label.confidence, label.name in labels)
        for (_, labels), each in zip(others, found, strict=True)
        for label in each
    ]
    sure = [right for confidence, right in certain if confidence >= SURE]
    there = sum(len(labels) for _, labels in others)
    return (
        f"Several labels a picture: {PAIRS_LEARNT} pictures of two textures side by side are "
        f"learnt from and {PAIRS_JUDGED} judged. With a confidence of {SURE:.0f} and more: "
        f"precision {percent(float(np.mean(sure)), 1)}, recall {percent(sum(sure) / there, 1)}. "
        "All confidences:\n\n"
        + table(("Confidence", "labels", "mean", "right"), list(_calibration(certain)))
    )


def _pairs(part: Part, count: int) -> list[tuple[Image, set[str]]]:
    patches = [picture for picture in surfaces() if picture.part == part]
    lots = np.random.RandomState(seed=0)
    chosen = (lots.choice(len(patches), 2, replace=False) for _ in range(count))
    return [_side_by_side(patches[one], patches[other]) for one, other in chosen]


def _side_by_side(*pictures: Picture) -> tuple[Image, set[str]]:
    squares = [resized(picture.image, PAIR_SIDE, PAIR_SIDE) for picture in pictures]
    return np.concatenate(squares, axis=1), {picture.label for picture in pictures}
