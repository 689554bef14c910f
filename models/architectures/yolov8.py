"""YOLOv8 and the detectors with the same output, such as YOLO11 and NudeNet: a column of box and
class scores for each anchor, decoded and suppressed here."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from openrekog.models.architectures.batches import run_batch
from openrekog.models.architectures.objects import ObjectCandidates, name_objects
from openrekog.models.architectures.signatures import fits, picture_input, refuse, side_of
from openrekog.models.calibration import UNCALIBRATED, ClassCurves
from openrekog.models.geometry import stack, to_corners
from openrekog.models.results import DetectedObject, Image
from openrekog.models.session import Session

SIDE = 640  # where the graph leaves it open
OVERLAP = 0.7
LEAST_SCORE = 0.05


@dataclass(frozen=True, slots=True)
class Padding:
    """How a picture is made square: in the middle of grey, or at the top left of it."""

    grey: int = 114
    centred: bool = True


@dataclass(frozen=True, slots=True)
class Placed:
    """A picture within its square: `scale` pixels of the square for one of the picture."""

    square: Image
    scale: float
    left: int
    top: int


def place(image: Image, side: int, padding: Padding) -> Placed:
    height, width = image.shape[:2]
    scale = side / max(height, width)
    new_width, new_height = max(1, round(width * scale)), max(1, round(height * scale))
    left, top = ((side - new_width) // 2, (side - new_height) // 2) if padding.centred else (0, 0)
    square = np.full((side, side, 3), padding.grey, np.uint8)
    # As the networks were trained: bilinear, without averaging.
    square[top : top + new_height, left : left + new_width] = cv2.resize(
        image, (new_width, new_height), interpolation=cv2.INTER_LINEAR
    )
    return Placed(square, scale, left, top)


class YoloV8:
    """An `ObjectDetector`. It reads squares in RGB, 0 to 1; the graph gives centre, size and the
    class scores (already 0 to 1) of each anchor, shape (batch, 4 + classes, anchors), in pixels of
    the square."""

    def __init__(
        self,
        session: Session,
        names: Sequence[str],
        scheme: str = "coco",
        padding: Padding = Padding(),
        overlap: float = OVERLAP,
        side: int = SIDE,
        curves: ClassCurves = UNCALIBRATED,
    ) -> None:
        """Raises UnknownGraphError where the graph is not a detector of as many classes."""
        wanted = f"a YOLOv8 detector of {len(names)} classes (one output 1x{4 + len(names)}xN)"
        shape = picture_input(session, wanted)[1]
        fitting = [fits(found, None, 4 + len(names), None) for found in session.outputs.values()]
        if fitting != [True]:
            raise refuse(session, wanted)
        self._session = session
        self._names = tuple(names)
        self._scheme = scheme
        self._side = side_of(shape, side)
        self._padding = padding
        self._overlap = overlap
        self._curves = curves

    @property
    def scheme(self) -> str:
        return self._scheme

    def detect(self, images: Sequence[Image]) -> list[list[DetectedObject]]:
        if not images:
            return []
        placed = [place(image, self._side, self._padding) for image in images]
        squares = stack([one.square for one in placed]) / np.float32(255)
        found = run_batch(self._session, squares)[0].astype(np.float64)
        return [
            self._objects(columns.T, one, image)
            for columns, one, image in zip(found, placed, images, strict=True)
        ]

    def _objects(
        self, rows: NDArray[np.float64], placed: Placed, image: Image
    ) -> list[DetectedObject]:
        classes, scores = rows[:, 4:].argmax(axis=1), rows[:, 4:].max(axis=1)
        corners = to_corners(rows[:, :4]) - (placed.left, placed.top) * 2
        found = ObjectCandidates(corners / placed.scale, scores, classes)
        seen = found.take(scores >= LEAST_SCORE).suppressed(self._overlap)
        return name_objects(seen, image, self._names, self._curves)
