"""Builds the face analyzer: which file of which pack feeds which architecture."""

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
from openrekog.models.loading.opening import Opening
from openrekog.models.turning import TurningDetector

# What the API calls FaceModelVersion: AWS's of today, because clients compare it with a number.
FACE_MODEL_VERSION = "7.0"


def load_face_analyzer(opening: Opening) -> ModelFaceAnalyzer:
    """The analyzer of the chosen packs.

    `buffalo_l` replaces detection, landmarks, embeddings, age and gender. To name `centerface` is
    the quality mode: it sees every window beside YuNet, for four times the time, where otherwise
    it only gives a second opinion on doubtful faces.
    """
    if "buffalo_l" in opening.named:
        return _load_premium(opening)
    return _load_default(opening, quality="centerface" in opening.named)


def _load_default(opening: Opening, *, quality: bool) -> ModelFaceAnalyzer:
    yunet = YuNet(opening.open("yunet", "yunet.onnx"))
    centerface = CenterFace(opening.open("centerface", "centerface.onnx"))
    networks = (yunet, centerface) if quality else (yunet,)
    age_gender = AgeGender(
        opening.open("age_gender", "age-v1.onnx"),
        opening.open("age_gender", "gender-v1.onnx"),
        opening.open("faceapi", "age_gender.onnx"),
    )
    return ModelFaceAnalyzer(
        model_name="sface",
        model_version=FACE_MODEL_VERSION,
        detector=TurningDetector(MultiScaleDetector(networks, centerface)),
        landmarker=Landmarks68(opening.open("landmarks68", "fr_landmark.onnx")),
        embedder=SFace(opening.open("sface", "sface.onnx")),
        attributes=_load_attributes(opening, age_gender),
        curve=_similarity(opening, "sface"),
    )


def _load_premium(opening: Opening) -> ModelFaceAnalyzer:
    pack = opening.pack("buffalo_l")
    parts = load_buffalo(
        [(opening.open(pack.name, file.name), opening.path(pack, file)) for file in pack.files]
    )
    return ModelFaceAnalyzer(
        model_name=pack.name,
        model_version=FACE_MODEL_VERSION,
        detector=TurningDetector(MultiScaleDetector((parts.detector,), curve=SCRFD_DETECTION)),
        landmarker=parts.landmarker,
        embedder=parts.embedder,
        attributes=_load_attributes(opening, parts.age_gender),
        curve=_similarity(opening, pack.name),
    )


def _load_attributes(opening: Opening, age_gender: AgeGenderEstimator) -> AttributeModels:
    return AttributeModels(
        age_gender=age_gender,
        emotions=Emotions(
            opening.open("faceapi", "face_expression.onnx"),
            opening.open("mini_xception", "emotion.onnx"),
        ),
        eye_state=EyeState(opening.open("eye_state", "fr_eye.onnx")),
        gaze=Gaze(opening.open("gaze", "iris.onnx")),
    )


def _similarity(opening: Opening, embedder: str) -> Curve:
    return Curve.through(opening.pack(embedder).similarity)
