"""Reads a folder of labelled pictures, as docs/accuracy_data.md describes it."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import PIL.Image
import PIL.ImageOps
from numpy.typing import NDArray

from openrekog.models.results import Image


@dataclass(frozen=True, slots=True)
class Pair:
    file_a: str
    file_b: str
    same: bool


@dataclass(frozen=True, slots=True)
class Aged:
    file: str
    age: int
    gender: str


@dataclass(frozen=True, slots=True)
class Expression:
    file: str
    emotion: str


@dataclass(frozen=True, slots=True)
class Photo:
    """Boxes (n, 4) as left, top, right, bottom and points (n, 68, 2) of a photograph, in pixels."""

    file: str
    boxes: NDArray[np.float64]
    points: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class LabelledFaces:
    """The `faces` folder of the data; every reader gives nothing where its file is missing."""

    folder: Path

    def image(self, file: str) -> Image:
        with PIL.Image.open(self.folder / file) as picture:
            return np.asarray(PIL.ImageOps.exif_transpose(picture).convert("RGB"))

    def pairs(self) -> list[Pair]:
        return [
            Pair(row["file_a"], row["file_b"], row["same"] == "1")
            for row in self._rows("lfw_pairs.csv")
        ]

    def ages(self) -> list[Aged]:
        return [
            Aged(row["file"], int(row["age"]), row["gender"]) for row in self._rows("utkface.csv")
        ]

    def expressions(self) -> list[Expression]:
        return [Expression(row["file"], row["emotion"]) for row in self._rows("emotions.csv")]

    def photos(self) -> list[Photo]:
        return [
            photo
            for path in sorted(self.folder.glob("detection/*.xml"))
            for photo in _annotated(path)
        ]

    def without_faces(self) -> list[str]:
        """Photographs that show no human face, by their names."""
        return [f"detection/{path.name}" for path in sorted(self.folder.glob("detection/dogs*.*"))]

    def _rows(self, name: str) -> list[dict[str, str]]:
        path = self.folder / name
        if not path.is_file():
            return []
        with path.open(encoding="utf-8", newline="") as stream:
            return list(csv.DictReader(stream))


def _annotated(path: Path) -> Iterator[Photo]:
    """dlib's format: images with boxes, and in each box the 68 points as parts named 00 to 67."""
    for image in ElementTree.parse(path).getroot().iter("image"):
        boxes, points = [], []
        for box in image.iter("box"):
            left, top, width, height = (
                float(box.attrib[side]) for side in ("left", "top", "width", "height")
            )
            boxes.append((left, top, left + width, top + height))
            parts = sorted(box.iter("part"), key=lambda part: int(part.attrib["name"]))
            points.append([(float(part.attrib["x"]), float(part.attrib["y"])) for part in parts])
        yield Photo(
            f"detection/{image.attrib['file']}",
            np.array(boxes, np.float64).reshape(-1, 4),
            np.array(points, np.float64),
        )
