"""Objects on real photographs, and how a picture of any size becomes few input shapes."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pytest

from openrekog.models.architectures.objects import MOST_OBJECTS, ObjectCandidates
from openrekog.models.architectures.yolox import YoloX
from openrekog.models.calibration import ClassCurves
from openrekog.models.capabilities import ObjectDetector
from openrekog.models.loading.labels import load_object_detector
from openrekog.models.loading.opening import Opening
from openrekog.models.pack import packs
from openrekog.models.results import Box, DetectedObject, Image
from openrekog.models.runtime import Runtime
from openrekog.models.session import Array, Feeds, Session, Shape
from openrekog.models.store import PackStore
from tests.models.pictures import astronaut, photograph, resized

CURVES = ClassCurves.through(packs()["yolox_nano"].confidence)
PLAIN = ClassCurves.through({"others": [(0.0, 0), (1.0, 100)]})
SURE = 55.0


@pytest.fixture(scope="module")
def opening(store: PackStore) -> Iterator[Opening]:
    with Runtime(["cpu"]) as runtime:
        yield Opening.of(store, runtime)


@pytest.fixture(scope="module")
def detector(opening: Opening) -> ObjectDetector:
    return load_object_detector(opening)


def sure(objects: Sequence[DetectedObject], least: float = SURE) -> list[str]:
    return [thing.name for thing in objects if thing.confidence >= least]


@pytest.mark.parametrize(
    ("file", "name", "box"),
    [
        pytest.param("astronaut.png", "person", Box(0.06, 0.03, 0.70, 0.91), id="portrait"),
        pytest.param("camera.png", "person", Box(0.02, 0.12, 0.54, 0.82), id="black and white"),
        pytest.param("chelsea.png", "cat", Box(0.19, 0.0, 0.71, 0.96), id="filling the picture"),
        pytest.param("coffee.png", "cup", Box(0.27, 0.11, 0.42, 0.61), id="thing"),
        pytest.param("motorcycle_left.png", "motorcycle", Box(0.12, 0.11, 0.81, 0.84), id="garage"),
    ],
)
def test_the_first_object_of_a_photograph(
    detector: ObjectDetector, file: str, name: str, box: Box
) -> None:
    (objects,) = detector.detect([photograph(file)])
    assert objects[0].name == name
    assert objects[0].confidence >= SURE
    found = objects[0].box
    assert (found.left, found.top, found.width, found.height) == pytest.approx(
        (box.left, box.top, box.width, box.height), abs=0.07
    )


def test_each_picture_of_a_batch_has_its_own_objects(detector: ObjectDetector) -> None:
    pictures = [photograph(name) for name in ("chelsea.png", "astronaut.png", "moon.png")]
    together = detector.detect(pictures)
    assert [sure(objects) for objects in together] == [["cat"], ["person"], []]
    assert together == [detector.detect([picture])[0] for picture in pictures]
    assert detector.detect([]) == []


def test_the_most_confident_comes_first_and_boxes_end_at_the_edge(detector: ObjectDetector) -> None:
    for file in ("motorcycle_right.png", "coins.png", "chelsea.png"):
        (objects,) = detector.detect([photograph(file)])
        confidences = [thing.confidence for thing in objects]
        assert confidences == sorted(confidences, reverse=True)
        assert all(0 <= confidence <= 100 for confidence in confidences)
        for thing in objects:
            assert min(thing.box.left, thing.box.top) >= 0
            assert thing.box.left + thing.box.width <= 1 + 1e-9
            assert thing.box.top + thing.box.height <= 1 + 1e-9
            assert thing.box.area > 0


def crowd(across: int, down: int) -> Image:
    """A large picture of many small people, 220 pixels from one to the next."""
    place = np.full((220, 220, 3), 200, np.uint8)
    place[30:190, 30:190] = resized(astronaut(), 160, 160)
    return np.tile(place, (down, across, 1))


def test_small_people_of_a_large_photograph_are_found_once_each(
    opening: Opening, detector: ObjectDetector
) -> None:
    picture = crowd(8, 6)
    (objects,) = detector.detect([picture])
    one_look = YoloX(opening.open("yolox_nano", "yolox_nano.onnx"), CURVES, fine_side=None)
    (coarse,) = one_look.detect([picture])
    assert sure(objects).count("person") == 48
    assert sure(coarse).count("person") < 24


class Recorder(Session):
    """A network that sees in each window the rows that the test gives, and remembers its shapes."""

    name, provider = "recorder", "cpu"
    inputs: Mapping[str, Shape] = {"images": ("batch", 3, "height", "width")}
    outputs: Mapping[str, Shape] = {"output": ("batch", "rows", 85)}

    def __init__(self, *rows: tuple[int, Sequence[float]]) -> None:
        self.shapes: set[tuple[int, ...]] = set()
        self._rows = rows

    def run(self, feeds: Feeds) -> list[Array]:
        (pixels,) = feeds.values()
        self.shapes.add(pixels.shape)
        height, width = pixels.shape[2:]
        cells = sum((height // stride) * (width // stride) for stride in (8, 16, 32))
        output = np.zeros((1, cells, 85), np.float32)
        for place, values in self._rows:
            output[0, place, : len(values)] = values
        return [output]


def test_pictures_of_all_sizes_go_through_few_shapes() -> None:
    recorder = Recorder()
    sizes = [(1, 1), (3, 900), (900, 3), (80, 80), (640, 480), (720, 1280), (1333, 999)]
    sizes += [(31, 4000), (2500, 2500), (999, 998), (500, 375), (375, 500)]
    YoloX(recorder, PLAIN).detect([np.zeros((*size, 3), np.uint8) for size in sizes])
    sides = {(640, short) for short in (384, 480, 640)} | {
        (1280, short) for short in (736, 960, 1280)
    }
    assert recorder.shapes <= {(1, 3, a, b) for side in sides for a, b in (side, side[::-1])}


def test_a_row_is_decoded_as_the_paper_says() -> None:
    """Of the 80 x 60 cells of stride 8 in a window of 640 x 480, number 322 is the third of the
    fifth row; its box is 16 wide and 32 high, and its class the second, bicycle."""
    row = (322, [0.5, 0.25, np.log(2), np.log(4), 0.9, 0.0, 0.5])
    ((found,),) = YoloX(Recorder(row), PLAIN).detect([np.zeros((480, 640, 3), np.uint8)])
    assert found.name == "bicycle"
    assert found.confidence == pytest.approx(45, abs=1e-4)
    middle = found.box.left + found.box.width / 2, found.box.top + found.box.height / 2
    assert middle == pytest.approx((8 * 2.5 / 640, 8 * 4.25 / 480))
    assert (found.box.width, found.box.height) == pytest.approx((16 / 640, 32 / 480))


def test_a_box_gives_way_to_a_better_one_of_its_class_only() -> None:
    boxes = np.array([[0, 0, 10, 10], [1, 0, 10, 10], [0, 0, 10, 9], [50, 0, 60, 10]], np.float64)
    found = ObjectCandidates(boxes, np.array([0.5, 0.8, 0.6, 0.4]), np.array([3, 3, 7, 3]))
    kept = found.suppressed(0.5)
    assert kept.scores.tolist() == [0.8, 0.6, 0.4]
    assert kept.classes.tolist() == [3, 7, 3]


def test_no_more_than_a_hundred_objects_are_given() -> None:
    rows = [(place, [0.5, 0.5, 0.0, 0.0, 0.9, 0.5 + place / 1e4]) for place in range(0, 300, 2)]
    (found,) = YoloX(Recorder(*rows), PLAIN).detect([np.zeros((480, 640, 3), np.uint8)])
    assert len(found) == MOST_OBJECTS
    assert found[0].confidence == pytest.approx(90 * (0.5 + 298 / 1e4), abs=1e-3)


def test_a_class_with_a_curve_of_its_own_is_read_by_it() -> None:
    assert CURVES.scale("person", 0.5) == 80
    assert CURVES.scale("dog", 0.55) == 57
