"""A FaceAnalyzer without weights, whose answers follow from an image's colours.

Rules, so that tests can foresee the answers: an image of one colour has no face; any other has one,
in its middle, three fifths as wide and four fifths as high as the image. All else is drawn from a
16x16 thumbnail: attributes from a hash of it in coarse steps, the embedding by a fixed random
projection of its colours less their mean, so that a picture matches itself rescaled, recompressed
or a little brighter, and not another picture.
"""

import struct
from collections.abc import Sequence, Set
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openrekog.models.capabilities import FaceAttributeName
from openrekog.models.fake.thumbnails import (
    LEAST_CONTRAST,
    SIDE,
    Thumbnail,
    digest,
    mean_and_contrast,
    thumbnail,
)
from openrekog.models.results import (
    Box,
    EyeDirection,
    Face,
    FaceAttributes,
    Image,
    Judgement,
    Points,
    Pose,
    Quality,
    Vectors,
)

DIMENSION = 128
BOX = Box(left=0.2, top=0.1, width=0.6, height=0.8)
CONFIDENCE = 99.9

EMOTIONS = ("HAPPY", "SAD", "ANGRY", "CONFUSED", "DISGUSTED", "SURPRISED", "CALM", "FEAR")


class FakeFaceAnalyzer:
    """A FaceAnalyzer; see the module for its rules."""

    model_name = "fake"
    model_version = "7.0"
    dimension = DIMENSION

    def __init__(self, similarity: Sequence[tuple[float, float]]) -> None:
        """`similarity` holds the pack's (cosine, similarity) anchors."""
        self._cosines, self._similarities = zip(*similarity, strict=True)
        # RandomState, because NumPy promises that its numbers never change.
        self._projection = (
            np.random.RandomState(seed=1)
            .standard_normal((SIDE * SIDE * 3, DIMENSION))
            .astype(np.float32)
        )

    def find(self, image: Image, attributes: Set[FaceAttributeName] = frozenset()) -> list[Face]:
        small = thumbnail(image)
        mean, contrast = mean_and_contrast(small)
        if contrast < LEAST_CONTRAST:
            return []
        draw = _Draw(small)
        return [
            Face(
                box=BOX,
                confidence=CONFIDENCE,
                landmarks=_LANDMARKS,
                pose=Pose(yaw=draw(-30, 30), pitch=draw(-20, 20), roll=draw(-15, 15)),
                quality=Quality(
                    brightness=mean / 2.55,
                    sharpness=min(100.0, contrast),
                ),
                attributes=_attributes(draw, attributes) if attributes else FaceAttributes(),
            )
        ]

    def embed(self, image: Image, faces: Sequence[Face]) -> Vectors:
        if not faces:
            return np.empty((0, DIMENSION), np.float32)
        small = thumbnail(image)
        mean, _ = mean_and_contrast(small)
        vector = (small - np.float32(mean)).ravel() @ self._projection
        return np.tile(vector / np.linalg.norm(vector), (len(faces), 1))

    def similarity(self, cosine: float) -> float:
        return float(np.interp(cosine, self._cosines, self._similarities))

    def cosine(self, similarity: float) -> float:
        if similarity <= self._similarities[0]:
            return -1.0  # even opposite vectors reach the first anchor
        return float(np.interp(similarity, self._similarities, self._cosines))


class _Draw:
    """The 32 numbers that follow from a thumbnail, one after the other."""

    def __init__(self, small: Thumbnail) -> None:
        self._numbers = iter(struct.unpack("<32H", digest(small)))

    def __call__(self, low: float, high: float) -> float:
        share: float = next(self._numbers) / 0xFFFF
        return low + (high - low) * share

    def judgement(self) -> Judgement[bool]:
        return Judgement(self(0, 1) < 0.5, self(50, 100))


def _attributes(draw: _Draw, wanted: Set[FaceAttributeName]) -> FaceAttributes:
    """Everything is drawn, in a fixed order, so that an attribute does not depend on the others
    that are asked for."""
    age = round(draw(5, 80))
    shares = np.array([draw(0, 1) ** 4 for _ in EMOTIONS])
    everything: dict[FaceAttributeName, dict[str, Any]] = {
        "AGE_RANGE": {"age_low": age - 4, "age_high": age + 4},
        "GENDER": {"gender": Judgement("Male" if draw(0, 1) < 0.5 else "Female", draw(50, 100))},
        "EMOTIONS": {
            "emotions": dict(zip(EMOTIONS, (100 * shares / shares.sum()).tolist(), strict=True))
        },
        "EYE_DIRECTION": {"eye_direction": EyeDirection(draw(-30, 30), draw(-20, 20), 90.0)},
        "SMILE": {"smile": draw.judgement()},
        "EYES_OPEN": {"eyes_open": draw.judgement()},
        "MOUTH_OPEN": {"mouth_open": draw.judgement()},
        "EYEGLASSES": {"eyeglasses": draw.judgement()},
        "SUNGLASSES": {"sunglasses": draw.judgement()},
        "BEARD": {"beard": draw.judgement()},
        "MUSTACHE": {"mustache": draw.judgement()},
        "FACE_OCCLUDED": {"face_occluded": draw.judgement()},
    }
    chosen = {key: value for name in wanted for key, value in everything[name].items()}
    return FaceAttributes(**chosen)


def _arc(
    count: int, centre: tuple[float, float], radii: tuple[float, float], start: float, end: float
) -> NDArray[np.float64]:
    """Points on an ellipse, in shares of the box; angles in degrees, 0 to the right, 90 down."""
    angles = np.radians(np.linspace(start, end, count))
    return np.stack(
        [centre[0] + radii[0] * np.cos(angles), centre[1] + radii[1] * np.sin(angles)], axis=1
    )


def _landmarks() -> Points:
    """A schematic face of 68 points in the fake box."""
    shares = np.concatenate(
        [
            _arc(17, (0.5, 0.45), (0.48, 0.52), 180, 0),  # jaw, from the left of the image
            _arc(5, (0.3, 0.36), (0.13, 0.06), 180, 360),  # brows
            _arc(5, (0.7, 0.36), (0.13, 0.06), 180, 360),
            np.stack([np.full(4, 0.5), np.linspace(0.42, 0.6, 4)], axis=1),  # nose
            np.stack([np.linspace(0.42, 0.58, 5), np.full(5, 0.65)], axis=1),
            _arc(7, (0.3, 0.43), (0.08, 0.03), 180, 540)[:6],  # eyes
            _arc(7, (0.7, 0.43), (0.08, 0.03), 180, 540)[:6],
            _arc(13, (0.5, 0.8), (0.18, 0.06), 180, 540)[:12],  # lips, outer and inner
            _arc(9, (0.5, 0.8), (0.14, 0.02), 180, 540)[:8],
        ]
    )
    scaled = shares * (BOX.width, BOX.height) + (BOX.left, BOX.top)
    points: Points = scaled.astype(np.float32)
    points.flags.writeable = False
    return points


_LANDMARKS = _landmarks()
