"""What an object detector says of a picture, before and after its classes get their names."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openrekog.models.calibration import ClassCurves
from openrekog.models.geometry import suppress
from openrekog.models.results import Box, DetectedObject, Image

MOST_OBJECTS = 100


@dataclass(frozen=True, slots=True)
class ObjectCandidates:
    """Boxes (n, 4) as left, top, right, bottom in pixels, scores (n), places of classes (n)."""

    boxes: NDArray[np.float64]
    scores: NDArray[np.float64]
    classes: NDArray[np.intp]

    @property
    def lengths(self) -> NDArray[np.float64]:
        """The longer side of each box."""
        sides = self.boxes[:, 2:] - self.boxes[:, :2]
        return np.asarray(sides.max(axis=1, initial=0.0), dtype=np.float64)

    def take(self, which: Sequence[int] | NDArray[np.bool_]) -> "ObjectCandidates":
        return ObjectCandidates(self.boxes[which], self.scores[which], self.classes[which])

    def suppressed(self, threshold: float) -> "ObjectCandidates":
        """Best first; a box gives way only to a better one of its own class."""
        # Each class is moved to a place of its own, where it meets no other.
        far = 2 * (1 + np.abs(self.boxes).max(initial=0.0))
        apart = self.boxes + self.classes[:, None] * far
        return self.take(suppress(apart, self.scores, threshold))

    def within(self, image: Image) -> "ObjectCandidates":
        """Cut at the edges of the picture, without what lies beyond them."""
        height, width = image.shape[:2]
        cut = np.clip(self.boxes, 0, (width, height, width, height))
        seen = ObjectCandidates(cut, self.scores, self.classes)
        return seen.take((cut[:, 2:] - cut[:, :2]).min(axis=1, initial=1.0) > 0)


def join(parts: Sequence[ObjectCandidates]) -> ObjectCandidates:
    return ObjectCandidates(
        np.concatenate([part.boxes for part in parts]),
        np.concatenate([part.scores for part in parts]),
        np.concatenate([part.classes for part in parts]),
    )


def name_objects(
    found: ObjectCandidates, image: Image, names: Sequence[str], curves: ClassCurves
) -> list[DetectedObject]:
    """The objects of a picture, most confident first, at most 100."""
    seen = found.within(image)
    objects = [
        _object(names[place], box, score, image, curves)
        for box, score, place in zip(seen.boxes, seen.scores, seen.classes, strict=True)
    ]
    return sorted(objects, key=lambda found: -found.confidence)[:MOST_OBJECTS]


def _object(
    name: str, box: NDArray[np.float64], score: float, image: Image, curves: ClassCurves
) -> DetectedObject:
    height, width = image.shape[:2]
    left, top, right, bottom = (box / (width, height, width, height)).tolist()
    return DetectedObject(
        name, Box(left, top, right - left, bottom - top), curves.scale(name, float(score))
    )
