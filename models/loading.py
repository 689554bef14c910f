"""Builds the face analyzer out of packs: which file feeds which architecture."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from openrekog.models.architectures.age_gender import AgeGender
from openrekog.models.architectures.centerface import CenterFace
from openrekog.models.architectures.emotion import Emotions
from openrekog.models.architectures.eye_state import EyeState
from openrekog.models.architectures.gaze import Gaze
from openrekog.models.architectures.landmarks68 import Landmarks68
from openrekog.models.architectures.sface import SFace
from openrekog.models.architectures.yunet import YuNet
from openrekog.models.attributes import AttributeModels
from openrekog.models.calibration import Curve
from openrekog.models.detection import MultiScaleDetector
from openrekog.models.faces import ModelFaceAnalyzer
from openrekog.models.session import Session

# The API's FaceModelVersion of collections made with the default packs.
DEFAULT_VERSION = "7.0"


class PackFiles(Protocol):
    def path(self, pack: str, file: str) -> Path:
        """Where a file of a pack lies, fetched and verified."""


class Opener(Protocol):
    def load(self, path: Path, name: str | None = None) -> Session: ...


Open = Callable[[str, str], Session]


def load_face_analyzer(
    files: PackFiles,
    runtime: Opener,
    calibration: Sequence[Sequence[float]],
    *,
    quality: bool = False,
) -> ModelFaceAnalyzer:
    """The analyzer of the default packs; `calibration` is the embedder's (cosine, similarity)
    table. With `quality`, CenterFace sees every window beside YuNet: six times the time, and fewer
    half-hidden faces are missed."""

    def open_file(pack: str, file: str) -> Session:
        return runtime.load(files.path(pack, file), pack)

    yunet = YuNet(open_file("yunet", "yunet.onnx"))
    centerface = CenterFace(open_file("centerface", "centerface.onnx"))
    return ModelFaceAnalyzer(
        model_name="sface",
        model_version=DEFAULT_VERSION,
        detector=MultiScaleDetector((yunet, centerface) if quality else (yunet,), centerface),
        landmarker=Landmarks68(open_file("landmarks68", "fr_landmark.onnx")),
        embedder=SFace(open_file("sface", "sface.onnx")),
        attributes=load_attributes(open_file),
        curve=Curve.through(calibration),
    )


def load_attributes(open_file: Open) -> AttributeModels:
    return AttributeModels(
        age_gender=AgeGender(
            open_file("age_gender", "age-v1.onnx"),
            open_file("age_gender", "gender-v1.onnx"),
            open_file("faceapi", "age_gender.onnx"),
        ),
        emotions=Emotions(
            open_file("faceapi", "face_expression.onnx"),
            open_file("mini_xception", "emotion.onnx"),
        ),
        eye_state=EyeState(open_file("eye_state", "fr_eye.onnx")),
        gaze=Gaze(open_file("gaze", "iris.onnx")),
    )
