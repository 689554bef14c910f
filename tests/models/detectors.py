"""Pictures with marked objects, and detectors that are learnt from them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from openrekog.models.capabilities import DenseExtractor
from openrekog.models.custom.boxes import all_overlaps
from openrekog.models.custom.detector import Detector, open_detector
from openrekog.models.custom.detector_learner import DetectorLearner
from openrekog.models.custom.labels import CustomLabel, TrueLabel
from openrekog.models.custom.learning import Looked
from openrekog.models.custom.model_file import read
from openrekog.models.custom.sights import boxes_of
from openrekog.models.fake import fake_models
from openrekog.models.loaded import Models
from openrekog.models.pack import packs
from openrekog.models.results import Box, Image
from openrekog.models.runtime import Runtime

COLOURS = {"red": (230, 20, 20), "blue": (20, 20, 230)}

FAKE: Models = fake_models(packs()["fake"])


@dataclass(frozen=True)
class Marked:
    image: Image
    truth: tuple[TrueLabel, ...] = ()


@dataclass
class Canvas:
    """Grey noise, on which squares are drawn."""

    width: int = 320
    height: int = 240
    seed: int = 0
    truth: list[TrueLabel] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.lots = np.random.RandomState(self.seed)
        grey = self.lots.randint(90, 160, (self.height, self.width, 1))
        self.image = np.repeat(grey, 3, axis=2).astype(np.uint8)

    def draw(self, name: str, left: int, top: int, side: int, *others: str) -> None:
        self.image[top : top + side, left : left + side] = COLOURS[name]
        box = Box(left / self.width, top / self.height, side / self.width, side / self.height)
        self.truth += [TrueLabel(each, box) for each in (name, *others)]

    def marked(self) -> Marked:
        return Marked(self.image, tuple(self.truth))


def squares(count: int, names: Sequence[str] = ("red",), first_seed: int = 0) -> list[Marked]:
    """One square a picture, anywhere, a tenth to a third as long as the picture is high."""
    pictures = []
    for seed in range(first_seed, first_seed + count):
        canvas = Canvas(seed=seed)
        side = canvas.lots.randint(24, 80)
        left, top = canvas.lots.randint(320 - side), canvas.lots.randint(240 - side)
        canvas.draw(names[seed % len(names)], left, top, side)
        pictures.append(canvas.marked())
    return pictures


def background(count: int) -> list[Marked]:
    return [Canvas(seed=1000 + seed).marked() for seed in range(count)]


def learn(pictures: Sequence[Marked], dense: DenseExtractor = FAKE.dense) -> bytes:
    """Both rounds."""
    learner = DetectorLearner(dense)
    content = None
    for _ in range(learner.rounds):
        content = learner.learn(looked(learner, pictures, content), content)
    assert content is not None
    return content


def looked(
    learner: DetectorLearner, pictures: Iterable[Marked], so_far: bytes | None
) -> list[Looked]:
    return [Looked(p.truth, learner.look(p.image, p.truth, so_far)) for p in pictures]


def opened(content: bytes, models: Models = FAKE) -> Detector:
    with Runtime(["cpu"]) as runtime:
        return open_detector(read(content), models, runtime)


def overlap(one: Box | None, other: Box | None) -> float:
    boxes = (boxes_of([TrueLabel("any", box)]) for box in (one, other))
    return float(all_overlaps(*boxes)[0, 0])


def sure(found: Iterable[CustomLabel], least: float = 50) -> list[CustomLabel]:
    return [label for label in found if label.confidence >= least]


def hits(found: Sequence[CustomLabel], truth: Sequence[TrueLabel]) -> int:
    """How many of what is there is found by the right name."""
    return sum(
        any(one.name == each.name and overlap(one.box, each.box) >= 0.5 for one in found)
        for each in truth
    )
