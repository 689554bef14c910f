"""NudeNet v3 (a YOLOv8n of 18 classes): parts of bodies, bare or covered, with boxes."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from openrekog.models.architectures.batches import run_batch
from openrekog.models.geometry import suppress
from openrekog.models.results import Box, DetectedObject, Image
from openrekog.models.session import Session

SIDE = 320

# As the network was published with.
LEAST_SCORE = 0.25
OVERLAP = 0.45

# The order of the graph's classes, as its own metadata lists them.
CLASSES = (
    "FEMALE_GENITALIA_COVERED",
    "FACE_FEMALE",
    "BUTTOCKS_EXPOSED",
    "FEMALE_BREAST_EXPOSED",
    "FEMALE_GENITALIA_EXPOSED",
    "MALE_BREAST_EXPOSED",
    "ANUS_EXPOSED",
    "FEET_EXPOSED",
    "BELLY_COVERED",
    "FEET_COVERED",
    "ARMPITS_COVERED",
    "ARMPITS_EXPOSED",
    "FACE_MALE",
    "BELLY_EXPOSED",
    "MALE_GENITALIA_EXPOSED",
    "ANUS_COVERED",
    "FEMALE_BREAST_COVERED",
    "BUTTOCKS_COVERED",
)


class NudeNet:
    """Reads RGB / 255 in a square of 320, the picture at its left and top; the graph gives for
    each of 2,100 places the middle and size of a box in pixels, and a score for each class."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def detect(self, images: Sequence[Image]) -> list[list[DetectedObject]]:
        if not images:
            return []
        squares = np.stack([_square(image) for image in images])
        (found,) = run_batch(self._session, squares.transpose(0, 3, 1, 2) / np.float32(255))
        return [_decode(each.T, image) for each, image in zip(found, images, strict=True)]


def _square(image: Image) -> Image:
    """The picture's longer side becomes 320; what is left is black."""
    scale = SIDE / max(image.shape[:2])
    height, width = (max(1, round(side * scale)) for side in image.shape[:2])
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    square = np.zeros((SIDE, SIDE, 3), np.uint8)
    square[:height, :width] = cv2.resize(image, (width, height), interpolation=how)
    return square


def _decode(rows: NDArray[np.float32], image: Image) -> list[DetectedObject]:
    """Rows of x, y, width, height and 18 scores; best first, and one class to a place."""
    best = rows[:, 4:].max(axis=1)
    rows = rows[best >= LEAST_SCORE].astype(np.float64)
    scores, halves = rows[:, 4:].max(axis=1), rows[:, 2:4] / 2
    boxes = np.hstack([rows[:, :2] - halves, rows[:, :2] + halves])
    return [
        DetectedObject(
            CLASSES[int(rows[kept, 4:].argmax())], _box(boxes[kept], image), 100 * scores[kept]
        )
        for kept in suppress(boxes, scores, OVERLAP)
    ]


def _box(corners: NDArray[np.float64], image: Image) -> Box:
    """From pixels of the square to ratios of the picture."""
    height, width = image.shape[:2]
    sides = np.tile((width, height), 2) * SIDE / max(height, width)
    left, top, right, bottom = (float(share) for share in np.clip(corners / sides, 0, 1))
    return Box(left, top, right - left, bottom - top)
