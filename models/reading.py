"""The TextReader: lines found, read the way they face, in the order in which one reads."""

from collections.abc import Sequence

from openrekog.models.calibration import TEXT
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
    text = " ".join(word.text for word in words)
    return TextLine(text, TEXT.scale(reading.score), corners, words)


def _word(corners: Points, word: Reading) -> TextWord:
    first, last = word.characters[0], word.characters[-1]
    polygon = part(corners, first.start, last.end)
    return TextWord(word.text, TEXT.scale(word.score), polygon)


def in_reading_order(lines: Sequence[Line]) -> list[Line]:
    """Rows from the top, in each from the left; a line belongs to the row whose first line's
    height its middle falls into."""
    rows: list[list[Line]] = []
    for line in sorted(lines, key=lambda line: _middle(line)[1]):
        top, bottom = _heights(rows[-1][0]) if rows else (0.0, 0.0)
        if rows and top <= _middle(line)[1] <= bottom:
            rows[-1].append(line)
        else:
            rows.append([line])
    return [line for row in rows for line in sorted(row, key=lambda line: _middle(line)[0])]


def _middle(line: Line) -> tuple[float, float]:
    x, y = line[0].mean(axis=0).tolist()
    return x, y


def _heights(line: Line) -> tuple[float, float]:
    """The middle half of a line, from where to where it reaches down the image."""
    top, bottom = float(line[0][:, 1].min()), float(line[0][:, 1].max())
    quarter = (bottom - top) / 4
    return top + quarter, bottom - quarter
