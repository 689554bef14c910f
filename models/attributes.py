"""The attributes of faces: which models answer for which, and how their numbers become values."""

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

import numpy as np

from openrekog.models.calibration import AGE_MARGIN, MOUTH_OPEN
from openrekog.models.capabilities import (
    AgeGenderEstimator,
    EmotionClassifier,
    EyeStateClassifier,
    FaceAttributeName,
    GazeEstimator,
)
from openrekog.models.geometry import to_pixels
from openrekog.models.results import FaceAttributes, Image, Judgement, Points

Fields = dict[str, Any]
"""Some members of `FaceAttributes` for one face."""

# No model of a clean licence answers these: a value that nobody vouches for, never a certain one.
UNKNOWN: Judgement[bool] = Judgement(False, 50.0)

# The members of `FaceAttributes` that each attribute fills.
FIELDS: Mapping[FaceAttributeName, tuple[str, ...]] = {
    "AGE_RANGE": ("age_low", "age_high"),
    "BEARD": ("beard",),
    "EMOTIONS": ("emotions",),
    "EYE_DIRECTION": ("eye_direction",),
    "EYEGLASSES": ("eyeglasses",),
    "EYES_OPEN": ("eyes_open",),
    "FACE_OCCLUDED": ("face_occluded",),
    "GENDER": ("gender",),
    "MOUTH_OPEN": ("mouth_open",),
    "MUSTACHE": ("mustache",),
    "SMILE": ("smile",),
    "SUNGLASSES": ("sunglasses",),
}


@dataclass(frozen=True, slots=True)
class AttributeModels:
    """The models that look at located faces."""

    age_gender: AgeGenderEstimator
    emotions: EmotionClassifier
    eye_state: EyeStateClassifier
    gaze: GazeEstimator

    def describe(
        self, image: Image, faces: Sequence[Points], asked: Set[FaceAttributeName]
    ) -> list[FaceAttributes]:
        """The attributes asked for, of each face; models that none of them needs do not run."""
        fields: list[Fields] = [{} for _ in faces]
        for names, read in _READERS.items():
            if faces and asked & names:
                for known, new in zip(fields, read(self, image, faces), strict=True):
                    known.update(new)
        wanted = {field for name in asked for field in FIELDS[name]}
        return [
            FaceAttributes(**{name: value for name, value in known.items() if name in wanted})
            for known in fields
        ]


def _age_and_gender(models: AttributeModels, image: Image, faces: Sequence[Points]) -> list[Fields]:
    return [
        {**_age_range(age), "gender": gender}
        for age, gender in models.age_gender.estimate(image, faces)
    ]


def _age_range(age: float) -> Fields:
    margin = AGE_MARGIN.scale(age)
    low = max(0, round(age - margin))
    return {"age_low": low, "age_high": max(low + 1, round(age + margin))}


def _expression(models: AttributeModels, image: Image, faces: Sequence[Points]) -> list[Fields]:
    return [
        {"emotions": emotions, "smile": _judge(emotions["HAPPY"])}
        for emotions in models.emotions.classify(image, faces)
    ]


def _mouth(_models: AttributeModels, image: Image, faces: Sequence[Points]) -> list[Fields]:
    return [{"mouth_open": _judge(MOUTH_OPEN.scale(_lip_gap(image, points)))} for points in faces]


def _lip_gap(image: Image, landmarks: Points) -> float:
    """Mean height of the gap between the inner lips over its width."""
    lips = to_pixels(landmarks, image)[60:68]
    heights = np.linalg.norm(lips[1:4] - lips[7:4:-1], axis=1)
    return float(heights.mean() / max(float(np.linalg.norm(lips[4] - lips[0])), 1e-6))


def _eyes(models: AttributeModels, image: Image, faces: Sequence[Points]) -> list[Fields]:
    return [{"eyes_open": judgement} for judgement in models.eye_state.classify(image, faces)]


def _gaze(models: AttributeModels, image: Image, faces: Sequence[Points]) -> list[Fields]:
    return [{"eye_direction": gaze} for gaze in models.gaze.estimate(image, faces)]


def _unknown(_models: AttributeModels, _image: Image, faces: Sequence[Points]) -> list[Fields]:
    names = ("beard", "eyeglasses", "face_occluded", "mustache", "sunglasses")
    return [dict.fromkeys(names, UNKNOWN) for _ in faces]


def _judge(chance: float) -> Judgement[bool]:
    """From the chance of yes, 0 to 100."""
    return Judgement(chance >= 50, max(chance, 100 - chance))


_Reader = Callable[[AttributeModels, Image, Sequence[Points]], list[Fields]]

_READERS: Mapping[frozenset[FaceAttributeName], _Reader] = {
    frozenset({"AGE_RANGE", "GENDER"}): _age_and_gender,
    frozenset({"EMOTIONS", "SMILE"}): _expression,
    frozenset({"MOUTH_OPEN"}): _mouth,
    frozenset({"EYES_OPEN"}): _eyes,
    frozenset({"EYE_DIRECTION"}): _gaze,
    frozenset({"BEARD", "EYEGLASSES", "FACE_OCCLUDED", "MUSTACHE", "SUNGLASSES"}): _unknown,
}
