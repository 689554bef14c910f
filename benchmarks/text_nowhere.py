"""How many words are read where nothing is written, and whether single characters that are there
are still read."""

import random
import string
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import PIL.Image
import PIL.ImageDraw
import PIL.ImageFont
import skimage

from benchmarks.tables import percent, table
from benchmarks.text_reading import API_DEFAULT
from openrekog.models.loaded import Models
from openrekog.models.results import Image, TextWord

FOLDER = Path(skimage.__file__).parent / "data"

PORTRAITS = "faces/utkface/*.jpg"
MOST_PORTRAITS = 100

PICTURES = (
    *("brick.png", "camera.png", "cell.png", "chelsea.png", "chessboard_GRAY.png", "coffee.png"),
    *("coins.png", "color.png", "grass.png", "gravel.png", "horse.png", "hubble_deep_field.jpg"),
    *("ihc.png", "logo.png", "microaneurysms.png", "moon.png", "phantom.png", "retina.jpg"),
)
"""Those of scikit-image on which nothing is written."""

GROUNDS = ("brick.png", "grass.png", "gravel.png", "coffee.png", "chelsea.png")
DRAWN = 60
HEIGHTS = (40, 60, 90, 120, 160)
"""Pixels of a font, on pictures of 400 x 300."""


def measure_nowhere(folder: Path, models: Models) -> str:
    portraits = sorted(folder.glob(PORTRAITS))
    sets = {
        "scikit-image": [FOLDER / name for name in PICTURES],
        "UTKFace": portraits[:: max(1, len(portraits) // MOST_PORTRAITS)],
    }
    header = ("Pictures of", "looked at", "with a word", "words", "words ≥ 80")
    rows = [(name, *counts(words(models, map(opened, paths)))) for name, paths in sets.items()]
    return "\n\n".join([table(header, rows), single(models)])


def words(models: Models, images: Iterable[Image]) -> Iterator[list[TextWord]]:
    for image in images:
        (lines,) = models.text.read([image])
        yield [word for line in lines for word in line.words]


def counts(found: Iterable[Sequence[TextWord]]) -> tuple[int, int, int, int]:
    numbers = [(len(each), sum(word.confidence >= API_DEFAULT for word in each)) for each in found]
    of_any = sum(some > 0 for some, _ in numbers)
    return len(numbers), of_any, sum(some for some, _ in numbers), sum(sure for _, sure in numbers)


def single(models: Models) -> str:
    """The same characters, places and grounds each time."""
    chance = random.Random(1)
    letters = [chance.choice(string.ascii_uppercase + string.digits) for _ in range(DRAWN)]
    found = words(models, (drawn(letter, chance) for letter in letters))
    said = [{word.text for word in each} for each in found]
    right = sum(letter in each for letter, each in zip(letters, said, strict=True))
    others = sum(len(each - {letter}) for letter, each in zip(letters, said, strict=True))
    return (
        f"Of {DRAWN} single characters drawn on pictures, {HEIGHTS[0]} to {HEIGHTS[-1]} pixels "
        f"high, {percent(right / DRAWN, 0)} are read; {others} others are."
    )


def drawn(letter: str, chance: random.Random) -> Image:
    with PIL.Image.open(FOLDER / chance.choice(GROUNDS)) as ground:
        picture = ground.convert("RGB").resize((400, 300))
    font = PIL.ImageFont.load_default(chance.choice(HEIGHTS))
    place = chance.uniform(100, 300), chance.uniform(100, 200)
    bright = np.asarray(picture).mean() > 128
    PIL.ImageDraw.Draw(picture).text(place, letter, "black" if bright else "white", font, "mm")
    return np.asarray(picture)


def opened(path: Path) -> Image:
    with PIL.Image.open(path) as picture:
        return np.asarray(picture.convert("RGB"))
