"""Builds the face analyzer out of packs: which file feeds which architecture."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Protocol

from openrekog.models.architectures.age_gender import AgeGender
from openrekog.models.architectures.buffalo_l import load_buffalo
from openrekog.models.architectures.centerface import CenterFace
from openrekog.models.architectures.emotion import Emotions
from openrekog.models.architectures.eye_state import EyeState
from openrekog.models.architectures.gaze import Gaze
from openrekog.models.architectures.landmarks68 import Landmarks68
from openrekog.models.architectures.sface import SFace
from openrekog.models.architectures.yunet import YuNet
from openrekog.models.attributes import AttributeModels
from openrekog.models.calibration import SCRFD_DETECTION, Curve
from openrekog.models.capabilities import AgeGenderEstimator
from openrekog.models.detection import MultiScaleDetector
from openrekog.models.faces import ModelFaceAnalyzer
from openrekog.models.pack import Pack, find
from openrekog.models.session import Session
from openrekog.models.turning import TurningDetector

# What the API calls FaceModelVersion: AWS's of today, because clients compare it with a number.
FACE_MODEL_VERSION = "7.0"


class PackPaths(Protocol):
    def path(self, pack: Pack, file_name: str) -> Path:
        """Where a file of a pack lies, fetched and verified."""


class Opener(Protocol):
    def load(self, path: Path, name: str | None = None) -> Session: ...


Open = Callable[[str, str], Session]
"""Opens a file of a pack, both by name."""


def load_face_analyzer(
    store: PackPaths, runtime: Opener, named: Iterable[str] = ()
) -> ModelFaceAnalyzer:
    """The analyzer of the default packs and of those named beside them.

    To name `buffalo_l` replaces detection, landmarks, embeddings, age and gender. To name
    `centerface` is the quality mode: it sees every window beside YuNet, for four times the time,
    where otherwise it only gives a second opinion on doubtful faces.
    """
    chosen = {pack.name for pack in find(named)}

    def open_file(pack: str, file: str) -> Session:
        return runtime.load(store.path(_pack(pack), file), f"{pack}/{Path(file).stem}")

    if "buffalo_l" in chosen:
        return _load_premium(store, runtime, open_file)
    return _load_default(open_file, quality="centerface" in chosen)


def _load_default(open_file: Open, *, quality: bool) -> ModelFaceAnalyzer:
    yunet = YuNet(open_file("yunet", "yunet.onnx"))
    centerface = CenterFace(open_file("centerface", "centerface.onnx"))
    networks = (yunet, centerface) if quality else (yunet,)
    age_gender = AgeGender(
        open_file("age_gender", "age-v1.onnx"),
        open_file("age_gender", "gender-v1.onnx"),
        open_file("faceapi", "age_gender.onnx"),
    )
    return ModelFaceAnalyzer(
        model_name="sface",
        model_version=FACE_MODEL_VERSION,
        detector=TurningDetector(MultiScaleDetector(networks, centerface)),
        landmarker=Landmarks68(open_file("landmarks68", "fr_landmark.onnx")),
        embedder=SFace(open_file("sface", "sface.onnx")),
        attributes=_load_attributes(open_file, age_gender),
        curve=_similarity("sface"),
    )


def _load_premium(store: PackPaths, runtime: Opener, open_file: Open) -> ModelFaceAnalyzer:
    pack = _pack("buffalo_l")
    paths = [store.path(pack, file.name) for file in pack.files]
    parts = load_buffalo([(runtime.load(path, f"{pack.name}/{path.stem}"), path) for path in paths])
    return ModelFaceAnalyzer(
        model_name=pack.name,
        model_version=FACE_MODEL_VERSION,
        detector=TurningDetector(MultiScaleDetector((parts.detector,), curve=SCRFD_DETECTION)),
        landmarker=parts.landmarker,
        embedder=parts.embedder,
        attributes=_load_attributes(open_file, parts.age_gender),
        curve=_similarity(pack.name),
    )


def _load_attributes(open_file: Open, age_gender: AgeGenderEstimator) -> AttributeModels:
    return AttributeModels(
        age_gender=age_gender,
        emotions=Emotions(
            open_file("faceapi", "face_expression.onnx"),
            open_file("mini_xception", "emotion.onnx"),
        ),
        eye_state=EyeState(open_file("eye_state", "fr_eye.onnx")),
        gaze=Gaze(open_file("gaze", "iris.onnx")),
    )


def _similarity(embedder: str) -> Curve:
    return Curve.through(_pack(embedder).similarity)


def _pack(name: str) -> Pack:
    (pack,) = find([name])
    return pack
