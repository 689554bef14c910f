"""What a picture looks like as a whole: its colours, brightness, sharpness and contrast.

Colours are counted, not clustered: every pixel of a thumbnail takes the name of the CSS colour that
is nearest to it in CIE L*a*b*, as in published answers of the service, whose dominant colours are
CSS colours to the last bit. So the result depends on nothing but the pixels.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from openrekog.models.calibration import CONTRAST, PICTURE_BRIGHTNESS, PICTURE_SHARPNESS
from openrekog.models.results import Box, Image
from openrekog.models.vocabulary.colors import CSSColor, css_colors

THUMBNAIL = 128
"""Longest side in pixels on which colours are counted and light is measured."""

DETAILED = 640
"""Longest side in pixels on which sharpness is judged, so that it does not depend on the camera's
resolution. Smaller pictures are judged as they are."""

LEAST_PERCENT = 1.0
"""A colour that covers less of an area is none of its dominant ones."""

BORDER = 0.1
"""The share of the picture on each side whose colours are taken for the background's."""

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class DominantColor:
    """`percent` is its share of the area's pixels, 0 to 100."""

    color: CSSColor
    percent: float


@dataclass(frozen=True, slots=True)
class Look:
    """An area's light, each 0 to 100, and its colours, the one with most pixels first."""

    brightness: float
    sharpness: float
    contrast: float
    colors: tuple[DominantColor, ...]


@dataclass(frozen=True, slots=True)
class Properties:
    """`instances` has the colours of each box, in the order in which they were given; an area
    without pixels is None."""

    whole: Look
    foreground: Look | None
    background: Look | None
    instances: tuple[tuple[DominantColor, ...], ...]


def measure_properties(image: Image, boxes: Sequence[Box] = ()) -> Properties:
    """The look of an image; its foreground is what the boxes cover or, without any, what differs in
    colour from the picture's edge."""
    small = _Thumbnail(image)
    masks = [_mask(small.shape, box) for box in boxes]
    front = np.logical_or.reduce(masks) if masks else small.unlike_border()
    return Properties(
        whole=small.look(np.ones(small.shape, bool)),
        foreground=small.look(front) if front.any() else None,
        background=small.look(~front) if not front.all() else None,
        instances=tuple(small.colors(mask) for mask in masks),
    )


class _Thumbnail:
    """The maps from which every area of one picture is measured, all of the same small shape."""

    def __init__(self, image: Image) -> None:
        small = _shrunk(image, THUMBNAIL)
        self.shape = (small.shape[0], small.shape[1])
        self._names = _nearest_colors(small)
        self._luma = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)
        edges = cv2.Laplacian(
            cv2.cvtColor(_shrunk(image, DETAILED), cv2.COLOR_RGB2GRAY), cv2.CV_32F
        )
        self._edges = cv2.resize(edges * edges, self.shape[::-1], interpolation=cv2.INTER_AREA)

    def look(self, mask: Mask) -> Look:
        luma = self._luma[mask]
        low, high = np.percentile(luma, (5, 95))
        return Look(
            brightness=PICTURE_BRIGHTNESS.scale(float(luma.mean())),
            sharpness=PICTURE_SHARPNESS.scale(float(self._edges[mask].mean())),
            contrast=CONTRAST.scale(float(high - low)),
            colors=self.colors(mask),
        )

    def colors(self, mask: Mask) -> tuple[DominantColor, ...]:
        if not mask.any():
            return ()
        percents = self._counts(mask) * (100 / mask.sum())
        order = np.argsort(-percents, kind="stable")
        return tuple(
            DominantColor(css_colors()[number], float(percents[number]))
            for number in order
            if percents[number] >= LEAST_PERCENT
        )

    def unlike_border(self) -> Mask:
        """Where a colour is more frequent inside than along the edge, less specks."""
        height, width = self.shape
        across, down = max(1, round(BORDER * width)), max(1, round(BORDER * height))
        inside = np.zeros(self.shape, bool)
        inside[down:-down, across:-across] = True
        share = [self._counts(mask) / max(mask.sum(), 1) for mask in (inside, ~inside)]
        seen = ((share[0] > share[1])[self._names] & inside).astype(np.uint8)
        return np.asarray(cv2.medianBlur(seen, 5), bool)

    def _counts(self, mask: Mask) -> NDArray[np.intp]:
        return np.bincount(self._names[mask], minlength=len(css_colors()))


def _shrunk(image: Image, longest: int) -> Image:
    height, width = image.shape[:2]
    scale = longest / max(height, width)
    if scale >= 1:
        return image
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)


def _nearest_colors(image: Image) -> NDArray[np.intp]:
    """For each pixel the number of its colour in `css_colors`."""
    palette = _palette()
    pixels = _lab(image).reshape(-1, 3)
    # Of |p - c|^2 = |p|^2 - 2 p.c + |c|^2 the first part is the same for every colour.
    distances = np.square(palette).sum(axis=1) - 2 * (pixels @ palette.T)
    return np.asarray(distances.argmin(axis=1).reshape(image.shape[:2]), np.intp)


@cache
def _palette() -> NDArray[np.float32]:
    colors = np.array([[color.rgb for color in css_colors()]], np.uint8)
    return np.asarray(_lab(colors)[0], np.float32)


def _lab(image: Image) -> NDArray[np.float32]:
    scaled = image.astype(np.float32) / 255
    return np.asarray(cv2.cvtColor(scaled, cv2.COLOR_RGB2LAB), np.float32)


def _mask(shape: tuple[int, int], box: Box) -> Mask:
    """The pixels of a box, at least one of a box that reaches into the picture."""
    height, width = shape
    left, top = max(0.0, box.left), max(0.0, box.top)
    mask = np.zeros(shape, bool)
    rows = slice(
        int(top * height), max(int(top * height) + 1, round((box.top + box.height) * height))
    )
    columns = slice(
        int(left * width), max(int(left * width) + 1, round((box.left + box.width) * width))
    )
    mask[rows, columns] = True
    return mask
