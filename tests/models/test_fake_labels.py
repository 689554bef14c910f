import numpy as np
import pytest

from openrekog.models.fake import fake_models
from openrekog.models.fake.labels import CLASSES, PERSON
from openrekog.models.loaded import Models
from openrekog.models.pack import packs
from openrekog.models.vocabulary.classes import class_names
from tests.models.pictures import astronaut, photograph, recompressed

PLAIN = np.full((90, 120, 3), 77, np.uint8)
PICTURES = [photograph(name) for name in ("chelsea.png", "coffee.png", "rocket.jpg", "camera.png")]


@pytest.fixture(scope="module")
def fake() -> Models:
    return fake_models(packs()["fake"])


def test_any_picture_shows_a_person_and_a_plain_one_nothing(fake: Models) -> None:
    assert fake.objects.detect([astronaut(), PLAIN]) == [[PERSON], []]
    assert PERSON.name in class_names(fake.objects.scheme)


def test_a_picture_has_one_class_and_a_plain_one_none(fake: Models) -> None:
    *pictures, plain = fake.classes.classify([*PICTURES, PLAIN])
    drawn = {max(chances, key=lambda key: chances[key]) for chances in pictures}
    assert 1 < len(drawn) <= len(CLASSES)
    assert drawn <= set(CLASSES)
    for chances in (*pictures, plain):
        assert tuple(chances) == class_names(fake.classes.scheme)
        assert sum(chances.values()) == pytest.approx(100)
    assert [max(chances.values()) for chances in pictures] == [90] * len(pictures)
    assert max(plain.values()) == pytest.approx(0.1)


def test_features_tell_pictures_apart_and_not_their_copies(fake: Models) -> None:
    vectors = fake.features.extract([astronaut(), recompressed(astronaut(), 60), *PICTURES])
    assert vectors.shape == (6, fake.features.dimension)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    likeness = vectors @ vectors[0]
    assert likeness[1] > 0.99 > likeness[2:].max()
