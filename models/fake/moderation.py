"""Nudity without weights, from an image's colours.

Rules, so that tests can foresee the answers: an image is as explicit as it is red, which is by how
much the mean of its red exceeds the larger mean of green and blue, as a share of 255. Pure red is
100, grey is 0. In one of more than 50 a bare breast fills the middle half, as sure as that.
"""

from collections.abc import Sequence

from openrekog.models.results import Box, DetectedObject, Image

MIDDLE = Box(left=0.25, top=0.25, width=0.5, height=0.5)


class FakeNudityClassifier:
    """A NudityClassifier; see the module for its rules."""

    def classify(self, images: Sequence[Image]) -> list[float]:
        return [_redness(image) for image in images]


class FakeExposureDetector:
    """An ExposureDetector; see the module for its rules."""

    def detect(self, images: Sequence[Image]) -> list[list[DetectedObject]]:
        return [
            [DetectedObject("FEMALE_BREAST_EXPOSED", MIDDLE, redness)] if redness > 50 else []
            for redness in map(_redness, images)
        ]


def _redness(image: Image) -> float:
    red, green, blue = image.mean(axis=(0, 1)).tolist()
    return float(max(0.0, red - max(green, blue)) / 2.55)
