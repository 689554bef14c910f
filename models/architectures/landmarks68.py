"""68 landmarks of the iBUG 300-W scheme from a grey square of 64 pixels around the face."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from openrekog.models.architectures.batches import run_batch
from openrekog.models.geometry import (
    Matrix,
    box_square,
    grey,
    invert,
    roll_degrees,
    square_map,
    to_pixels,
    to_ratios,
    transform,
    warp,
)
from openrekog.models.results import DetectedFace, Image, Points
from openrekog.models.session import Session

SIZE = 64

# Each point's partner in a mirrored face, part by part: jaw, brows, nose, eyes, lips.
MIRRORED = [
    *range(16, -1, -1),
    *range(26, 16, -1),
    *(27, 28, 29, 30, 35, 34, 33, 32, 31),
    *(45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40),
    *(54, 53, 52, 51, 50, 49, 48, 59, 58, 57, 56, 55),
    *(64, 63, 62, 61, 60, 67, 66, 65),
]


class Landmarks68:
    """Reads grey / 256; the graph gives x and y of each point as shares of the square.

    The square is as wide as the longer side of the detector's box (a square 1.2 times as wide has
    6.9 % error of the eye distance instead of 5.5), and turned so that the eyes are level. The
    face and its mirror image are averaged, which takes the net's sideways bias out: 5.0 %.
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    def locate(self, image: Image, faces: Sequence[DetectedFace]) -> list[Points]:
        if not faces:
            return []
        maps = [_map(image, face) for face in faces]
        crops = np.stack([grey(warp(image, matrix, SIZE)) for matrix in maps])
        found = (self._points(crops) + self._mirrored_points(crops)) / 2
        return [
            to_ratios(transform(points, invert(matrix)), image)
            for points, matrix in zip(found, maps, strict=True)
        ]

    def _points(self, crops: NDArray[np.uint8]) -> NDArray[np.float64]:
        shares = run_batch(self._session, crops[:, None] / 256)[0]
        return shares.reshape(len(crops), 68, 2).astype(np.float64) * SIZE

    def _mirrored_points(self, crops: NDArray[np.uint8]) -> NDArray[np.float64]:
        points = self._points(np.ascontiguousarray(crops[:, :, ::-1]))[:, MIRRORED]
        points[:, :, 0] = SIZE - 1 - points[:, :, 0]
        return points


def _map(image: Image, face: DetectedFace) -> Matrix:
    eyes = to_pixels(face.points[:2], image)
    return square_map(*box_square(face.box, image), SIZE, roll_degrees(*eyes))
