"""Custom Labels models of objects, learnt from few boxes a label: how well objects are found,
beside the label of the nearest box that was seen, whether confidence says so, and what it costs."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain, pairwise
from pathlib import Path
from time import process_time

import numpy as np
from numpy.typing import NDArray

from benchmarks.object_sets import MOST_MARKED, Marked, emblems, face_parts, known_objects
from benchmarks.tables import percent, table
from openrekog.models.architectures.objects import ObjectCandidates
from openrekog.models.custom.boxes import all_overlaps, cut, shifted
from openrekog.models.custom.detector_learner import DetectorLearner
from openrekog.models.custom.keeping import Arrays, unpack
from openrekog.models.custom.labels import CustomLabel, TrueLabel
from openrekog.models.custom.learning import Looked
from openrekog.models.custom.linear import Linear, Scale
from openrekog.models.custom.model_file import read
from openrekog.models.custom.opening import open_custom_model
from openrekog.models.custom.sights import ASKED_BOXES, ASKED_FEATURES, RIGHT, boxes_of
from openrekog.models.loaded import Models
from openrekog.models.results import Box
from openrekog.models.runtime import Runtime

SHOTS = (10, 50)
DRAWS = 1
MOST_JUDGED = 24
BINS = (1, 10, 30, 50, 70, 90, 100.001)


@dataclass(frozen=True, slots=True)
class Finding:
    label: str
    confidence: float
    right: bool


@dataclass(slots=True)
class Outcome:
    """Of all draws: average precision by label, bytes of a picture, and seconds of processor
    time."""

    boxes: list[float] = field(default_factory=list)
    pictures: list[int] = field(default_factory=list)
    precision: list[float] = field(default_factory=list)
    nearest: list[float] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    kept: list[float] = field(default_factory=list)
    look: list[float] = field(default_factory=list)
    learn: list[float] = field(default_factory=list)
    find: list[float] = field(default_factory=list)


def measure_custom_objects(folder: Path, models: Models) -> str:
    sets: Mapping[str, Sequence[Marked]] = {
        "objects that COCO knows": list(known_objects(folder)),
        "parts of faces": list(face_parts(folder, models.faces)),
        "emblems in photographs": list(emblems(folder)),
    }
    outcomes = {
        (name, shots): measure_set(pictures, shots, models)
        for name, pictures in sets.items()
        for shots in SHOTS
        if pictures
    }
    findings = [finding for outcome in outcomes.values() for finding in outcome.findings]
    return "\n\n".join(
        [
            "Pictures are learnt from, in a drawn order, "
            "as long as a label has fewer boxes than named, half of all pictures at most; up to "
            f"{MOST_JUDGED} of the other half are judged. AP50: COCO's average precision at an "
            "overlap of half, mean over labels. `kept`: what is stored of a picture until the "
            "model is learnt, the more of both rounds. `nearest box`: each box that is proposed "
            "has the label of the box most like it (cosine) of those proposed while learning. "
            "COCO's objects flatter: the network that is looked through was trained on them, "
            "though not on these photographs, of which those with more than "
            f"{MOST_MARKED} of a kind are left out, since not all of them are marked.",
            table(HEADER, [(name, shots, *_cells(o)) for (name, shots), o in outcomes.items()]),
            "Confidence of all boxes that were found, and how many are right:",
            table(("Confidence", "boxes", "mean", "right"), list(_calibration(findings))),
        ]
    )


HEADER = (
    "Pictures",
    "boxes a label",
    "boxes a label, really",
    "pictures",
    "AP50",
    "nearest box",
    "kept, MB a picture",
    "looking, s a picture",
    "learning, s",
    "finding, s a picture",
)


def measure_set(pictures: Sequence[Marked], shots: int, models: Models) -> Outcome:
    outcome = Outcome()
    for seed in range(DRAWS):
        learnt, others = _draw(pictures, shots, seed)
        counts = Counter(label.name for picture in learnt for label in picture.truth)
        outcome.boxes.append(float(np.mean(list(counts.values()))))
        outcome.pictures.append(len(learnt))
        _add(outcome, learnt, others, models)
    return outcome


def _draw(pictures: Sequence[Marked], shots: int, seed: int) -> tuple[list[Marked], list[Marked]]:
    order = np.random.RandomState(seed).permutation(len(pictures))
    half = len(pictures) // 2
    counts: Counter[str] = Counter()
    learnt = []
    for picture in (pictures[place] for place in order[:half]):
        names = [label.name for label in picture.truth]
        if any(counts[name] < shots for name in names):
            counts.update(names)
            learnt.append(picture)
    return learnt, [pictures[place] for place in order[half:]][:MOST_JUDGED]


def _add(
    outcome: Outcome, learnt: Sequence[Marked], others: Sequence[Marked], models: Models
) -> None:
    learner, watch = DetectorLearner(models.dense), Stopwatch()
    with watch.timing("look"):
        first = [_looked(learner, picture, None) for picture in learnt]
    with watch.timing("learn"):
        proposer = learner.learn(first)
    with watch.timing("look"):
        second = [_looked(learner, picture, proposer) for picture in learnt]
    with watch.timing("learn"):
        content = learner.learn(second, proposer)
    with Runtime(["cpu"]) as runtime:
        model = open_custom_model(content, models, runtime)
        with watch.timing("find"):
            found = [model.detect([picture.image])[0] for picture in others]
    judged = [_judge(labels, picture.truth) for labels, picture in zip(found, others, strict=True)]
    outcome.findings += chain.from_iterable(judged)
    outcome.precision.append(_precision(judged, others, model.labels))
    near = Nearest(content, second)
    guessed = (near.find(_looked(learner, picture, proposer)) for picture in others)
    judged = [
        _judge(labels, picture.truth) for labels, picture in zip(guessed, others, strict=True)
    ]
    outcome.nearest.append(_precision(judged, others, model.labels))
    kept = [max(len(one.seen), len(two.seen)) for one, two in zip(first, second, strict=True)]
    outcome.kept.append(float(np.mean(kept)))
    outcome.look.append(watch.seconds["look"] / len(learnt))
    outcome.learn.append(watch.seconds["learn"])
    outcome.find.append(watch.seconds["find"] / len(others))


def _looked(learner: DetectorLearner, picture: Marked, so_far: bytes | None) -> Looked:
    return Looked(picture.truth, learner.look(picture.image, picture.truth, so_far))


class Stopwatch:
    """Processor time by what it went into."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)

    @contextmanager
    def timing(self, what: str) -> Iterator[None]:
        start = process_time()
        yield
        self.seconds[what] += process_time() - start


class Nearest:
    """Gives each proposed box, moved as the model would, to the label of the most similar box that
    was seen while learning, as far as that is nearer than any that was wrong."""

    def __init__(self, content: bytes, looked: Sequence[Looked]) -> None:
        file = read(content)
        self._labels = file.labels
        self._shifts = Linear(file.weights["shift_weights"], file.weights["shift_bias"])
        seen = [unpack(each.seen) for each in looked]
        features = np.concatenate([each["features"] for each in seen]).astype(np.float32)
        self._scale = Scale.of(features)
        self._known = self._unit(features)
        rows = [_names(each.truth, one) for each, one in zip(looked, seen, strict=True)]
        self._names = list(chain.from_iterable(rows))

    def find(self, looked: Looked) -> list[CustomLabel]:
        seen = unpack(looked.seen)
        features = seen[ASKED_FEATURES].astype(np.float32)
        boxes = cut(shifted(seen[ASKED_BOXES].astype(float), self._shifts(features)), 1, 1)
        likeness = self._unit(features) @ self._known.T
        near = {name: self._best(likeness, name) for name in (*self._labels, None)}
        scores = np.stack([near[name] - near[None] for name in self._labels], axis=1)
        places, labels = np.nonzero(scores > -1)
        likely = ObjectCandidates(boxes[places], scores[places, labels].astype(float), labels)
        best = likely.suppressed(RIGHT)
        each = zip(best.boxes, best.scores, best.classes, strict=True)
        return [CustomLabel(self._labels[label], float(s), _box(box)) for box, s, label in each]

    def _best(self, likeness: NDArray[np.float32], name: str | None) -> NDArray[np.float32]:
        which = np.array([each == name for each in self._names])
        return np.asarray(likeness[:, which].max(axis=1, initial=-1), np.float32)

    def _unit(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        rows = self._scale.apply(features)
        return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def _names(truth: Sequence[TrueLabel], seen: Arrays) -> Iterator[str | None]:
    """Of each box the label of what it overlaps most; None for wrong ones."""
    for row in seen["overlaps"].astype(float):
        best = row.max(initial=0)
        yield truth[int(row.argmax())].name if best >= RIGHT else None


def _judge(found: Sequence[CustomLabel], truth: Sequence[TrueLabel]) -> list[Finding]:
    """The most confident first, each marked object proves one finding right."""
    left, judged = list(truth), list[Finding]()
    for label in sorted(found, key=lambda label: -label.confidence):
        own = [each for each in left if each.name == label.name]
        overlaps = all_overlaps(boxes_of([TrueLabel(label.name, label.box)]), boxes_of(own))[0]
        right = overlaps.max(initial=0) >= RIGHT
        if right:
            left.remove(own[int(overlaps.argmax())])
        judged.append(Finding(label.name, label.confidence, bool(right)))
    return judged


def _precision(
    judged: Sequence[Sequence[Finding]], pictures: Sequence[Marked], labels: Sequence[str]
) -> float:
    """COCO's: of each label with objects the mean, over recalls of 0 to 100 %, of the best
    precision that is had at that recall or a higher one."""
    there = Counter(label.name for picture in pictures for label in picture.truth)
    findings = sorted(chain.from_iterable(judged), key=lambda finding: -finding.confidence)
    return float(
        np.mean(
            [
                _label_precision([f.right for f in findings if f.label == label], there[label])
                for label in labels
                if there[label]
            ]
        )
    )


def _label_precision(right: Sequence[bool], there: int) -> float:
    hits = np.cumsum(right)
    precisions = hits / np.arange(1, len(hits) + 1)
    best = np.append(np.maximum.accumulate(precisions[::-1])[::-1], 0)
    places = np.searchsorted(hits / there, np.linspace(0, 1, 101))
    return float(best[places].mean())


def _cells(outcome: Outcome) -> tuple[object, ...]:
    return (
        f"{np.mean(outcome.boxes):.0f}",
        f"{np.mean(outcome.pictures):.0f}",
        f"{np.mean(outcome.precision):.3f}",
        f"{np.mean(outcome.nearest):.3f}",
        f"{np.mean(outcome.kept) / 1e6:.2f}",
        f"{np.mean(outcome.look):.2f}",
        f"{np.mean(outcome.learn):.0f}",
        f"{np.mean(outcome.find):.2f}",
    )


def _calibration(findings: Sequence[Finding]) -> Iterator[tuple[str, int, str, str]]:
    confidences = np.array([finding.confidence for finding in findings])
    right = np.array([finding.right for finding in findings])
    for low, high in pairwise(BINS):
        which = (confidences >= low) & (confidences < high)
        if which.any():
            mean, share = confidences[which].mean(), right[which].mean()
            yield f"{low} to {high:.0f}", int(which.sum()), f"{mean:.1f} %", percent(share, 1)


def _box(corners: NDArray[np.float64]) -> Box:
    left, top, right, bottom = corners.tolist()
    return Box(left, top, right - left, bottom - top)
