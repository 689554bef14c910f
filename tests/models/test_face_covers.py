"""Whether faces are covered. Real pictures of masks are not at hand: bare faces must be bare, and
a mask drawn over a real face must be seen."""

from collections.abc import Iterator

import cv2
import numpy as np
import pytest

from openrekog.models.capabilities import FaceCoverClassifier
from openrekog.models.faces import ModelFaceAnalyzer
from openrekog.models.loading.equipment import load_face_covers
from openrekog.models.loading.opening import Opening
from openrekog.models.results import Box, Face, Image
from openrekog.models.runtime import Runtime
from openrekog.models.store import PackStore
from tests.models.pictures import astronaut


@pytest.fixture(scope="module")
def covers(store: PackStore) -> Iterator[FaceCoverClassifier]:
    with Runtime(["cpu"]) as runtime:
        yield load_face_covers(Opening.of(store, runtime))


@pytest.fixture(scope="module")
def face(analyzer: ModelFaceAnalyzer) -> Face:
    (face,) = analyzer.find(astronaut())
    return face


def with_mask(image: Image, face: Face) -> Image:
    """A surgical mask from ear to ear, over chin and nose."""
    points = (face.landmarks * (image.shape[1], image.shape[0])).round().astype(np.int32)
    masked = image.copy()
    cv2.fillPoly(masked, [np.concatenate([points[2:15], points[28:29]])], (170, 205, 225))
    return masked


def test_a_bare_face_is_bare(covers: FaceCoverClassifier, face: Face) -> None:
    (judgement,) = covers.classify(astronaut(), [face.box])
    assert judgement.value is False
    assert judgement.confidence > 95


def test_a_mask_is_seen(covers: FaceCoverClassifier, face: Face) -> None:
    (judgement,) = covers.classify(with_mask(astronaut(), face), [face.box])
    assert judgement.value is True
    assert judgement.confidence > 70


def test_faces_at_once_and_each_alone_are_the_same(covers: FaceCoverClassifier, face: Face) -> None:
    masked = with_mask(astronaut(), face)
    beyond = Box(0.9, 0.9, 0.3, 0.3)  # reaches over the edge
    boxes = [face.box, beyond, Box(0.0, 0.0, 1.0, 1.0)]
    for box, judgement in zip(boxes, covers.classify(masked, boxes), strict=True):
        (alone,) = covers.classify(masked, [box])
        assert alone.value == judgement.value
        assert alone.confidence == pytest.approx(judgement.confidence, abs=0.1)


def test_no_face_no_answer(covers: FaceCoverClassifier) -> None:
    assert covers.classify(astronaut(), []) == []
