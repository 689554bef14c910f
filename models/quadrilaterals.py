"""Rectangles at any angle: four corners in pixels, clockwise from the top left one as one reads."""

import cv2
import numpy as np
from numpy.typing import NDArray

from openrekog.models.results import Image

Quadrilateral = NDArray[np.float32]
"""Four corners, shape (4, 2), columns x and y."""


def around(points: NDArray[np.generic]) -> Quadrilateral:
    """The smallest rectangle at any angle around points.

    The first corner is the one that is at the top left when the rectangle is turned by no more than
    45 degrees: a tall one stays tall.
    """
    corners = cv2.boxPoints(cv2.minAreaRect(points.astype(np.float32)))
    edges = np.roll(corners, -1, axis=0) - corners
    # Clockwise corners whose first edge runs most to the right.
    return np.roll(corners, -int(np.argmax(edges[:, 0])), axis=0).astype(np.float32)


def sides(corners: NDArray[np.floating]) -> tuple[float, float]:
    """Width and height, as one reads."""
    width = float(np.linalg.norm(corners[1] - corners[0]))
    height = float(np.linalg.norm(corners[3] - corners[0]))
    return width, height


def grown(corners: Quadrilateral, distance: float) -> Quadrilateral:
    """Each side moved outwards by a distance; exact for rectangles."""
    width, height = sides(corners)
    across = (corners[1] - corners[0]) / max(width, 1e-6) * distance
    down = (corners[3] - corners[0]) / max(height, 1e-6) * distance
    moves = np.stack([-across - down, across - down, across + down, down - across])
    return np.asarray(corners + moves, np.float32)


def turned(corners: Quadrilateral, quarters: int) -> Quadrilateral:
    """The same rectangle for text that is turned clockwise by so many quarters of a circle."""
    return np.roll(corners, -quarters, axis=0)


def part(corners: Quadrilateral, start: float, end: float) -> Quadrilateral:
    """What lies between two shares of the width."""
    top, bottom = corners[1] - corners[0], corners[2] - corners[3]
    return np.stack(
        [
            corners[0] + top * start,
            corners[0] + top * end,
            corners[3] + bottom * end,
            corners[3] + bottom * start,
        ]
    ).astype(np.float32)


def cut_out(image: Image, corners: Quadrilateral, width: int, height: int) -> Image:
    """The rectangle upright and scaled; beyond the picture's edge its last pixels go on."""
    image, corners = _near(image, corners, width, height)
    target = np.array([[0, 0], [width, 0], [width, height]], np.float32)
    # Corners are those of pixels, whose centres the warp counts from.
    matrix = cv2.getAffineTransform(corners[:3] - 0.5, target - 0.5)
    crop = cv2.warpAffine(
        image, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(crop, np.uint8)


def _near(
    image: Image, corners: Quadrilateral, width: int, height: int
) -> tuple[Image, Quadrilateral]:
    """The part of the picture that is needed, averaged down where a warp would skip pixels."""
    low = np.maximum(np.floor(corners.min(axis=0)).astype(int) - 2, 0)
    high = np.ceil(corners.max(axis=0)).astype(int) + 2
    piece = image[low[1] : high[1], low[0] : high[0]]
    if piece.size == 0:
        return image, corners
    own_width, own_height = sides(corners)
    scale = max(width / max(own_width, 1), height / max(own_height, 1))
    if scale > 0.5:
        return piece, corners - low.astype(np.float32)
    size = [max(1, round(side * scale * 2)) for side in (piece.shape[1], piece.shape[0])]
    small = cv2.resize(piece, size, interpolation=cv2.INTER_AREA)
    ratios = np.array(size) / (piece.shape[1], piece.shape[0])
    return np.asarray(small, np.uint8), ((corners - low) * ratios).astype(np.float32)
