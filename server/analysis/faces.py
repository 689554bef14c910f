"""Findings about faces in the API's words: one function a shape."""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from openrekog.api_spec.shapes import (
    BoundingBox,
    ComparedFace,
    FaceDetail,
    ImageQuality,
    Landmark,
    Pose,
)
from openrekog.models.capabilities import FaceAttributeName
from openrekog.models.results import Box, Face, FaceAttributes, Judgement

POINTS = 68  # of a face

ALL_ATTRIBUTES: frozenset[FaceAttributeName] = frozenset(get_args(FaceAttributeName))

# The API's landmark names to the iBUG 300-W points whose mean they are. "Left" is the left of the
# image, as at AWS. The pupils stand in the middle of the lids: no default model finds the iris.
LANDMARKS: Mapping[str, tuple[int, ...]] = {
    "eyeLeft": (36, 37, 38, 39, 40, 41),
    "eyeRight": (42, 43, 44, 45, 46, 47),
    "mouthLeft": (48,),
    "mouthRight": (54,),
    "nose": (30,),
    "leftEyeBrowLeft": (17,),
    "leftEyeBrowRight": (21,),
    "leftEyeBrowUp": (19,),
    "rightEyeBrowLeft": (22,),
    "rightEyeBrowRight": (26,),
    "rightEyeBrowUp": (24,),
    "leftEyeLeft": (36,),
    "leftEyeRight": (39,),
    "leftEyeUp": (37, 38),
    "leftEyeDown": (40, 41),
    "rightEyeLeft": (42,),
    "rightEyeRight": (45,),
    "rightEyeUp": (43, 44),
    "rightEyeDown": (46, 47),
    "noseLeft": (31,),
    "noseRight": (35,),
    "mouthUp": (51,),
    "mouthDown": (57,),
    "leftPupil": (37, 38, 40, 41),
    "rightPupil": (43, 44, 46, 47),
    "upperJawlineLeft": (0,),
    "midJawlineLeft": (4,),
    "chinBottom": (8,),
    "midJawlineRight": (12,),
    "upperJawlineRight": (16,),
}
ALL_LANDMARKS = tuple(LANDMARKS)
DEFAULT_LANDMARKS = ("eyeLeft", "eyeRight", "mouthLeft", "mouthRight", "nose")

# The API's member for each judgement, and where the models keep it.
JUDGEMENTS: Mapping[str, str] = {
    "Smile": "smile",
    "Eyeglasses": "eyeglasses",
    "Sunglasses": "sunglasses",
    "Gender": "gender",
    "Beard": "beard",
    "Mustache": "mustache",
    "EyesOpen": "eyes_open",
    "MouthOpen": "mouth_open",
    "FaceOccluded": "face_occluded",
}


def wanted_attributes(names: Iterable[str]) -> frozenset[FaceAttributeName]:
    """What a request's `Attributes` ask for beyond the default ones; ALL wins over the rest."""
    asked = frozenset(names)
    return ALL_ATTRIBUTES if "ALL" in asked else ALL_ATTRIBUTES & asked


def wanted_landmarks(names: Iterable[str]) -> tuple[str, ...]:
    """Every landmark comes with ALL alone, not with all attributes named one by one."""
    return ALL_LANDMARKS if "ALL" in names else DEFAULT_LANDMARKS


def bounding_box(box: Box) -> BoundingBox:
    return {"Width": box.width, "Height": box.height, "Left": box.left, "Top": box.top}


def landmarks(face: Face, names: tuple[str, ...]) -> list[Landmark]:
    means = (shares_of(names) @ face.landmarks).tolist()
    return [{"Type": name, "X": x, "Y": y} for name, (x, y) in zip(names, means, strict=True)]  # type: ignore[typeddict-item]  # keys of LANDMARKS are the enum


@cache
def shares_of(names: tuple[str, ...]) -> NDArray[np.float64]:
    """One row a landmark, one column a point: one product takes a tenth of so many means' time."""
    shares = np.zeros((len(names), POINTS))
    for row, name in zip(shares, names, strict=True):
        row[list(LANDMARKS[name])] = 1 / len(LANDMARKS[name])
    return shares


def pose(face: Face) -> Pose:
    return {"Roll": face.pose.roll, "Yaw": face.pose.yaw, "Pitch": face.pose.pitch}


def quality(face: Face) -> ImageQuality:
    return {"Brightness": face.quality.brightness, "Sharpness": face.quality.sharpness}


def compared_face(face: Face) -> ComparedFace:
    """A face with its expression, if the models were asked for `EMOTIONS` and `SMILE`."""
    known = attribute_members(face.attributes)
    member: ComparedFace = {
        "BoundingBox": bounding_box(face.box),
        "Confidence": face.confidence,
        "Landmarks": landmarks(face, DEFAULT_LANDMARKS),
        "Pose": pose(face),
        "Quality": quality(face),
    }
    if "Emotions" in known:
        member["Emotions"] = known["Emotions"]
    if "Smile" in known:
        member["Smile"] = known["Smile"]
    return member


def face_detail(face: Face, points: tuple[str, ...] = DEFAULT_LANDMARKS) -> FaceDetail:
    """A face with the default attributes, those that the models were asked for, and landmarks."""
    return {
        "BoundingBox": bounding_box(face.box),
        **attribute_members(face.attributes),
        "Landmarks": landmarks(face, points),
        "Pose": pose(face),
        "Quality": quality(face),
        "Confidence": face.confidence,
    }


def attribute_members(known: FaceAttributes) -> FaceDetail:
    """The attributes that the models were asked for; the others are left out."""
    members: FaceDetail = {}
    if known.age_low is not None and known.age_high is not None:
        members["AgeRange"] = {"Low": known.age_low, "High": known.age_high}
    for member, name in JUDGEMENTS.items():
        judgement: Judgement[bool] | Judgement[str] | None = getattr(known, name)
        if judgement is not None:
            members[member] = {"Value": judgement.value, "Confidence": judgement.confidence}  # type: ignore[literal-required]  # keys of JUDGEMENTS
    if known.emotions is not None:
        ranked = sorted(known.emotions.items(), key=lambda emotion: -emotion[1])
        members["Emotions"] = [{"Type": name, "Confidence": score} for name, score in ranked]  # type: ignore[typeddict-item]  # the models' names are the enum
    if known.eye_direction is not None:
        gaze = known.eye_direction
        members["EyeDirection"] = {
            "Yaw": gaze.yaw,
            "Pitch": gaze.pitch,
            "Confidence": gaze.confidence,
        }
    return members


def largest(faces: Iterable[Face]) -> Face | None:
    """The face with the largest box, which AWS compares and searches with."""
    return max(faces, key=lambda face: face.box.area, default=None)


def side_pixels(face: Face, shape: tuple[int, ...]) -> float:
    """The shorter side of the face's box in pixels of an image of this (height, width, ...)."""
    return min(face.box.width * shape[1], face.box.height * shape[0])
