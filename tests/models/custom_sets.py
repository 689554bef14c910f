"""Pictures to learn from: patches of scikit-image's textures, those of the left halves to learn
from, those of the right ones to judge."""

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np

from openrekog.models.custom.labels import TrueLabel
from openrekog.models.custom.learning import Learner, Looked
from openrekog.models.results import Image
from tests.models.pictures import photograph

TEXTURES: Mapping[str, str] = {"brick": "brick.png", "grass": "grass.png", "pebbles": "gravel.png"}
SIDE = 96

COLOURS: Mapping[str, tuple[int, int, int]] = {
    "red": (200, 30, 30),
    "green": (30, 180, 40),
    "blue": (30, 40, 200),
}


def patches(label: str, count: int, *, right: bool = False) -> list[Image]:
    image = photograph(TEXTURES[label])
    middle = image.shape[1] // 2
    lots = np.random.RandomState(seed=7)
    corners = lots.randint(0, (image.shape[0] - SIDE, middle - SIDE), (count, 2))
    left = middle if right else 0
    return [image[top : top + SIDE, left + x : left + x + SIDE] for top, x in corners.tolist()]


def coloured(label: str, count: int, *, right: bool = False) -> list[Image]:
    """Noise of a colour; other pictures with `right`."""
    lots = np.random.RandomState(seed=1 if right else 0)
    noise = lots.randint(-30, 31, (count, 40, 50, 3))
    return list(np.clip(np.array(COLOURS[label]) + noise, 0, 255).astype(np.uint8))


def looked(learner: Learner, images: Iterable[Image], *labels: str) -> list[Looked]:
    truth = tuple(map(TrueLabel, labels))
    return [Looked(truth, learner.look(image, truth, None)) for image in images]


def lessons(
    learner: Learner, make: Callable[[str, int], Sequence[Image]], labels: Iterable[str], count: int
) -> list[Looked]:
    return [each for label in labels for each in looked(learner, make(label, count), label)]
