from typing import Any

import cv2
import numpy as np
import pytest

from openrekog.models.capabilities import FaceAnalyzer
from openrekog.models.fake.faces import BOX, FakeFaceAnalyzer
from openrekog.models.pack import packs
from openrekog.models.results import Image


@pytest.fixture(scope="module")
def fake() -> FaceAnalyzer:
    return FakeFaceAnalyzer(packs()["fake"].similarity)


def picture(phase: float, width: int = 320, height: int = 240) -> Image:
    """Smooth waves of colour; another phase is another picture."""
    x, y = np.meshgrid(np.linspace(0, 6, width), np.linspace(0, 5, height))
    waves = [np.sin(x * (1 + phase) + c) + np.cos(y * (2 - phase) - c * phase) for c in range(3)]
    return ((np.stack(waves, axis=-1) + 2) * 63).astype(np.uint8)


def photographed_again(image: Image) -> Image:
    brighter = np.clip(image * 1.08, 0, 255).astype(np.uint8)
    _, jpeg = cv2.imencode(".jpg", brighter, [cv2.IMWRITE_JPEG_QUALITY, 60])
    decoded: Any = cv2.imdecode(jpeg, cv2.IMREAD_COLOR)
    return np.asarray(cv2.resize(decoded, (200, 150)), np.uint8)


def compare(fake: FaceAnalyzer, one: Image, other: Image) -> float:
    vectors = [fake.embed(image, fake.find(image)) for image in (one, other)]
    return fake.similarity(float((vectors[0] @ vectors[1].T)[0, 0]))


@pytest.mark.parametrize("colour", [0, 77, 255])
def test_an_image_of_one_colour_has_no_face(fake: FaceAnalyzer, colour: int) -> None:
    image = np.full((100, 100, 3), colour, np.uint8)
    assert fake.find(image) == []
    assert fake.embed(image, []).shape == (0, fake.dimension)


def test_any_other_image_has_one_face_in_its_middle(fake: FaceAnalyzer) -> None:
    (face,) = fake.find(picture(0.3))
    assert face.box == BOX
    assert face.landmarks.shape == (68, 2)
    left, right = face.landmarks[36:42].mean(axis=0), face.landmarks[42:48].mean(axis=0)
    nose, mouth = face.landmarks[30], face.landmarks[48:].mean(axis=0)
    assert left[0] < nose[0] < right[0]
    assert left[1] == pytest.approx(right[1], abs=1e-6)
    assert left[1] < nose[1] < mouth[1] < face.landmarks[8, 1]


def test_the_same_picture_matches_after_small_changes(fake: FaceAnalyzer) -> None:
    assert compare(fake, picture(0.3), picture(0.3)) == pytest.approx(100, abs=1e-3)
    assert compare(fake, picture(0.3), photographed_again(picture(0.3))) > 99


def test_other_pictures_do_not_match(fake: FaceAnalyzer) -> None:
    others = [compare(fake, picture(0.3), picture(phase)) for phase in (0.7, 1.1, 1.5)]
    assert max(others) < 80


def test_answers_are_the_same_on_every_machine(fake: FaceAnalyzer) -> None:
    (face,) = fake.find(picture(0.3), {"AGE_RANGE", "GENDER", "EMOTIONS"})
    assert (face.attributes.age_low, face.attributes.age_high) == (65, 73)
    assert face.attributes.gender is not None
    assert face.attributes.gender.value == "Male"
    assert face.pose.yaw == pytest.approx(-24.0078, abs=1e-4)
    assert face.attributes.emotions is not None
    assert sum(face.attributes.emotions.values()) == pytest.approx(100)
    vector = fake.embed(picture(0.3), [face])
    assert vector.shape == (1, fake.dimension)
    assert float(np.linalg.norm(vector)) == pytest.approx(1, abs=1e-6)
    assert vector[0, :3] == pytest.approx([0.0904, 0.1109, -0.0947], abs=1e-3)


def test_only_what_was_asked_for_is_answered_and_does_not_depend_on_the_rest(
    fake: FaceAnalyzer,
) -> None:
    (plain,) = fake.find(picture(0.3))
    (some,) = fake.find(picture(0.3), {"BEARD"})
    (more,) = fake.find(picture(0.3), {"BEARD", "SMILE", "AGE_RANGE"})
    assert plain.attributes.beard is None
    assert some.attributes.smile is None
    assert some.attributes.beard == more.attributes.beard
    assert more.attributes.age_low is not None


def test_similarity_and_cosine_are_inverse(fake: FaceAnalyzer) -> None:
    for similarity in (10.0, 80.0, 99.0):
        assert fake.similarity(fake.cosine(similarity)) == pytest.approx(similarity)


def test_a_vector_for_each_face(fake: FaceAnalyzer) -> None:
    (face,) = fake.find(picture(0.3))
    assert fake.embed(picture(0.3), [face, face]).shape == (2, fake.dimension)
    assert fake.embed(picture(0.3), []).shape == (0, fake.dimension)
