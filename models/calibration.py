"""Scales that people can read: tables that turn a network's raw numbers into 0 to 100."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np


@dataclass(frozen=True, slots=True)
class Curve:
    """Straight lines through (raw, scaled) anchors that rise in both, flat beyond the ends."""

    raw: tuple[float, ...]
    scaled: tuple[float, ...]

    def __post_init__(self) -> None:
        for name, values in (("raw", self.raw), ("scaled", self.scaled)):
            if len(values) < 2 or any(b <= a for a, b in pairwise(values)):
                raise ValueError(f"{name} values of a curve must rise: {values}")
        if len(self.raw) != len(self.scaled):
            raise ValueError(f"{len(self.raw)} raw values for {len(self.scaled)} scaled ones")

    @classmethod
    def through(cls, anchors: Sequence[Sequence[float]]) -> "Curve":
        raw, scaled = zip(*anchors, strict=True)
        return cls(tuple(map(float, raw)), tuple(map(float, scaled)))

    def scale(self, raw: float) -> float:
        return float(np.interp(raw, self.raw, self.scaled))

    def unscale(self, scaled: float) -> float:
        """The smallest raw value that reaches `scaled`; every value reaches the first anchor."""
        if scaled <= self.scaled[0]:
            return -math.inf
        return float(np.interp(scaled, self.scaled, self.raw))


@dataclass(frozen=True, slots=True)
class ClassCurves:
    """A curve for each class that has its own, and one for all others."""

    others: Curve
    own: Mapping[str, Curve]

    @classmethod
    def through(cls, anchors: Mapping[str, Sequence[Sequence[float]]]) -> "ClassCurves":
        """Anchors by class, `others` among them, as a pack's `confidence` has them."""
        curves = {name: Curve.through(rows) for name, rows in anchors.items()}
        return cls(curves.pop("others"), curves)

    def scale(self, name: str, raw: float) -> float:
        return self.own.get(name, self.others).scale(raw)


# A network's own scores, 0 to 1, as they are: nobody has measured how often they are right.
UNCALIBRATED = ClassCurves.through({"others": ((0, 0), (1, 100))})

# A detection score as the API's Confidence. YuNet gives 0.9 and more to every face of 40 pixels and
# more on the labelled photographs, frontal or turned; below that stand tiny, cut and hidden faces
# and everything that only resembles a face. So 0.9 is "sure" (99.5), 0.7 is where the networks'
# authors cut (90, as low as AWS commonly reports), and 0.5 is as good as nobody knowing.
DETECTION = Curve.through(
    [(0.0, 0.0), (0.5, 50.0), (0.7, 90.0), (0.85, 98.0), (0.9, 99.5), (1.0, 100.0)]
)
LEAST_CONFIDENCE = 50.0

# SCRFD's scores are lower: its authors take a face from 0.5 on, clear ones have 0.7 to 0.9.
SCRFD_DETECTION = Curve.through(
    [(0.0, 0.0), (0.3, 50.0), (0.5, 90.0), (0.7, 99.5), (0.8, 99.9), (1.0, 100.0)]
)

# Mean luma of the face (0 to 255) as Brightness. Skin of any colour in ordinary light has 70 to
# 180; the curve is steep in the dark, where detail is lost, and flat above.
BRIGHTNESS = Curve.through(
    [(0, 0), (25, 15), (60, 50), (110, 78), (160, 90), (220, 97), (255, 100)]
)

# Variance of the Laplacian on the aligned face as Sharpness. News portraits of 250 pixels have 165
# (in the middle; 79 at the lower twentieth), 61 after a blur of 1 pixel, 20 of 2 and 10 of 3.
SHARPNESS = Curve.through(
    [(3, 0), (10, 8), (20, 18), (60, 44), (80, 53), (165, 72), (400, 88), (1000, 97), (2000, 100)]
)

# Years that the estimate may be off on either side, by age: children's faces change faster.
AGE_MARGIN = Curve.through([(0, 2), (13, 4), (20, 5), (40, 7), (60, 8), (100, 9)])

# Height of the gap between the lips in widths of the mouth, as the chance that it is open.
MOUTH_OPEN = Curve.through([(0.0, 1), (0.1, 15), (0.2, 50), (0.3, 85), (0.45, 99)])

# The confidence of a picture's surest word, as the chance that the picture shows text at all. In
# 164 photographs (COCO, ICDAR 2015, faces, scikit-image; judged by eye) all 28 with 80 and more had
# text, of the five with 70 to 80 at least two, of the four with 60 to 70 one.
SHOWN_TEXT = Curve.through([(0, 0), (60, 20), (70, 50), (80, 80), (90, 95), (100, 99)])

# Mean luma of a picture as Brightness. In a published answer of DetectLabels an area of 44 % black
# and 32 % #2f4f4f has a brightness of 45, far above its mean luma: it rises fast in the dark, as
# the square root of luma does.
PICTURE_BRIGHTNESS = Curve.through(
    [(luma, 100 * (luma / 255) ** 0.5) for luma in (0, 4, 16, 36, 64, 100, 144, 196, 255)]
)

# Mean square of the Laplacian on a picture of at most 640 pixels a side, as Sharpness. Photographs
# of COCO have 1,470 (in the middle; 250 at the lower twentieth), 58 after a blur of 1 pixel, 7 of 2
# and 2 of 4.
PICTURE_SHARPNESS = Curve.through(
    [(1, 0), (2, 3), (7, 12), (58, 42), (250, 60), (835, 73), (1470, 80), (7000, 97), (12000, 100)]
)

# How far the 5th and the 95th percentile of luma lie apart, as Contrast.
CONTRAST = Curve.through([(0, 0), (255, 100)])

# A body point's score as the chance that it is where it is said to be: labelled, and within an
# object keypoint similarity of 0.5. From 986 points of 58 persons of COCO, in steps of 0.1.
BODY_POINT = Curve.through(
    [(0, 0), (0.15, 12), (0.25, 22), (0.35, 50), (0.45, 60), (0.55, 68), (0.7, 77), (1.0, 97)]
)

# The mask network's score as the chance that a face is covered. Of bare faces of news portraits one
# in a hundred scores above 0.5 and none above 0.9; with a mask drawn over them 95 and 75 do. Real
# masks are more various than drawn ones, so it never says more than 98.
FACE_MASK = Curve.through([(0.0, 1), (0.5, 50), (0.9, 92), (1.0, 98)])

# That chance as the one that the mask also covers the nose, which the network was never taught to
# tell: of masks drawn from below the nose on, two in three are taken for masks, but half as many as
# of those that cover it above 90. Most people wear them right.
FACE_COVERED = Curve.through([(50, 50), (92, 80), (98, 95)])

# The sum of what a classifier of whole pictures gives to the few hats or gloves that it knows, on
# a crop of a head or hand: nothing was at hand to measure it with, so it never says more than 75.
SEEN_COVER = Curve.through([(0, 0), (50, 50), (100, 75)])
