"""The fixed windows through which a detector sees a picture of any size.

A detection network finds faces of about 10 to 300 pixels, and a session's memory grows with every
new input shape. So a picture is looked at on one or two scales, in windows of few shapes.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from openrekog.models.results import Image

# Longer sides of a window; the shorter one is whole, three quarters or nine sixteenths of it.
SIDES = (320, 640, 960, 1280)
SHAPES = (1.0, 3 / 4, 9 / 16)

# A face that fills the picture is found on this scale.
COARSE = SIDES[0]

# Neighbouring windows overlap, so that a face at a seam is seen whole by one of them; larger faces
# are found on the scale below.
OVERLAP = 64

# Longer sides of the scales in several windows of 1280: two and three of them with their overlaps,
# a little less, so that pictures of 4 : 3 fit windows of 1280 x 960.
FINE = {2464: 2, 3664: 3}


@dataclass(frozen=True, slots=True)
class Level:
    """A picture on one scale: its size there and the windows it is cut into."""

    width: int
    height: int
    window_width: int
    window_height: int

    def corners(self) -> Iterator[tuple[int, int]]:
        """Left and top of each window."""
        for top in _starts(self.height, self.window_height):
            for left in _starts(self.width, self.window_width):
                yield left, top

    def windows(self, image: Image, fill: int = 0) -> Iterator[tuple[tuple[int, int], Image]]:
        """Each window with its corner, black or as grey as `fill` beyond the picture's edge."""
        scaled = resized(image, self.width, self.height)
        for left, top in self.corners():
            part = scaled[top : top + self.window_height, left : left + self.window_width]
            window = np.full((self.window_height, self.window_width, 3), fill, np.uint8)
            window[: part.shape[0], : part.shape[1]] = part
            yield (left, top), window


def resized(image: Image, width: int, height: int, interpolation: int = cv2.INTER_LINEAR) -> Image:
    """Halved as often as it goes, and interpolated for the rest.

    From 4000 to 1280 pixels this takes 7 ms, and INTER_AREA in one step, which is fast for whole
    factors alone, 60: half of all the time for a large photo.
    """
    while image.shape[1] >= 2 * width and image.shape[0] >= 2 * height:
        half_width, half_height = image.shape[1] // 2, image.shape[0] // 2
        even = image[: 2 * half_height, : 2 * half_width]
        halved = cv2.resize(even, (half_width, half_height), interpolation=cv2.INTER_AREA)
        image = np.asarray(halved, np.uint8)
    return np.asarray(cv2.resize(image, (width, height), interpolation=interpolation), np.uint8)


def _starts(length: int, window: int) -> list[int]:
    return [0] if length <= window else list(range(0, length - OVERLAP, window - OVERLAP))


def whole(width: int, height: int, side: int) -> Level:
    """The picture with a longer side of `side`, in one window."""
    return _level(width, height, side, side)


def levels(width: int, height: int) -> list[Level]:
    """The scales on which every picture is looked at, the finest first."""
    longest = max(width, height)
    side = next((side for side in SIDES if side >= longest), SIDES[-1])
    sides = (side,) if side == COARSE else (side, COARSE)
    return [_level(width, height, side, side) for side in sides]


def fine_levels(width: int, height: int) -> list[Level]:
    """The scales for small faces of a picture much larger than the largest window."""
    longest = max(width, height)
    coarser = (SIDES[-1], *FINE)
    return [
        _level(width, height, side, SIDES[-1], pieces)
        for below, (side, pieces) in zip(coarser, FINE.items(), strict=False)
        if longest > 1.4 * below
    ]


def _level(width: int, height: int, side: int, window: int, pieces: int = 1) -> Level:
    """The picture scaled so that its longer side is `side`, in windows of one shape."""
    scale = side / max(width, height)
    new_width, new_height = max(1, round(width * scale)), max(1, round(height * scale))
    shorter = -(-(min(new_width, new_height) + (pieces - 1) * OVERLAP) // pieces)
    short = next(short for short in _short_sides(window) if short >= shorter)
    across = (window, short) if new_width >= new_height else (short, window)
    return Level(new_width, new_height, *across)


def _short_sides(window: int) -> list[int]:
    """The shorter sides of a window's shapes, smallest first, multiples of 32 as the nets need."""
    return sorted(-(-int(window * shape) // 32) * 32 for shape in SHAPES)
