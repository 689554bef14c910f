"""Face detection on every scale: windows, merging, a second opinion, and a Confidence."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from openrekog.models.architectures.candidates import Candidates, WindowDetector, join
from openrekog.models.calibration import DETECTION, LEAST_CONFIDENCE, Curve
from openrekog.models.geometry import shares_within
from openrekog.models.results import Box, DetectedFace, Image
from openrekog.models.windows import COARSE, SIDES, Level, fine_levels, levels

MOST_FACES = 100

# Candidates below this score are not looked at again.
LEAST_SCORE = 0.3
LIKELY_SCORE = 0.5

# From this score on, the first network needs no second opinion: every face of 40 pixels and more on
# the labelled photographs has it, and no dog, clock or toy.
SURE_SCORE = 0.9

# As many doubtful candidates get a second opinion, best first; a picture of leaves has hundreds.
MOST_DOUBTFUL = 128

OVERLAP = 0.3
INSIDE = 0.7

# A face that is larger than this in a window is left to the coarser scale, which sees it better.
LARGEST_PIXELS = 0.9 * COARSE

# By share of the picture's longer side: a face that makes it a portrait, and one (20 pixels in the
# largest window) that says there may be smaller ones yet.
PORTRAIT_SHARE = 1 / 6
SMALL_SHARE = 20 / SIDES[-1]

# As much of the fine scale is 26 pixels. Of 24 faces of 24 to 36 pixels among larger ones in
# pictures of 4000, 23 are found so, and 17 when this was 20 pixels.
SMALLEST_SHARE = 2 / 3 * SMALL_SHARE


class SecondOpinion(Protocol):
    def agree(self, image: Image, boxes: NDArray[np.float64]) -> NDArray[np.float64]:
        """How sure another network is, 0 to 1, of a face in each box of the picture."""


@dataclass(frozen=True, slots=True)
class MultiScaleDetector:
    """A `FaceDetector` of one or several networks that see the same windows.

    With a second opinion, a doubtful candidate's score becomes the geometric mean of both.
    """

    networks: Sequence[WindowDetector]
    second: SecondOpinion | None = None
    curve: Curve = DETECTION
    """Score to Confidence."""

    def detect(self, images: Sequence[Image]) -> list[list[DetectedFace]]:
        return [self._detect(image) for image in images]

    def _detect(self, image: Image) -> list[DetectedFace]:
        height, width = image.shape[:2]
        found = join([self._search(image, level) for level in levels(width, height)])
        for level, wanted in zip(
            fine_levels(width, height), (_wants_fine, _wants_finest), strict=False
        ):
            if not wanted(found, max(width, height)):
                break
            found = join([found, self._search(image, level)])
        judged = self._judge(image, found.suppressed(OVERLAP))
        faces = [self._face(judged, index, width, height) for index in _outermost(judged)]
        likely = [face for face in faces if face.confidence >= LEAST_CONFIDENCE]
        return sorted(likely, key=lambda face: -face.box.area)[:MOST_FACES]

    def _search(self, image: Image, level: Level) -> Candidates:
        scale = image.shape[1] / level.width, image.shape[0] / level.height
        parts = []
        for (left, top), window in level.windows(image):
            for network in self.networks:
                seen = network.candidates(window, LEAST_SCORE)
                whole = seen.take(_whole(seen, level, left, top))
                parts.append(whole.mapped(scale, (left * scale[0], top * scale[1])))
        return join(parts)

    def _judge(self, image: Image, found: Candidates) -> Candidates:
        if self.second is None:
            return found
        doubtful = np.flatnonzero(found.scores < SURE_SCORE)[:MOST_DOUBTFUL]
        scores = np.where(found.scores < SURE_SCORE, 0.0, found.scores)
        scores[doubtful] = np.sqrt(
            found.scores[doubtful] * self.second.agree(image, found.boxes[doubtful])
        )
        return Candidates(found.boxes, scores, found.points)

    def _face(self, found: Candidates, index: int, width: int, height: int) -> DetectedFace:
        left, top, right, bottom = (float(side) for side in found.boxes[index])
        return DetectedFace(
            Box(left / width, top / height, (right - left) / width, (bottom - top) / height),
            self.curve.scale(float(found.scores[index])),
            (found.points[index] / (width, height)).astype(np.float32),
        )


def _wants_finest(found: Candidates, longest: int) -> bool:
    """Likely faces that are small on the fine scale too, or none yet: a crowd, or a far figure."""
    shares = (found.boxes[:, 2:] - found.boxes[:, :2]).max(axis=1) / longest
    likely = found.scores >= LIKELY_SCORE
    return bool(np.any(likely & (shares < SMALLEST_SHARE)) or not np.any(likely))


def _wants_fine(found: Candidates, longest: int) -> bool:
    """Not a portrait that shows no small face: there the fine scale would cost most of the time."""
    shares = (found.boxes[:, 2:] - found.boxes[:, :2]).max(axis=1) / longest
    portrait = np.any((shares > PORTRAIT_SHARE) & (found.scores >= SURE_SCORE))
    return bool(np.any(shares < SMALL_SHARE) or not portrait)


def _whole(seen: Candidates, level: Level, left: int, top: int) -> NDArray[np.bool_]:
    """The candidates that this window is the right one for: not cut by a seam, not too large."""
    sizes = (seen.boxes[:, 2:] - seen.boxes[:, :2]).max(axis=1)
    right, bottom = left + level.window_width, top + level.window_height
    coarsest = max(level.width, level.height) <= COARSE
    inside = (
        (sizes <= LARGEST_PIXELS) | coarsest,
        (seen.boxes[:, 0] > 1) | (left == 0),
        (seen.boxes[:, 1] > 1) | (top == 0),
        (seen.boxes[:, 2] < level.window_width - 1) | (right >= level.width),
        (seen.boxes[:, 3] < level.window_height - 1) | (bottom >= level.height),
    )
    return np.asarray(np.logical_and.reduce(inside))


def _outermost(found: Candidates) -> list[int]:
    """Without the candidates inside of a larger likely one: an eye is not a face."""
    return [
        index
        for index, box in enumerate(found.boxes)
        if not np.any(
            (shares_within(found.boxes, box) > INSIDE)
            & (found.scores >= LIKELY_SCORE)
            & (np.arange(len(found)) != index)
            & (_areas(found.boxes) > _areas(box[None]))
        )
    ]


def _areas(boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray((boxes[:, 2:] - boxes[:, :2]).prod(axis=1), dtype=np.float64)
