"""Text detection by differentiable binarisation (DB, Liao et al. 2020), as PaddleOCR trains it: a
map of how likely each pixel belongs to the shrunken core of a line of text."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import cv2
import numpy as np
from numpy.typing import NDArray

from openrekog.models.geometry import to_ratios
from openrekog.models.quadrilaterals import Quadrilateral, around, grown, sides
from openrekog.models.results import Image, Points
from openrekog.models.session import Session

# A core is what exceeds CORE; it counts when its mean reaches LEAST_SCORE (both PaddleOCR's).
CORE = 0.3
LEAST_SCORE = 0.5
LEAST_SIDE = 3.0
MOST_LINES = 1000

GROWTH = 1.2
"""The line reaches beyond its core by area * GROWTH / circumference.

PaddleOCR has 1.6; tighter crops are read better: 52 % of ICDAR's words instead of 38 %.
"""

PIXELS = (250_000, 1_000_000, 2_000_000)
"""Sizes of canvas, in pixels. Time and memory go with them, whatever the picture's form."""

LARGE = 1_500_000
"""Pixels of a picture from which on the largest canvas is worth its time. Smaller pictures would
only be enlarged onto it, and were not read better for that (docs/models.md)."""

COARSE_BELOW = 500_000
"""Between the two smaller sizes, which stride and form change a little."""

FORMS = (1.0, 4 / 3, 16 / 9, 2.6, 4.0)
"""Widths in heights of the canvases, and the same for upright ones."""

MOST_ENLARGED = 2.0
STRIDE = 32


@dataclass(frozen=True, slots=True)
class Canvas:
    """An input size of the network, in pixels."""

    width: int
    height: int

    @property
    def pixels(self) -> int:
        return self.width * self.height

    def scale(self, image: Image) -> float:
        """What brings a picture onto the canvas."""
        height, width = image.shape[:2]
        return float(min(self.width / width, self.height / height, MOST_ENLARGED))


def _canvas(pixels: int, form: float) -> Canvas:
    height = np.sqrt(pixels / form)
    return Canvas(*(STRIDE * round(side / STRIDE) for side in (height * form, height)))


CANVASES = [
    _canvas(pixels, form)
    for pixels, form in product(PIXELS, sorted({*FORMS, *(1 / form for form in FORMS)}))
]

COARSE = [canvas for canvas in CANVASES if canvas.pixels < COARSE_BELOW]
"""The smallest of each form: enough for text that one notices."""


class DbNet:
    """Reads BGR from -1 to 1; the graph gives a chance for each pixel."""

    def __init__(self, session: Session, canvases: Sequence[Canvas] = CANVASES) -> None:
        self._session = session
        self._canvases = canvases
        (self._input,) = session.inputs

    def detect(self, images: Sequence[Image]) -> list[list[Points]]:
        return [self._detect(image) for image in images]

    def _detect(self, image: Image) -> list[Points]:
        canvas = choose(image, self._canvases)
        scale = canvas.scale(image)
        (chances,) = self._session.run({self._input: _pixels(image, canvas, scale)})
        height, width = (round(side * scale) for side in image.shape[:2])
        found = lines(chances[0, 0, :height, :width])
        return [to_ratios(corners / scale, image) for corners in found]


def choose(image: Image, canvases: Sequence[Canvas]) -> Canvas:
    """Where the picture is largest, of those that are for its size; of equals the smallest."""
    large = image.shape[0] * image.shape[1] >= LARGE
    fit = [canvas for canvas in canvases if large or canvas.pixels < LARGE]
    return min(fit, key=lambda canvas: (-canvas.scale(image), canvas.pixels))


def _pixels(image: Image, canvas: Canvas, scale: float) -> NDArray[np.float32]:
    height, width = (max(1, round(side * scale)) for side in image.shape[:2])
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    scaled = cv2.resize(image, (width, height), interpolation=how)
    pixels = np.zeros((1, 3, canvas.height, canvas.width), np.float32)
    for channel, plane in enumerate(cv2.split(scaled)[::-1]):
        np.multiply(plane, np.float32(1 / 127.5), out=pixels[0, channel, :height, :width])
    pixels[:, :, :height, :width] -= 1
    return pixels


def lines(chances: NDArray[np.float32]) -> list[Quadrilateral]:
    """Rectangles around the cores of a map of chances, grown to the whole lines."""
    core = cv2.dilate((chances > CORE).astype(np.uint8), np.ones((2, 2), np.uint8))
    contours, _ = cv2.findContours(core, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
    found = []
    for contour in contours[:MOST_LINES]:
        corners = around(contour[:, 0])
        width, height = sides(corners)
        if min(width, height) >= LEAST_SIDE and _mean(chances, corners) >= LEAST_SCORE:
            found.append(grown(corners, width * height * GROWTH / (2 * (width + height))))
    return found


def _mean(chances: NDArray[np.float32], corners: Quadrilateral) -> float:
    """The mean chance inside."""
    height, width = chances.shape
    most = np.array([width - 1, height - 1])
    low = np.clip(np.floor(corners.min(axis=0)).astype(int), 0, most)
    high = np.clip(np.ceil(corners.max(axis=0)).astype(int), 0, most)
    mask = np.zeros((high[1] - low[1] + 1, high[0] - low[0] + 1), np.uint8)
    cv2.fillPoly(mask, [(corners - low).astype(np.int32)], [1])
    part = chances[low[1] : high[1] + 1, low[0] : high[0] + 1]
    return float(cv2.mean(part, mask)[0])
