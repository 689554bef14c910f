"""The TextReader: lines found, read the way they face, in the order in which one reads."""

import math
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import replace
from statistics import fmean

import numpy as np

from openrekog.models.calibration import SHOWN_TEXT
from openrekog.models.capabilities import TextDetector, TextRecogniser
from openrekog.models.geometry import to_pixels, to_ratios
from openrekog.models.quadrilaterals import grown, part, sides, turned
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

SHORT = 3
"""Characters up to which a doubtful line has to be read alike from other crops, and one character
in any case: where nothing is written, what a recogniser takes for a few characters changes with the
crop, and long nonsense is doubtful by itself."""

OTHER_CROPS = (0.2, -0.05)
"""By how much they reach beyond the line on every side, in shares of its shorter one."""

ALONE = 0.8
"""Least score of a single character, by its least sure reading; docs/models.md tells the price."""

SPOTTED = 3
"""Lines, the largest, that must do to tell whether a picture shows text."""

LEAST_LETTERS = 2
"""Of a word that proves text: a single one is often only a round or straight thing."""

Line = tuple[Points, Reading]


class ModelTextReader:
    """With several recognisers, one a script, each reads every line, and the surest wins. `coarse`
    finds lines large enough to be noticed; without one the detector does that, too."""

    def __init__(
        self,
        detector: TextDetector,
        recognisers: Sequence[TextRecogniser],
        coarse: TextDetector | None = None,
    ) -> None:
        self._detector = detector
        self._recognisers = recognisers
        self._coarse = coarse or detector

    def read(self, images: Sequence[Image]) -> list[list[TextLine]]:
        found = self._detector.detect(images)
        return [self._read(image, lines) for image, lines in zip(images, found, strict=True)]

    def spot(self, images: Sequence[Image]) -> list[float]:
        """A detector alone takes a moon or a retina for text; what can be read is text."""
        found = self._coarse.detect(images)
        return [
            SHOWN_TEXT.scale(_surest_word(self._read(image, _largest(lines, image))))
            for image, lines in zip(images, found, strict=True)
        ]

    def _read(self, image: Image, found: Sequence[Points]) -> list[TextLine]:
        lines = self._proven(image, self._recognise(image, found))
        return [_line(line) for line in in_reading_order(lines) if _is_text(line[1])]

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

    def _proven(self, image: Image, lines: Sequence[Line]) -> list[Line]:
        """Short lines as sure as the least sure of their readings; without text where these do not
        agree."""
        proven = list(lines)
        short = [index for index, (_, reading) in enumerate(lines) if _needs_proof(reading)]
        for share in OTHER_CROPS:
            crops = [_cropped(lines[index][0], share, image) for index in short]
            for index, (_, other) in zip(short, self._surest(image, crops), strict=True):
                corners, reading = proven[index]
                proven[index] = corners, _agreed(reading, other)
        return proven

    def _surest(self, image: Image, found: Sequence[Points]) -> list[Line]:
        readings = [recogniser.recognise(image, found) for recogniser in self._recognisers]
        return [
            (corners, max(each, key=lambda reading: reading.score))
            for corners, *each in zip(found, *readings, strict=True)
        ]


def _largest(lines: Sequence[Points], image: Image) -> list[Points]:
    areas = [-math.prod(sides(to_pixels(corners, image))) for corners in lines]
    return [lines[index] for index in np.argsort(areas, kind="stable")[:SPOTTED]]


def _surest_word(lines: Iterable[TextLine]) -> float:
    """The confidence of the surest word of some letters or digits."""
    words = (word for line in lines for word in line.words)
    return max((word.confidence for word in words if _letters(word) >= LEAST_LETTERS), default=0.0)


def _letters(word: TextWord) -> int:
    return sum(character.isalnum() for character in word.text)


def _ways(corners: Points, image: Image) -> tuple[int, int]:
    width, height = sides(to_pixels(corners, image))
    return ASIDE if height >= TALL * width else UPSIDE_DOWN


def _turn(lines: Sequence[Points], quarters: Sequence[int]) -> list[Points]:
    return [turned(corners, by) for corners, by in zip(lines, quarters, strict=True)]


def _needs_proof(reading: Reading) -> bool:
    number = len(reading.characters)
    return number == 1 or (number <= SHORT and reading.score < DOUBTFUL)


def _cropped(corners: Points, share: float, image: Image) -> Points:
    line = to_pixels(corners, image).astype(np.float32)
    return to_ratios(grown(line, share * min(sides(line))), image)


def _agreed(one: Reading, other: Reading) -> Reading:
    if one.text != other.text:
        return Reading()
    pairs = zip(one.characters, other.characters, strict=True)
    return Reading(tuple(replace(each, chance=min(each.chance, too.chance)) for each, too in pairs))


def _is_text(reading: Reading) -> bool:
    """Marks alone say nothing: a round or a straight thing is often taken for one."""
    least = ALONE if len(reading.characters) == 1 else LEAST_SCORE
    return reading.score >= least and any(map(str.isalnum, reading.text))


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
