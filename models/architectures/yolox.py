"""YOLOX (Ge et al. 2021): a family of anchor-free object detectors, from nano to x."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from openrekog.models.architectures.objects import ObjectCandidates, join, name_objects
from openrekog.models.calibration import ClassCurves
from openrekog.models.results import DetectedObject, Image
from openrekog.models.session import Session
from openrekog.models.vocabulary.classes import class_names
from openrekog.models.windows import whole

STRIDES = (8, 16, 32)

# The grey around pictures in training.
GREY = 114

LEAST_SCORE = 0.05
OVERLAP = 0.5

# Longer side of a picture as the network sees it, and of a large one at the second look.
SIDE = 640
FINE_SIDE = 1280

# Pictures of as many pixels have more to show at the second look.
LARGE = 1000

# What makes a large picture worth it: something that may be small, or nothing at all. A portrait
# before a plain wall is not, and answered in a quarter of the time.
POSSIBLE_SCORE = 0.15
SMALL_SHARE = 1 / 6

# Objects longer than this share of the picture are taken from the first look, others from the
# second, so that no object is counted twice.
SPLIT_SHARE = 1 / 4


class YoloX:
    """An `ObjectDetector`. It reads a window in BGR, 0 to 255; the graph gives a row of box,
    objectness and 80 chances for each cell of three strides.

    Windows are as long as `side` and whole, three quarters or nine sixteenths as wide. For nano on
    76 photographs of COCO val2017, mAP and AP50 are .308, .483 at 416 pixels (13 ms of processor
    time), .325, .499 at 640 (29 ms), .298, .480 at 768 (41 ms). With four photographs side by side
    for a large one: .241, .384 at 640, .319, .486 at 1280 (115 ms), and .324, .479 with both looks
    (140 ms); nine: .184, .288 at 640 and .287, .431 with both. Both looks, each seeing all of the
    picture, need no seams as tiles do. `python -m benchmarks.object_scales` prints these numbers.
    """

    scheme = "coco"

    def __init__(
        self,
        session: Session,
        curves: ClassCurves,
        side: int = SIDE,
        fine_side: int | None = FINE_SIDE,
    ) -> None:
        """`curves` make a confidence of a score; with a `fine_side` of None there is one look."""
        self._session = session
        self._curves = curves
        self._side = side
        self._fine_side = fine_side
        (self._input,) = session.inputs

    def detect(self, images: Sequence[Image]) -> list[list[DetectedObject]]:
        return [self._detect(image) for image in images]

    def _detect(self, image: Image) -> list[DetectedObject]:
        found = self._look(image, self._side)
        longest = max(image.shape[:2])
        if self._fine_side and longest >= LARGE and _wants_fine(found, longest):
            fine = self._look(image, self._fine_side)
            split = SPLIT_SHARE * longest
            found = join([found.take(found.lengths >= split), fine.take(fine.lengths < split)])
        seen = found.suppressed(OVERLAP)
        return name_objects(seen, image, class_names(self.scheme), self._curves)

    def _look(self, image: Image, side: int) -> ObjectCandidates:
        height, width = image.shape[:2]
        level = whole(width, height, side)
        ((_, window),) = level.windows(image, GREY)
        pixels = window[None, :, :, ::-1].transpose(0, 3, 1, 2)
        (rows,) = self._session.run({self._input: np.ascontiguousarray(pixels, np.float32)})
        found = _decode(rows[0], window.shape[1], window.shape[0])
        scale = np.tile((width / level.width, height / level.height), 2)
        return ObjectCandidates(found.boxes * scale, found.scores, found.classes)


def _decode(rows: NDArray[np.float32], width: int, height: int) -> ObjectCandidates:
    """The likeliest class of each cell that has one, in pixels of the window."""
    possible = np.flatnonzero(rows[:, 4] >= LEAST_SCORE)
    rows, cells, strides = rows[possible], *(part[possible] for part in cells_of(width, height))
    classes = rows[:, 5:].argmax(axis=1)
    scores = rows[:, 4].astype(np.float64) * rows[np.arange(len(rows)), 5 + classes]
    centres = (rows[:, :2] + cells) * strides
    halves = np.exp(rows[:, 2:4].astype(np.float64)) * strides / 2
    boxes = np.concatenate([centres - halves, centres + halves], axis=1)
    return ObjectCandidates(boxes, scores, classes).take(scores >= LEAST_SCORE)


def cells_of(width: int, height: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Column and row (n, 2) and stride (n, 1) of each cell, in the order of the graph's rows."""
    grids = [
        np.stack(np.meshgrid(np.arange(width // stride), np.arange(height // stride)), axis=-1)
        for stride in STRIDES
    ]
    strides = [
        np.full((grid.shape[0] * grid.shape[1], 1), stride)
        for grid, stride in zip(grids, STRIDES, strict=True)
    ]
    return np.concatenate([grid.reshape(-1, 2) for grid in grids]), np.concatenate(strides)


def _wants_fine(found: ObjectCandidates, longest: int) -> bool:
    lengths = found.lengths[found.scores >= POSSIBLE_SCORE]
    return not lengths.size or bool(lengths.min() < SMALL_SHARE * longest)
