"""Where the eyes look in the head: the iris in the eye's outline, found by MediaPipe's iris net."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from openrekog.models.architectures.batches import run_batch
from openrekog.models.geometry import Matrix, roll_degrees, square_map, stack, to_pixels, warp
from openrekog.models.results import EyeDirection, Image, Points
from openrekog.models.session import Session

SIZE = 64
WIDTHS = 2.3  # side of the crop in eye widths, as the net was trained
CORNERS = ((36, 39), (42, 45))  # left to right in the image

# The first 16 of 71 outline points go round the lids; the last five are the iris, centre first.
OUTLINE_VALUES = 213
LIDS = 16

# An eyeball of 24 mm behind an opening of 29 mm. The iris of an eye that looks straight ahead
# stands this share of the opening above the line between the corners (middle of news portraits).
EYEBALL_RADIUS = 12 / 29
RESTING_HEIGHT = 0.06

# Degrees by which the two eyes may differ before they say little: they look the same way in truth.
DISAGREEMENT = 30.0
MOST_CONFIDENCE = 95.0


class Gaze:
    """Reads RGB / 255 of a level eye; the net knows one side, so the other eye is mirrored."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def estimate(self, image: Image, landmarks: Sequence[Points]) -> list[EyeDirection]:
        if not landmarks:
            return []
        crops = [crop for points in landmarks for crop in _eyes(image, points)]
        found = self._points(stack(crops) / 255.0)
        found[1::2, :, 0] = SIZE - 1 - found[1::2, :, 0]
        return [_direction(*map(_angles, pair)) for pair in found.reshape(len(landmarks), 2, -1, 2)]

    def _points(self, crops: NDArray[np.floating]) -> NDArray[np.float64]:
        values = run_batch(self._session, crops)[0].astype(np.float64)
        return values.reshape(len(crops), -1, 3)[:, :, :2]


def _eyes(image: Image, landmarks: Points) -> tuple[Image, Image]:
    points = to_pixels(landmarks, image)
    level = points[36:42].mean(axis=0), points[42:48].mean(axis=0)
    roll = roll_degrees(*level)
    left, right = (warp(image, _map(points, pair, roll), SIZE) for pair in CORNERS)
    return left, np.ascontiguousarray(right[:, ::-1])


def _map(points: NDArray[np.float64], corners: tuple[int, int], roll: float) -> Matrix:
    start, end = points[corners[0]], points[corners[1]]
    side = WIDTHS * float(np.linalg.norm(end - start))
    return square_map((start + end) / 2, side, SIZE, roll)


def _angles(eye: NDArray[np.float64]) -> tuple[float, float]:
    """Yaw and pitch in degrees of one eye from the net's points."""
    lids, iris = eye[:LIDS], eye[OUTLINE_VALUES // 3]
    left, right = lids[lids[:, 0].argmin()], lids[lids[:, 0].argmax()]
    width = max(float(np.linalg.norm(right - left)), 1e-6)
    aside, below = (iris - (left + right) / 2) / width
    sines = np.clip(np.array([aside, -below - RESTING_HEIGHT]) / EYEBALL_RADIUS, -1, 1)
    yaw, pitch = np.degrees(np.arcsin(sines))
    return float(yaw), float(pitch)


def _direction(left: tuple[float, float], right: tuple[float, float]) -> EyeDirection:
    difference = abs(left[0] - right[0]) + abs(left[1] - right[1])
    return EyeDirection(
        yaw=(left[0] + right[0]) / 2,
        pitch=(left[1] + right[1]) / 2,
        confidence=MOST_CONFIDENCE * float(np.exp(-difference / DISAGREEMENT)),
    )
