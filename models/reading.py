"""The TextReader: lines found, read the way they face, in the order in which one reads."""

import unicodedata
from collections.abc import Sequence
from statistics import fmean

from openrekog.models.capabilities import TextDetector, TextRecogniser
from openrekog.models.geometry import to_pixels
from openrekog.models.quadrilaterals import part, sides, turned
from openrekog.models.results import Image, Points, Reading, TextLine, TextWord

LEAST_SCORE = 0.5
"""Of a line, as PaddleOCR has it: below that stands what only resembles text."""

DOUBTFUL = 0.9
"""Lines that score less are tried the other way round as well."""

CLEARLY = 0.1
"""How much better the other way must score: some words make sense both ways, such as 06."""

TALL = 1.5
"""A line that is this many times as high as wide is taken for one on its side."""

ASIDE, UPSIDE_DOWN = (3, 1), (0, 2)
"""Quarters of a circle, clockwise, by which text may be turned: tried first, tried if doubtful."""


Line = tuple[Points, Reading]


class ModelTextReader:
    """With several recognisers, one a script, each reads every line, and the surest wins."""

    def __init__(self, detector: TextDetector, recognisers: Sequence[TextRecogniser]) -> None:
        self._detector = detector
        self._recognisers = recognisers

    def read(self, images: Sequence[Image]) -> list[list[TextLine]]:
        found = self._detector.detect(images)
        return [self._read(image, lines) for image, lines in zip(images, found, strict=True)]

    def _read(self, image: Image, found: Sequence[Points]) -> list[TextLine]:
        lines = in_reading_order(self._recognise(image, found))
        return [_line(line) for line in lines if line[1].score >= LEAST_SCORE]

    def _recognise(self, image: Image, found: Sequence[Points]) -> list[Line]:
        """Each line read the way round that makes most sense, those without text left out."""
        ways = [_ways(corners, image) for corners in found]
        lines = self._surest(image, _turn(found, [first for first, _ in ways]))
        doubtful = [index for index, line in enumerate(lines) if _score(line) < DOUBTFUL]
        again = _turn([found[i] for i in doubtful], [ways[i][1] for i in doubtful])
        for index, other in zip(doubtful, self._surest(image, again), strict=True):
            if _score(other) > _score(lines[index]) + CLEARLY:
                lines[index] = other
        return [line for line in lines if line[1].text.strip()]

    def _surest(self, image: Image, found: Sequence[Points]) -> list[Line]:
        readings = [recogniser.recognise(image, found) for recogniser in self._recognisers]
        return [
            (corners, max(each, key=lambda reading: reading.score))
            for corners, *each in zip(found, *readings, strict=True)
        ]


def _ways(corners: Points, image: Image) -> tuple[int, int]:
    width, height = sides(to_pixels(corners, image))
    return ASIDE if height >= TALL * width else UPSIDE_DOWN


def _turn(lines: Sequence[Points], quarters: Sequence[int]) -> list[Points]:
    return [turned(corners, by) for corners, by in zip(lines, quarters, strict=True)]


def _score(line: Line) -> float:
    return line[1].score


def _line(line: Line) -> TextLine:
    corners, reading = line
    words = tuple(_word(corners, word) for word in reading.words())
    if _from_the_right(reading.text):
        words = words[::-1]
    text = " ".join(word.text for word in words)
    return TextLine(text, fmean(word.confidence for word in words), corners, words)


def _word(corners: Points, word: Reading) -> TextWord:
    first, last = word.characters[0], word.characters[-1]
    # Recognisers say what they see from the left; Unicode has such letters in the order of reading.
    text = word.text[::-1] if _from_the_right(word.text) else word.text
    return TextWord(text, 100 * word.score, part(corners, first.start, last.end))


def _from_the_right(text: str) -> bool:
    """Whether the letters are mostly Arabic, Hebrew or of a like script."""
    kinds = [unicodedata.bidirectional(letter) for letter in text]
    return kinds.count("R") + kinds.count("AL") > kinds.count("L")


def in_reading_order(lines: Sequence[Line]) -> list[Line]:
    """Rows from the top, in each from the left; a line belongs to a row when its middle is at the
    height of the row's first line."""
    rows: list[list[Line]] = []
    for line in sorted(lines, key=_down):
        if rows and rows[-1][0][0][:, 1].min() <= _down(line) <= rows[-1][0][0][:, 1].max():
            rows[-1].append(line)
        else:
            rows.append([line])
    return [line for row in rows for line in sorted(row, key=_across)]


def _across(line: Line) -> float:
    return float(line[0][:, 0].mean())


def _down(line: Line) -> float:
    return float(line[0][:, 1].mean())
