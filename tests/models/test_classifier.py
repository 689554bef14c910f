"""ImageNet's classes and the features of real photographs."""

from collections.abc import Iterator

import numpy as np
import pytest

from openrekog.models.capabilities import FeatureExtractor, ImageClassifier
from openrekog.models.loading.labels import load_classifiers, with_features
from openrekog.models.loading.opening import Opening
from openrekog.models.results import Image
from openrekog.models.runtime import Runtime
from openrekog.models.store import PackStore
from openrekog.models.vocabulary.classes import class_names
from tests.models.pictures import astronaut, mirrored, photograph, recompressed, resized

TABBY, TIGER_CAT, EGYPTIAN_CAT = "n02123045", "n02123159", "n02124075"


@pytest.fixture(scope="module")
def classifiers(store: PackStore) -> Iterator[tuple[ImageClassifier, ...]]:
    with Runtime(["cpu"]) as runtime:
        yield load_classifiers(Opening.of(store, runtime))


@pytest.fixture(scope="module")
def classifier(classifiers: tuple[ImageClassifier, ...]) -> ImageClassifier:
    return classifiers[0]


@pytest.fixture(scope="module")
def extractor(classifiers: tuple[ImageClassifier, ...]) -> FeatureExtractor:
    return with_features(classifiers)


@pytest.mark.parametrize(
    ("file", "ids", "least"),
    [
        pytest.param("chelsea.png", {EGYPTIAN_CAT, TIGER_CAT, TABBY}, 95, id="cat"),
        pytest.param("coffee.png", {"n07920052"}, 90, id="espresso"),
        pytest.param("camera.png", {"n04485082"}, 80, id="tripod"),
        pytest.param(
            "motorcycle_left.png", {"n03785016", "n03791053", "n03208938"}, 70, id="motorcycle"
        ),
    ],
)
def test_what_a_photograph_shows(
    classifier: ImageClassifier, file: str, ids: set[str], least: float
) -> None:
    (chances,) = classifier.classify([photograph(file)])
    assert max(chances, key=lambda key: chances[key]) in ids
    assert sum(chances[key] for key in ids) >= least


def test_every_class_has_a_chance_and_they_add_up(classifier: ImageClassifier) -> None:
    (chances,) = classifier.classify([astronaut()])
    assert tuple(chances) == class_names(classifier.scheme)
    assert sum(chances.values()) == pytest.approx(100)
    assert min(chances.values()) >= 0


def test_a_class_is_named_by_its_wordnet_id_in_order() -> None:
    names = class_names("imagenet")
    assert len(names) == 1000
    assert list(names) == sorted(names)
    assert names[281] == TABBY
    assert len(class_names("coco")) == 80
    assert class_names("coco")[9] == "traffic light"


def test_a_batch_is_answered_as_its_pictures_are(classifier: ImageClassifier) -> None:
    pictures = [photograph(name) for name in ("chelsea.png", "coffee.png", "rocket.jpg")]
    together = classifier.classify(pictures)
    for picture, chances in zip(pictures, together, strict=True):
        (alone,) = classifier.classify([picture])
        assert list(chances.values()) == pytest.approx(list(alone.values()), abs=1e-2)
    assert classifier.classify([]) == []


@pytest.mark.parametrize("shape", [(1, 1), (2000, 3), (3, 2000), (261, 259)])
def test_pictures_of_any_shape_have_chances(
    classifier: ImageClassifier, shape: tuple[int, int]
) -> None:
    (chances,) = classifier.classify([np.full((*shape, 3), 99, np.uint8)])
    assert sum(chances.values()) == pytest.approx(100)


def likeness(extractor: FeatureExtractor, one: Image, other: Image) -> float:
    vectors = extractor.extract([one, other])
    return float(vectors[0] @ vectors[1])


def test_features_are_alike_for_the_same_picture(extractor: FeatureExtractor) -> None:
    cat = photograph("chelsea.png")
    assert likeness(extractor, cat, recompressed(cat, 60)) > 0.85
    assert likeness(extractor, cat, resized(cat, 902, 600)) > 0.9
    assert likeness(extractor, cat, mirrored(cat)) > 0.85
    assert likeness(extractor, cat, photograph("coffee.png")) < 0.6


def test_features_are_unit_vectors(extractor: FeatureExtractor) -> None:
    vectors = extractor.extract([astronaut(), photograph("rocket.jpg")])
    assert vectors.shape == (2, extractor.dimension) == (2, 1280)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert extractor.extract([]).shape == (0, 1280)
    assert extractor.feature_name == "efficientnet_lite2"
