"""What is made of lines once they are found: their order, the direction and how sure they are."""

from collections.abc import Sequence

import numpy as np
import pytest

from openrekog.models.reading import SPOTTED, ModelTextReader, in_reading_order
from openrekog.models.results import Character, Image, Points, Reading, TextLine
from tests.models.pages import read


def line_at(left: float, top: float, text: str, height: float = 20) -> tuple[Points, Reading]:
    right, bottom = left + 100, top + height
    corners = np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32)
    return corners, Reading((Character(text, 1.0, 0, 1),))


def test_reading_order_is_by_rows() -> None:
    unordered = [
        line_at(200, 104, "b"),
        line_at(0, 200, "d"),
        line_at(0, 100, "a"),
        line_at(400, 97, "c"),
        line_at(300, 240, "e"),
    ]
    assert "".join(reading.text for _, reading in in_reading_order(unordered)) == "abcde"


class Saying:
    """A detector of one line, and a recogniser that says the same of every line."""

    def __init__(self, text: str) -> None:
        width = 1 / len(text)
        self._reading = Reading(
            tuple(Character(c, 0.9, n * width, (n + 1) * width) for n, c in enumerate(text))
        )

    def detect(self, images: Sequence[Image]) -> list[list[Points]]:
        return [[np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32)] for _ in images]

    def recognise(self, _image: Image, lines: Sequence[Points]) -> list[Reading]:
        return [self._reading for _ in lines]


class Watching(Saying):
    """Finds these lines, and notes how many it was asked to read at most."""

    def __init__(self, text: str, lines: list[Points]) -> None:
        super().__init__(text)
        self._lines = lines
        self.most = 0

    def detect(self, images: Sequence[Image]) -> list[list[Points]]:
        return [self._lines for _ in images]

    def recognise(self, image: Image, lines: Sequence[Points]) -> list[Reading]:
        self.most = max(self.most, len(lines))
        return super().recognise(image, lines)


class Wavering(Saying):
    """Says these of its one line, one after the other."""

    def __init__(self, *readings: tuple[str, float]) -> None:
        super().__init__("x")
        self._readings = [*readings]

    def recognise(self, _image: Image, lines: Sequence[Points]) -> list[Reading]:
        said = [self._readings.pop(0) for _ in lines]
        return [
            Reading(tuple(Character(letter, chance, 0, 1) for letter in text))
            for text, chance in said
        ]


@pytest.mark.parametrize(
    ("readings", "found"),
    [
        pytest.param([("8", 0.95), ("8", 0.9), ("8", 0.85)], [("8", 85)], id="one, as the least"),
        pytest.param([("8", 0.95), ("8", 0.9), ("8", 0.75)], [], id="one, too doubtful"),
        pytest.param([("8", 0.95), ("8", 0.9), ("B", 0.95)], [], id="one, another when tight"),
        pytest.param([("8", 0.95), ("48", 0.9), ("8", 0.95)], [], id="one, more when wide"),
        pytest.param([("?", 0.99)] * 3, [], id="a mark alone"),
        pytest.param([("ab", 0.8), ("", 0), ("ab", 0.6), ("ab", 0.7)], [("ab", 60)], id="doubtful"),
        pytest.param([("ab", 0.8), ("", 0), ("ab", 0.9), ("ob", 0.9)], [], id="doubtful, another"),
        pytest.param([("ab", 0.95)], [("ab", 95)], id="two that are clear"),
        pytest.param([("abcd", 0.6), ("", 0)], [("abcd", 60)], id="long"),
    ],
)
def test_what_is_short_must_read_the_same_from_other_crops(
    readings: list[tuple[str, float]], found: list[tuple[str, float]]
) -> None:
    one = Wavering(*readings)
    lines = read(ModelTextReader(one, [one]), np.zeros((100, 400, 3), np.uint8))
    assert [(line.text, pytest.approx(line.confidence)) for line in lines] == found


def said(text: str) -> TextLine:
    one = Saying(text)
    (line,) = read(ModelTextReader(one, [one]), np.zeros((100, 400, 3), np.uint8))
    return line


def test_letters_from_the_right_are_given_in_the_order_of_reading() -> None:
    """As seen from the left: "12", then two words of Hebrew letters."""
    line = said("12 \u05d1\u05d0 \u05d3\u05d2")
    assert line.text == "\u05d2\u05d3 \u05d0\u05d1 12"
    lefts = [float(word.polygon[0, 0]) for word in line.words]
    assert lefts == sorted(lefts, reverse=True)


def test_a_word_is_as_sure_as_its_characters() -> None:
    line = said("ab cde")
    assert [word.confidence for word in line.words] == pytest.approx([90, 90])
    assert line.confidence == pytest.approx(90)
    assert line.words[1].polygon[:, 0].tolist() == pytest.approx([0.5, 1, 1, 0.5])


def test_spots_by_the_coarse_detector_and_few_lines() -> None:
    page = [np.array([[0, y], [1, y], [1, y + 0.1], [0, y + 0.1]], np.float32) for y in (0, 0.5)]
    seen = Watching("ab", page * 4)
    assert ModelTextReader(Saying("x"), [seen], coarse=seen).spot(
        [np.zeros((90, 90, 3), np.uint8)]
    ) == [pytest.approx(95)]
    assert seen.most == SPOTTED


def test_one_letter_proves_no_text() -> None:
    one, two = Saying("o !"), Saying("ok")
    images = [np.zeros((100, 400, 3), np.uint8)]
    assert ModelTextReader(one, [one]).spot(images) == [0.0]
    assert ModelTextReader(two, [two]).spot(images) == [pytest.approx(95)]
