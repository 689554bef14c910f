"""What models say about pixels: plain values, with no API, HTTP or SQL in them.

Boxes and points are ratios of the upright image; confidences run from 0 to 100; angles are degrees.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T")

Image = NDArray[np.uint8]
"""Upright RGB picture, shape (height, width, 3)."""

FrameStrip = NDArray[np.uint8]
"""A hundred successive RGB frames of a video, shape (100, 27, 48, 3)."""

Points = NDArray[np.float32]
"""Points as ratios of the image, shape (n, 2), columns x and y."""

Vectors = NDArray[np.float32]
"""Embeddings of unit length, shape (n, dimension)."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in ratios of the image; it may reach beyond 0..1 where the edge cuts a face."""

    left: float
    top: float
    width: float
    height: float

    @property
    def area(self) -> float:
        return self.width * self.height


@dataclass(frozen=True, slots=True)
class DetectedFace:
    """What a detector knows of a face.

    `points` has five rows: the eye at the left of the image (the subject's right eye), the other
    eye, nose tip, left and right mouth corner, left and right again as seen in the image.
    """

    box: Box
    confidence: float
    points: Points


@dataclass(frozen=True, slots=True)
class DetectedObject:
    """An object of a class that its detector knows, by the detector's own name of it."""

    name: str  # COCO names as in pycocotools ("traffic light") for the default detector
    box: Box
    confidence: float  # calibrated: of objects with 80, about 80 % are right


@dataclass(frozen=True, slots=True)
class Pose:
    """Head rotation in degrees: positive yaw turns to the right of the image, positive pitch looks
    up, positive roll tilts clockwise as seen in the image."""

    yaw: float
    pitch: float
    roll: float


@dataclass(frozen=True, slots=True)
class Quality:
    """Brightness and sharpness of the face, each 0 to 100."""

    brightness: float
    sharpness: float


@dataclass(frozen=True, slots=True)
class Judgement(Generic[T]):
    """A value and how sure the model is of it, 0 to 100; near 50 means that nobody knows."""

    value: T
    confidence: float


@dataclass(frozen=True, slots=True)
class EyeDirection:
    yaw: float
    pitch: float
    confidence: float


@dataclass(frozen=True, slots=True)
class FaceAttributes:
    """The attributes that were asked for; the others are None."""

    age_low: int | None = None
    age_high: int | None = None
    gender: Judgement[str] | None = None  # "Male" or "Female"
    emotions: Mapping[str, float] | None = None  # upper-case AWS names to 0..100
    smile: Judgement[bool] | None = None
    eyes_open: Judgement[bool] | None = None
    mouth_open: Judgement[bool] | None = None
    eyeglasses: Judgement[bool] | None = None
    sunglasses: Judgement[bool] | None = None
    beard: Judgement[bool] | None = None
    mustache: Judgement[bool] | None = None
    face_occluded: Judgement[bool] | None = None
    eye_direction: EyeDirection | None = None


@dataclass(frozen=True, slots=True)
class Body:
    """A person's 17 points in COCO's order, shape (17, 2), ratios of the image, and for each a
    score from 0 to 1, shape (17,): nose, eyes, ears, shoulders, elbows, wrists, hips, knees and
    ankles, of two the person's own left one first."""

    points: Points
    scores: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Face:
    """A face with what every answer needs, and the attributes that were asked for.

    `landmarks` are the 68 points of the iBUG 300-W scheme, shape (68, 2), ratios of the image.
    """

    box: Box
    confidence: float
    landmarks: Points
    pose: Pose
    quality: Quality
    attributes: FaceAttributes = field(default_factory=FaceAttributes)


@dataclass(frozen=True, slots=True)
class Character:
    """One character, its chance (0 to 1), and where it begins and ends in shares of its line."""

    text: str
    chance: float
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Reading:
    """What a recogniser reads in one line."""

    characters: tuple[Character, ...] = ()

    @property
    def text(self) -> str:
        return "".join(character.text for character in self.characters)

    @property
    def score(self) -> float:
        """The mean chance of the characters; 0 where there are none."""
        return sum(c.chance for c in self.characters) / max(len(self.characters), 1)

    def words(self) -> Iterator["Reading"]:
        """Runs of characters between spaces."""
        for is_space, run in groupby(self.characters, key=lambda c: c.text.isspace()):
            if not is_space:
                yield Reading(tuple(run))


@dataclass(frozen=True, slots=True)
class TextWord:
    """What stands between two spaces of a line.

    `polygon` has four rows, clockwise as one reads: the corner where the text begins at its upper
    side, the one where it ends, and the two below. `confidence` is that in its characters, on
    average.
    """

    text: str
    confidence: float
    polygon: Points


@dataclass(frozen=True, slots=True)
class TextLine:
    """Words of one baseline; `text` is theirs, joined by spaces. The polygon is as in a word."""

    text: str
    confidence: float
    polygon: Points
    words: tuple[TextWord, ...]
