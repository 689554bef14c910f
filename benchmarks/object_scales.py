"""Compares the sizes on which YOLOX may look at a picture, on the photographs and on large ones put
together of them.

    python -m benchmarks.object_scales --data FOLDER

The labelled photographs are 640 pixels long, and nobody marks small things in large ones. So four
and nine of them side by side stand for a large photograph full of things.
"""

import argparse
from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np

from benchmarks.object_finding import find
from benchmarks.photographs import Mark, Photograph, Photographs
from benchmarks.tables import table
from openrekog.models.architectures.yolox import FINE_SIDE, SIDE, YoloX
from openrekog.models.calibration import ClassCurves
from openrekog.models.loading.opening import Opening
from openrekog.models.runtime import Runtime
from openrekog.models.store import PackStore
from openrekog.server.settings import Settings

WIDTH, HEIGHT = 640, 480
ACROSS = (1, 2, 3)

Sides = tuple[int, int | None]
SETTINGS: Mapping[str, Sides] = {
    "416": (416, None),
    "512": (512, None),
    "640": (640, None),
    "768": (768, None),
    "1280": (1280, None),
    f"**{SIDE}, and {FINE_SIDE} where it pays**": (SIDE, FINE_SIDE),
}


def main() -> None:
    parser = argparse.ArgumentParser(description="Compare the sizes on which YOLOX looks.")
    parser.add_argument("--data", type=Path, required=True, help="folder of labelled data")
    photographs = Photographs.read(parser.parse_args().data)
    sets = [photographs, *(side_by_side(photographs, across) for across in ACROSS[1:])]
    with Runtime() as runtime:
        opening = Opening.of(PackStore(Settings().models_dir), runtime)
        print(table(_header(sets), _rows(opening, sets)))


def _header(sets: Sequence[Photographs]) -> list[str]:
    names = [
        f"{len(photographs)} of {across} x {across}"
        for photographs, across in zip(sets, ACROSS, strict=True)
    ]
    return [
        "Longer side",
        *(f"{name}: {what}" for name in names for what in ("mAP, AP50", "CPU ms")),
    ]


def _rows(opening: Opening, sets: Sequence[Photographs]) -> Iterator[list[str]]:
    pack = opening.pack_for("object_detector")
    session = opening.open(pack.name, pack.files[0].name)
    for name, (side, fine_side) in SETTINGS.items():
        detector = YoloX(session, ClassCurves.through(pack.confidence), side, fine_side)
        yield [name, *(cell for photographs in sets for cell in _measure(detector, photographs))]


def _measure(detector: YoloX, photographs: Photographs) -> tuple[str, str]:
    start = process_time()
    found = find(photographs, detector)
    milliseconds = 1000 * (process_time() - start) / len(photographs)
    mean, half = photographs.precision(found)
    return f"{mean:.3f}, {half:.3f}", f"{milliseconds:.0f}"


def side_by_side(photographs: Photographs, across: int) -> Photographs:
    """Squares of as many photographs in landscape format as there are; without marked crowds, of
    which COCO keeps outlines."""
    wide = [one for one in photographs if one.image.shape[1] == WIDTH > one.image.shape[0]]
    wide = [one for one in wide if one.image.shape[0] <= HEIGHT]
    numbers, size = count(1), across * across
    squares = [
        _square(wide[start : start + size], across, start // size + 1, numbers)
        for start in range(0, len(wide) - size + 1, size)
    ]
    return Photographs.of(squares, photographs.categories)


def _square(
    parts: Sequence[Photograph], across: int, number: int, numbers: Iterator[int]
) -> Photograph:
    image = np.full((HEIGHT * across, WIDTH * across, 3), 114, np.uint8)
    marks: list[Mark] = []
    for place, part in enumerate(parts):
        top, left = HEIGHT * (place // across), WIDTH * (place % across)
        image[top : top + part.image.shape[0], left : left + WIDTH] = part.image
        marks += [
            _moved(mark, left, top) | {"id": next(numbers), "image_id": number}
            for mark in part.marked
            if not mark["iscrowd"]
        ]
    return Photograph(number, image, marks)


def _moved(mark: Mark, left: int, top: int) -> dict[str, Any]:
    x, y, width, height = mark["bbox"]
    kept = {key: mark[key] for key in ("category_id", "area", "iscrowd")}
    return {**kept, "bbox": [x + left, y + top, width, height]}


if __name__ == "__main__":
    main()
