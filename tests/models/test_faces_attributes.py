"""What is said of a real face, and which models run for it."""

from collections import Counter
from collections.abc import Mapping, Set
from dataclasses import asdict, dataclass, field
from typing import get_args

import numpy as np
import pytest

from openrekog.models.architectures.emotion import Emotions
from openrekog.models.capabilities import FaceAttributeName
from openrekog.models.faces import ModelFaceAnalyzer
from openrekog.models.results import Face, FaceAttributes
from openrekog.models.session import Array, Feeds, Shape
from tests.models.pictures import astronaut

EVERY: frozenset[FaceAttributeName] = frozenset(get_args(FaceAttributeName))


@pytest.fixture(scope="module")
def face(analyzer: ModelFaceAnalyzer) -> Face:
    (face,) = analyzer.find(astronaut(), EVERY)
    return face


@pytest.fixture(scope="module")
def known(face: Face) -> FaceAttributes:
    return face.attributes


def test_age_range_holds_the_age(known: FaceAttributes) -> None:
    """Eileen Collins was 35 or 36 when NASA took the portrait."""
    assert known.age_low is not None
    assert known.age_high is not None
    assert known.age_low <= 36 <= known.age_high
    assert known.age_high - known.age_low <= 20


@pytest.mark.parametrize(
    ("name", "value", "confidence"),
    [
        pytest.param("gender", "Female", (90, 100), id="gender"),
        pytest.param("smile", True, (90, 100), id="smiles"),
        pytest.param("eyes_open", True, (90, 100), id="eyes open"),
        pytest.param("eyeglasses", False, (45, 55), id="eyeglasses: nobody knows"),
        pytest.param("sunglasses", False, (45, 55), id="sunglasses: nobody knows"),
        pytest.param("beard", False, (45, 55), id="beard: nobody knows"),
        pytest.param("mustache", False, (45, 55), id="mustache: nobody knows"),
        pytest.param("face_occluded", False, (45, 55), id="occluded: nobody knows"),
    ],
)
def test_judgements(
    known: FaceAttributes, name: str, value: object, confidence: tuple[float, float]
) -> None:
    judgement = getattr(known, name)
    assert judgement.value == value
    assert confidence[0] <= judgement.confidence <= confidence[1]


def test_emotions_are_the_eight_of_the_api(known: FaceAttributes) -> None:
    assert known.emotions is not None
    names = {"HAPPY", "SAD", "ANGRY", "CONFUSED", "DISGUSTED", "SURPRISED", "CALM", "FEAR"}
    assert set(known.emotions) == names
    assert known.emotions["HAPPY"] > 90
    assert known.emotions["CONFUSED"] < 5
    assert sum(known.emotions.values()) == pytest.approx(100)


def test_the_eyes_look_into_the_camera(known: FaceAttributes) -> None:
    assert known.eye_direction is not None
    assert abs(known.eye_direction.yaw) < 10
    assert abs(known.eye_direction.pitch) < 10
    assert 0 < known.eye_direction.confidence < 100


def test_shut_eyes_are_not_open(analyzer: ModelFaceAnalyzer, face: Face) -> None:
    """The lids of the portrait drawn down over the eyes."""
    image = astronaut().copy()
    for lids in (slice(36, 42), slice(42, 48)):
        points = face.landmarks[lids] * 512
        left, top = np.floor(points.min(axis=0)).astype(int) - 1
        right, bottom = np.ceil(points.max(axis=0)).astype(int) + 1
        skin = image[bottom + 4 : bottom + 4 + bottom - top, left:right]
        image[top:bottom, left:right] = skin
    (shut,) = analyzer.find(image, {"EYES_OPEN"})
    assert shut.attributes.eyes_open is not None
    assert face.attributes.eyes_open is not None
    assert shut.attributes.eyes_open != face.attributes.eyes_open
    assert not shut.attributes.eyes_open.value


BASE = {"yunet/yunet", "landmarks68/fr_landmark"}
AGES = {"age_gender/age-v1", "age_gender/gender-v1", "faceapi/age_gender"}
EXPRESSION = {"faceapi/face_expression", "mini_xception/emotion"}


@pytest.mark.parametrize(
    ("asked", "models", "filled"),
    [
        pytest.param(set(), set(), set(), id="nothing"),
        pytest.param({"AGE_RANGE"}, AGES, {"age_low", "age_high"}, id="age"),
        pytest.param({"GENDER", "SMILE"}, AGES | EXPRESSION, {"gender", "smile"}, id="two"),
        pytest.param({"MOUTH_OPEN"}, set(), {"mouth_open"}, id="mouth, from landmarks"),
        pytest.param({"EYE_DIRECTION"}, {"gaze/iris"}, {"eye_direction"}, id="gaze"),
        pytest.param({"BEARD", "FACE_OCCLUDED"}, set(), {"beard", "face_occluded"}, id="unknown"),
    ],
)
def test_only_what_is_asked_for_is_worked_out(
    analyzer: ModelFaceAnalyzer,
    model_calls: Counter[str],
    asked: Set[FaceAttributeName],
    models: set[str],
    filled: set[str],
) -> None:
    model_calls.clear()
    (face,) = analyzer.find(astronaut(), asked)
    assert set(model_calls) == BASE | models
    assert {name for name, value in asdict(face.attributes).items() if value is not None} == filled


@dataclass
class Says:
    """A network that is sure of one of seven classes."""

    place: int
    inputs: Mapping[str, Shape]
    outputs: Mapping[str, Shape] = field(default_factory=lambda: {"chances": ("batch", 7)})
    name: str = "says"
    provider: str = "cpu"

    def run(self, feeds: Feeds) -> list[Array]:
        chances = np.full((len(feeds["pixels"]), 7), 0.01, np.float32)
        chances[:, self.place] = 0.94
        return [chances]


# The order of each network's outputs as its authors have it: face-api's faceExpressionNet, and
# fer2013, which mini-Xception was trained on.
ORDERS = {
    "portrait": ("CALM", "HAPPY", "SAD", "ANGRY", "FEAR", "DISGUSTED", "SURPRISED"),
    "box": ("ANGRY", "DISGUSTED", "FEAR", "HAPPY", "SAD", "SURPRISED", "CALM"),
}


@pytest.mark.parametrize("emotion", sorted(ORDERS["box"]))
def test_outputs_of_networks_are_emotions(face: Face, emotion: str) -> None:
    portrait, box = (order.index(emotion) for order in ORDERS.values())
    networks = Emotions(
        Says(portrait, {"pixels": ("batch", 3, 112, 112)}),
        Says(box, {"pixels": ("batch", 1, 64, 64)}),
    )
    (found,) = networks.classify(astronaut(), [face.landmarks])
    assert found[emotion] > 70
    assert sum(found.values()) == pytest.approx(100)
