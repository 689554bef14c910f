"""The quality bar: which faces are good enough to index, search or compare, and why not."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from openrekog.models.results import Face
from openrekog.server.analysis.faces import side_pixels

Level = Literal["NONE", "AUTO", "LOW", "MEDIUM", "HIGH"]
Reason = Literal[
    "EXTREME_POSE", "LOW_BRIGHTNESS", "LOW_SHARPNESS", "LOW_CONFIDENCE", "SMALL_BOUNDING_BOX"
]


@dataclass(frozen=True, slots=True)
class Bar:
    """The least that a face must have, and the most that it may turn, at one level."""

    confidence: float
    side_pixels: float
    brightness: float
    sharpness: float
    yaw: float
    pitch: float


# AWS publishes no numbers. For scale: press portraits of 250 pixels measure 57 to 92 in brightness
# and 15 to 98 in sharpness; blurred by a Gaussian of 2 pixels half of them fall below 8 in
# sharpness, by 4 pixels almost all below 4. Beyond 60 degrees of yaw one eye is gone. AUTO, the
# default of IndexFaces, drops what would bring false matches and keeps what people expect to find.
BARS: Mapping[Level, Bar] = {
    "LOW": Bar(70, 20, 10, 2, 60, 45),
    "AUTO": Bar(80, 24, 15, 4, 55, 40),
    "MEDIUM": Bar(90, 32, 20, 8, 45, 35),
    "HIGH": Bar(97, 50, 30, 20, 30, 25),
}

# In the order in which the API's own documentation lists them.
CHECKS: Mapping[Reason, Callable[[Face, Bar], bool]] = {
    "EXTREME_POSE": lambda face, bar: (
        abs(face.pose.yaw) > bar.yaw or abs(face.pose.pitch) > bar.pitch
    ),
    "LOW_BRIGHTNESS": lambda face, bar: face.quality.brightness < bar.brightness,
    "LOW_SHARPNESS": lambda face, bar: face.quality.sharpness < bar.sharpness,
    "LOW_CONFIDENCE": lambda face, bar: face.confidence < bar.confidence,
}


def faults(face: Face, shape: tuple[int, ...], level: Level) -> list[Reason]:
    """Why a face of an image of this shape fails the level; empty is good enough."""
    if level == "NONE":
        return []
    bar = BARS[level]
    reasons = [reason for reason, fails in CHECKS.items() if fails(face, bar)]
    small = side_pixels(face, shape) < bar.side_pixels
    return [*reasons, "SMALL_BOUNDING_BOX"] if small else reasons


def passing(faces: Sequence[Face], shape: tuple[int, ...], level: Level) -> list[Face]:
    """The faces that pass, in their order."""
    return [face for face in faces if not faults(face, shape, level)]
