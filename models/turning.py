"""Faces in pictures that lie on their side or stand on their head, such as phone photographs that
lost their Exif orientation."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from openrekog.models.capabilities import FaceDetector
from openrekog.models.results import Box, DetectedFace, Image
from openrekog.models.windows import COARSE, resized

TURNS = {1: cv2.ROTATE_90_COUNTERCLOCKWISE, 2: cv2.ROTATE_180, 3: cv2.ROTATE_90_CLOCKWISE}

# A picture with a face like this is upright.
UPRIGHT_CONFIDENCE = 99.0

# A turned look at the small picture must show a face like this before the whole is turned.
TURNED_CONFIDENCE = 95.0


@dataclass(frozen=True, slots=True)
class TurningDetector:
    """Asks another detector again about a picture without a clear face, turned by 90, 180 and 270
    degrees: first in small, which costs a few milliseconds, and then whole if that shows a face."""

    upright: FaceDetector

    def detect(self, images: Sequence[Image]) -> list[list[DetectedFace]]:
        return [self._detect(image) for image in images]

    def _detect(self, image: Image) -> list[DetectedFace]:
        (faces,) = self.upright.detect([image])
        if _best(faces) >= UPRIGHT_CONFIDENCE:
            return faces
        looks = self.upright.detect([_turned(_small(image), turns) for turns in (1, 2, 3)])
        best, turns = max((_best(look), turns) for turns, look in enumerate(looks, start=1))
        least = max(TURNED_CONFIDENCE, _best(faces))
        if best < least:
            return faces
        # The whole may well be a little less sure of a face than the small picture was.
        (turned,) = self.upright.detect([_turned(image, turns)])
        return [_turned_back(face, turns) for face in turned] if _best(turned) >= least else faces


def _best(faces: Sequence[DetectedFace]) -> float:
    return max((face.confidence for face in faces), default=0.0)


def _small(image: Image) -> Image:
    scale = COARSE / max(image.shape[:2])
    if scale >= 1:
        return image
    return resized(
        image, max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale))
    )


def _turned(image: Image, turns: int) -> Image:
    """Quarter turns against the clock."""
    return np.asarray(cv2.rotate(image, TURNS[turns]), np.uint8)


def _turned_back(face: DetectedFace, turns: int) -> DetectedFace:
    box = face.box
    corners = np.array([[box.left, box.top], [box.left + box.width, box.top + box.height]])
    found = _clockwise(corners, turns)
    (left, top), (right, bottom) = found.min(axis=0).tolist(), found.max(axis=0).tolist()
    points = _clockwise(face.points.astype(np.float64), turns).astype(np.float32)
    return DetectedFace(Box(left, top, right - left, bottom - top), face.confidence, points)


def _clockwise(points: NDArray[np.float64], turns: int) -> NDArray[np.float64]:
    """Ratios of the picture turned back with the clock."""
    for _ in range(turns):
        points = np.stack([1 - points[:, 1], points[:, 0]], axis=1)
    return points
