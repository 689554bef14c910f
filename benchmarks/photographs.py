"""Reads photographs with every object marked, in COCO's format, as docs/accuracy_data.md has it."""

import contextlib
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import PIL.Image
from numpy.typing import NDArray
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from openrekog.models.geometry import box_pixels, overlaps
from openrekog.models.results import DetectedObject, Image

INSTANCES = "labels/instances.json"
LEAST_OVERLAP = 0.5

Mark = Mapping[str, Any]
"""An annotation of COCO: category_id, bbox (left, top, width, height), area, iscrowd and more."""


@dataclass(frozen=True, slots=True)
class Photograph:
    number: int
    image: Image
    marked: Sequence[Mark]


@dataclass(frozen=True, slots=True)
class Verdict:
    """An object that was found: whether its box is right, or at least its class."""

    found: DetectedObject
    right: bool
    present: bool


class Photographs:
    """`truth` is COCO's own index of the marks."""

    def __init__(self, photographs: Sequence[Photograph], truth: COCO) -> None:
        self._photographs = photographs
        self._truth = truth
        self.names = {entry["id"]: entry["name"] for entry in truth.dataset["categories"]}
        self._ids = {name: number for number, name in self.names.items()}

    @classmethod
    def read(cls, folder: Path, marks: str = INSTANCES) -> "Photographs":
        """`folder` is that of all data, `marks` a file of it."""
        with contextlib.redirect_stdout(io.StringIO()):
            truth = COCO(str(folder / marks))
        return cls([_read(folder, truth, number) for number in sorted(truth.imgs)], truth)

    @classmethod
    def of(cls, photographs: Sequence[Photograph], categories: Sequence[object]) -> "Photographs":
        """Photographs that were put together, each mark with an id and an image_id of its own."""
        marks = [mark for photograph in photographs for mark in photograph.marked]
        truth = COCO()
        dataset = {
            "images": [{"id": photograph.number} for photograph in photographs],
            "annotations": marks,
            "categories": categories,
        }
        truth.dataset = cast("Any", dataset)
        with contextlib.redirect_stdout(io.StringIO()):
            truth.createIndex()
        return cls(photographs, truth)

    @property
    def truth(self) -> COCO:
        return self._truth

    @property
    def categories(self) -> Sequence[object]:
        categories: Sequence[object] = self._truth.dataset["categories"]
        return categories

    def __len__(self) -> int:
        return len(self._photographs)

    def __iter__(self) -> Iterator[Photograph]:
        return iter(self._photographs)

    def classes_of(self, photograph: Photograph) -> set[str]:
        return {self.names[mark["category_id"]] for mark in photograph.marked}

    def precision(self, found: Sequence[Sequence[DetectedObject]]) -> tuple[float, float]:
        """COCO's mean average precision, over overlaps from .5 to .95 and at .5."""
        rows = [
            {
                "image_id": photograph.number,
                "category_id": self._ids[thing.name],
                "bbox": list(box_pixels(thing.box, photograph.image)),
                "score": thing.confidence,
            }
            for photograph, things in zip(self._photographs, found, strict=True)
            for thing in things
        ]
        with contextlib.redirect_stdout(io.StringIO()):
            judge = COCOeval(self._truth, self._truth.loadRes(rows), "bbox")
            judge.evaluate()
            judge.accumulate()
            judge.summarize()
        return float(judge.stats[0]), float(judge.stats[1])

    def judge(self, photograph: Photograph, found: Sequence[DetectedObject]) -> list[Verdict]:
        """Most confident first, a mark proves one box right, at an overlap of half and more. Boxes
        in a marked crowd of their class are neither right nor wrong, and left out."""
        present, verdicts = self.classes_of(photograph), []
        left = [mark for mark in photograph.marked if not mark["iscrowd"]]
        crowds = [mark for mark in photograph.marked if mark["iscrowd"]]
        for thing in found:
            box = _corners(box_pixels(thing.box, photograph.image))
            own = [mark for mark in left if self.names[mark["category_id"]] == thing.name]
            shares = [_overlap(box, mark) for mark in own]
            right = max(shares, default=0.0) >= LEAST_OVERLAP
            if right:
                left.remove(own[int(np.argmax(shares))])
            elif any(self._stands_in(box, thing, crowd) for crowd in crowds):
                continue
            verdicts.append(Verdict(thing, right, thing.name in present))
        return verdicts

    def _stands_in(self, box: NDArray[np.float64], thing: DetectedObject, crowd: Mark) -> bool:
        other = _corners(crowd["bbox"])
        sides = np.minimum(box[2:], other[2:]) - np.maximum(box[:2], other[:2])
        inside = np.clip(sides, 0, None).prod() > (box[2:] - box[:2]).prod() / 2
        return bool(inside) and self.names[crowd["category_id"]] == thing.name


def _read(folder: Path, truth: COCO, number: int) -> Photograph:
    path = folder / "labels" / "images" / truth.imgs[number]["file_name"]
    with PIL.Image.open(path) as picture:
        return Photograph(
            number,
            np.asarray(picture.convert("RGB")),
            cast("Sequence[Mark]", truth.imgToAnns[number]),
        )


def _corners(bbox: Sequence[float]) -> NDArray[np.float64]:
    left, top, width, height = bbox
    return np.array([left, top, left + width, top + height])


def _overlap(box: NDArray[np.float64], mark: Mark) -> float:
    return float(overlaps(_corners(mark["bbox"])[None], box)[0])
