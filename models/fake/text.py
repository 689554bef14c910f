"""A TextReader without weights, whose answers follow from an image's colours.

Rules, so that tests can foresee the answers: an image of one colour has no text. Any other has two
lines in its middle: "FAKE TEXT", and below it a number of three digits that follows from the
colours of the image, as `fake_number` gives it. All is sure to 99, but for the number, to 60.
A glance is sure to 70 that there is text.
"""

from collections.abc import Sequence

import cv2
import numpy as np

from openrekog.models.fake.thumbnails import has_one_colour
from openrekog.models.results import Image, Points, TextLine, TextWord

SURE, SPOTTED, UNSURE = 99.0, 70.0, 60.0


class FakeTextReader:
    """A TextReader; see the module for its rules."""

    def read(self, images: Sequence[Image]) -> list[list[TextLine]]:
        return [_lines(image) for image in images]

    def spot(self, images: Sequence[Image]) -> list[float]:
        return [0.0 if has_one_colour(image) else SPOTTED for image in images]


def fake_number(image: Image) -> str:
    """Three digits, from the mean of each channel."""
    return "".join(str(int(mean) % 10) for mean in cv2.mean(image)[:3])


def _lines(image: Image) -> list[TextLine]:
    if has_one_colour(image):
        return []
    words = (
        TextWord("FAKE", SURE, _rectangle(0.2, 0.3, 0.45, 0.45)),
        TextWord("TEXT", SURE, _rectangle(0.55, 0.3, 0.8, 0.45)),
    )
    number = TextWord(fake_number(image), UNSURE, _rectangle(0.2, 0.55, 0.5, 0.7))
    return [
        TextLine("FAKE TEXT", SURE, _rectangle(0.2, 0.3, 0.8, 0.45), words),
        TextLine(number.text, UNSURE, number.polygon, (number,)),
    ]


def _rectangle(left: float, top: float, right: float, bottom: float) -> Points:
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32)
