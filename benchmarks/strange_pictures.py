"""Labels of pictures that are no photographs of things: how many get one, and whether what is known
of such pictures would tell them from photographs without costing these theirs."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np

from benchmarks.image_labels import LEAST, labels_of
from benchmarks.photographs import Photographs
from benchmarks.tables import table
from benchmarks.text_nowhere import FOLDER, opened
from openrekog.models.loaded import Models
from openrekog.models.results import Image
from openrekog.models.vocabulary.schemes import labelled_classes
from openrekog.server.analysis.clues import read_classes
from openrekog.server.analysis.sightings import Chances, Sighting

STRANGE = (
    *("cell.png", "chessboard_GRAY.png", "color.png", "hubble_deep_field.jpg", "ihc.png"),
    *("logo.png", "microaneurysms.png", "moon.png", "phantom.png", "retina.jpg"),
)
CLOSE = ("coffee.png", "chelsea.png", "motorcycle_left.png", "rocket.jpg")
"""Photographs of one thing."""

SIDE = 512

Look = Callable[[Image], Sequence[Image]]
Gather = Callable[[Sequence[float]], float]

RULES: Mapping[str, tuple[Look, Gather]] = {
    "one look, as it is": (lambda image: [image], np.mean),
    "mean of it and its mirror image": (lambda image: [image, _mirrored(image)], np.mean),
    "mean of it and its middle": (lambda image: [image, _middle(image)], np.mean),
    "least of it and its mirror image": (lambda image: [image, _mirrored(image)], np.min),
    "least of it and its middle": (lambda image: [image, _middle(image)], np.min),
}


def measure_strange(folder: Path, models: Models) -> str:
    photographs = Photographs.read(folder)
    strange = [*of_scikit_image(STRANGE), *drawn()]
    truth = [labels_of(photographs.classes_of(photograph)) for photograph in photographs]
    images = [photograph.image for photograph in photographs]
    known = {label.name for each in labelled_classes("coco").values() for label in each.labels}
    rows = []
    for rule, how in RULES.items():
        said = [labels(models, image, *how) & known for image in images]
        right = sum(len(names & true) for names, true in zip(said, truth, strict=True))
        wrong = sum(bool(labels(models, image, *how)) for image in strange)
        rows.append((rule, wrong, right, sum(map(len, said))))
    header = ("Rule", f"strange pictures with a label, of {len(strange)}", "right", "of")
    sets = {"strange": strange, "close": [*of_scikit_image(CLOSE)], "COCO": images}
    spread = [(name, *np.round(breadth(models, each), 1)) for name, each in sets.items()]
    return "\n\n".join(
        [table(header, rows), table(("Pictures", "least", "middle", "most"), spread)]
    )


def labels(models: Models, image: Image, look: Look, gather: Gather) -> set[str]:
    """Those that the default classifier's classes lead to, with AWS's default and more."""
    classifier = models.classifiers[0]
    looks = classifier.classify(look(image))
    chances = {name: float(gather([each[name] for each in looks])) for name in looks[0]}
    seen = Sighting("coco", [], [Chances(classifier.scheme, chances)], [])
    return {clue.name for clue in read_classes(seen) if clue.confidence >= LEAST}


def breadth(models: Models, images: Sequence[Image]) -> tuple[float, float, float]:
    """By how many of the network's features a picture is carried: their sum by their length."""
    sums = [float(models.features.extract([image])[0].sum()) for image in images]
    return min(sums), float(np.median(sums)), max(sums)


def of_scikit_image(names: Sequence[str]) -> Iterator[Image]:
    return (opened(FOLDER / name) for name in names)


def drawn() -> Iterator[Image]:
    """One colour, gradients, noise, rings, stripes, lines, a chart."""
    chance = np.random.default_rng(1)
    rows, columns = np.mgrid[:SIDE, :SIDE] - SIDE / 2
    away = np.hypot(rows, columns)
    for grey in (0, 120, 255):
        yield np.full((SIDE, SIDE, 3), grey, np.uint8)
    yield _grey((columns + SIDE / 2) / 2)
    yield _grey(255 - np.clip(away, 0, 255))
    yield chance.integers(0, 256, (SIDE, SIDE, 3), np.uint8)
    yield _grey(255 * np.abs(np.sin(away / 9)))
    yield _grey(255 * (columns // 32 % 2))
    yield _grey(255 * (columns % 32 < 2))
    chart = np.full((SIDE, SIDE, 3), 255, np.uint8)
    for bar, height in enumerate((120, 300, 200, 380)):
        cv2.rectangle(
            chart, (60 + 110 * bar, 460), (140 + 110 * bar, 460 - height), (40, 90, 200), -1
        )
    yield chart


def _grey(values: np.ndarray[tuple[int, int], np.dtype[np.float64]]) -> Image:
    return np.repeat(values.astype(np.uint8)[..., None], 3, axis=2)


def _mirrored(image: Image) -> Image:
    return np.ascontiguousarray(image[:, ::-1])


def _middle(image: Image) -> Image:
    """Without 15 % on every side."""
    height, width = (round(0.15 * side) for side in image.shape[:2])
    return np.ascontiguousarray(image[height:-height, width:-width])
