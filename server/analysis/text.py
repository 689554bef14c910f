"""Text in pictures: what is read in frames, what filters leave of it, and its report."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count
from statistics import fmean
from typing import Literal

import numpy as np

from openrekog.api_spec.shapes import (
    DetectTextFilters,
    Point,
    RegionOfInterest,
    StartTextDetectionFilters,
    TextDetection,
)
from openrekog.models.capabilities import TextReader
from openrekog.models.results import Image, Points, TextLine, TextWord
from openrekog.server.analysis.areas import corners_of, shared_part

TEXT_MODEL_VERSION = "3.0"
MOST_WORDS = 100

ENOUGH_INSIDE = 0.5
"""Share of a word that a region must hold more of."""


@dataclass(frozen=True, slots=True)
class Filters:
    """What words must have to be reported. Without regions they may stand anywhere."""

    confidence: float = 0.0
    height: float = 0.0
    width: float = 0.0
    regions: tuple[Points, ...] = ()

    @classmethod
    def of(cls, asked: DetectTextFilters | StartTextDetectionFilters) -> "Filters":
        """Without a WordFilter no word is too doubtful; with one its default is 80."""
        words = asked.get("WordFilter", {})
        return cls(
            confidence=words.get("MinConfidence", 0.0),
            height=words.get("MinBoundingBoxHeight", 0.0),
            width=words.get("MinBoundingBoxWidth", 0.0),
            regions=tuple(_regions(asked.get("RegionsOfInterest", ()))),
        )

    def keep(self, word: TextWord) -> bool:
        width, height = np.ptp(word.polygon, axis=0).tolist()
        large = width >= self.width and height >= self.height
        return word.confidence >= self.confidence and large and self._hold(word.polygon)

    def _hold(self, polygon: Points) -> bool:
        return not self.regions or any(
            shared_part(polygon, region) > ENOUGH_INSIDE for region in self.regions
        )


@dataclass(frozen=True, slots=True)
class FoundText:
    """A line, or a word with the id of its line; ids are unique in a frame, from 0."""

    kind: Literal["LINE", "WORD"]
    id: int
    parent: int | None
    text: str
    confidence: float
    polygon: Points


def read_text(
    reader: TextReader, images: Sequence[Image], filters: Filters
) -> list[list[FoundText]]:
    """The lines of each image, then their words. A line is what its kept words are: without any it
    is left out, without some it is shorter."""
    return [_found(_kept(lines, filters)) for lines in reader.read(images)]


def text_detection(found: FoundText) -> TextDetection:
    """The API's form of a line or a word, what reaches beyond the image's edge cut off."""
    polygon = found.polygon.clip(0, 1)
    (left, top), (right, bottom) = polygon.min(axis=0), polygon.max(axis=0)
    detection: TextDetection = {
        "DetectedText": found.text,
        "Type": found.kind,
        "Id": found.id,
        "Confidence": found.confidence,
        "Geometry": {
            "BoundingBox": {
                "Width": float(right - left),
                "Height": float(bottom - top),
                "Left": float(left),
                "Top": float(top),
            },
            "Polygon": [_point(x, y) for x, y in polygon.tolist()],
        },
    }
    if found.parent is not None:
        detection["ParentId"] = found.parent
    return detection


def _kept(lines: Iterable[TextLine], filters: Filters) -> Iterator[TextLine]:
    left = MOST_WORDS
    for line in lines:
        words = tuple(word for word in line.words if filters.keep(word))[:left]
        left -= len(words)
        if words:
            yield line if words == line.words else _shortened(line, words)


def _shortened(line: TextLine, words: tuple[TextWord, ...]) -> TextLine:
    """The line from its first kept word to its last."""
    first, last = words[0].polygon, words[-1].polygon
    return replace(
        line,
        text=" ".join(word.text for word in words),
        confidence=fmean(word.confidence for word in words),
        polygon=np.stack([first[0], last[1], last[2], first[3]]),
        words=words,
    )


def _found(lines: Iterable[TextLine]) -> list[FoundText]:
    lines = list(lines)
    numbers = count(len(lines))
    return [
        *(
            FoundText("LINE", number, None, line.text, line.confidence, line.polygon)
            for number, line in enumerate(lines)
        ),
        *(
            FoundText("WORD", next(numbers), number, word.text, word.confidence, word.polygon)
            for number, line in enumerate(lines)
            for word in line.words
        ),
    ]


def _regions(asked: Iterable[RegionOfInterest]) -> Iterator[Points]:
    """A region with both a box and a polygon is both of them."""
    for region in asked:
        if "BoundingBox" in region:
            yield corners_of(region["BoundingBox"])
        if "Polygon" in region:
            points = [(point.get("X", 0.0), point.get("Y", 0.0)) for point in region["Polygon"]]
            yield np.array(points, np.float32)


def _point(x: float, y: float) -> Point:
    return {"X": x, "Y": y}
