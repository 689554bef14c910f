"""Labelled pictures to learn Custom Labels models from: of objects, of surfaces and of writing, and
whatever lies in folders."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
import PIL.Image
import skimage
from sklearn.datasets import load_digits

from benchmarks.photographs import Photograph, Photographs
from openrekog.models.results import Image

LEAST_SIDE = 24
MARGIN = 0.1

TEXTURES = ("brick.png", "grass.png", "gravel.png", "ihc.png", "moon.png", "page.png", "retina.jpg")
LEARNT_PATCHES, JUDGED_PATCHES = 50, 20
SMALLEST_PATCH, LARGEST_PATCH = 48, 96

DIGITS_EACH, DIGIT_SIDE = 70, 64
FILES_EACH = 150

Part = Literal["learn", "judge", "either"]


@dataclass(frozen=True, slots=True)
class Picture:
    """What is cut out of one `source` is either learnt from or judged, not both."""

    label: str
    image: Image
    source: str
    part: Part = "either"


def objects(folder: Path) -> Iterator[Picture]:
    """The marked objects of photographs, with a little around them."""
    photographs = Photographs.read(folder)
    for photograph in photographs:
        for mark in photograph.marked:
            if not mark["iscrowd"] and min(mark["bbox"][2:]) >= LEAST_SIDE:
                name = photographs.names[mark["category_id"]]
                yield Picture(name, _cut(photograph, mark["bbox"]), str(photograph.number))


def _cut(photograph: Photograph, box: Sequence[float]) -> Image:
    left, top, width, height = box
    across, down = MARGIN * width, MARGIN * height
    rows = slice(max(0, int(top - down)), int(top + height + down))
    columns = slice(max(0, int(left - across)), int(left + width + across))
    return np.ascontiguousarray(photograph.image[rows, columns])


def surfaces() -> Iterator[Picture]:
    """Patches of scikit-image's pictures of one texture each: the left halves are learnt from, the
    right ones judged."""
    lots = np.random.RandomState(seed=0)
    for name in TEXTURES:
        with PIL.Image.open(Path(skimage.__file__).parent / "data" / name) as file:
            image = np.asarray(file.convert("RGB"))
        middle = image.shape[1] // 2
        for _ in range(LEARNT_PATCHES):
            yield Picture(name, _patch(image[:, :middle], lots), f"{name} left", "learn")
        for _ in range(JUDGED_PATCHES):
            yield Picture(name, _patch(image[:, middle:], lots), f"{name} right", "judge")


def _patch(image: Image, lots: np.random.RandomState) -> Image:
    side = lots.randint(SMALLEST_PATCH, LARGEST_PATCH + 1)
    left = lots.randint(image.shape[1] - side + 1)
    top = lots.randint(image.shape[0] - side + 1)
    return np.ascontiguousarray(image[top : top + side, left : left + side])


def digits() -> Iterator[Picture]:
    """UCI's handwritten digits of 8 x 8 pixels, as scikit-learn brings them."""
    bunch = load_digits()
    left = dict.fromkeys(range(10), DIGITS_EACH)
    for number, (pixels, digit) in enumerate(zip(bunch.images, bunch.target, strict=True)):
        if left[digit] > 0:
            left[digit] -= 1
            grey = (255 - pixels * 255 / 16).astype(np.uint8)
            large = cv2.resize(grey, (DIGIT_SIDE,) * 2, interpolation=cv2.INTER_CUBIC)
            yield Picture(str(digit), np.repeat(large[:, :, None], 3, axis=2), str(number))


def filed(folder: Path) -> Iterator[Picture]:
    """A picture's label is the folder that it lies in."""
    for label in sorted(path for path in folder.iterdir() if path.is_dir()):
        for path in sorted(label.iterdir())[:FILES_EACH]:
            with PIL.Image.open(path) as file:
                image = np.asarray(file.convert("RGB"))
            yield Picture(label.name, image, str(path))
