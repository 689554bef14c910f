"""Embeddings of real faces, and the similarity that they are given."""

from collections.abc import Callable

import numpy as np
import pytest

from openrekog.models.faces import ModelFaceAnalyzer
from openrekog.models.results import Image, Vectors
from tests.models.pictures import (
    astronaut,
    darkened,
    mirrored,
    photograph,
    recompressed,
    resized,
)


def vector(analyzer: ModelFaceAnalyzer, image: Image) -> Vectors:
    return np.asarray(analyzer.embed(image, analyzer.find(image)[:1])[0])


@pytest.mark.parametrize(
    ("make", "least"),
    [
        pytest.param(lambda: mirrored(astronaut()), 99.9, id="mirrored"),
        pytest.param(lambda: np.ascontiguousarray(np.rot90(astronaut())), 99.9, id="on its side"),
        pytest.param(lambda: recompressed(astronaut(), 15), 99.5, id="poor JPEG"),
        pytest.param(lambda: darkened(astronaut(), 0.3), 99.9, id="dark"),
        pytest.param(lambda: resized(astronaut(), 2000, 2000), 99.9, id="enlarged"),
        pytest.param(
            lambda: resized(astronaut(), 150, 150),
            99,
            id="26 pixels wide",
        ),
    ],
)
def test_the_same_person_is_similar(
    analyzer: ModelFaceAnalyzer, make: Callable[[], Image], least: float
) -> None:
    cosine = float(vector(analyzer, make()) @ vector(analyzer, astronaut()))
    assert analyzer.similarity(cosine) >= least


def test_another_person_is_not(analyzer: ModelFaceAnalyzer) -> None:
    other = vector(analyzer, photograph("camera.png"))
    assert analyzer.similarity(float(other @ vector(analyzer, astronaut()))) < 55


def test_vectors_have_unit_length_and_do_not_depend_on_the_batch(
    analyzer: ModelFaceAnalyzer,
) -> None:
    head = astronaut()[40:230, 130:320]
    canvas = np.tile(head, (2, 5, 1))
    faces = analyzer.find(canvas)
    vectors = analyzer.embed(canvas, faces)
    alone = np.concatenate([analyzer.embed(canvas, [face]) for face in faces])
    assert vectors.shape == (10, analyzer.dimension)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(vectors, alone, atol=1e-4)


def test_no_faces_give_no_vectors(analyzer: ModelFaceAnalyzer) -> None:
    assert analyzer.embed(astronaut(), []).shape == (0, analyzer.dimension)


def test_similarity_is_calibrated_and_has_an_inverse(analyzer: ModelFaceAnalyzer) -> None:
    """0.369 is the cosine at a false match rate of 1e-3 on Labeled Faces in the Wild."""
    assert analyzer.similarity(0.369) == pytest.approx(80)
    assert analyzer.similarity(-0.3) == 0
    assert analyzer.similarity(1.0) == 100
    for similarity in (1, 55, 80, 92.5, 99, 100):
        cosine = analyzer.cosine(similarity)
        assert analyzer.similarity(cosine) == pytest.approx(similarity)
        assert analyzer.similarity(cosine - 1e-4) < similarity
