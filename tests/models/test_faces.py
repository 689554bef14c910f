"""Faces found in real photographs: NASA's portrait of Eileen Collins and others of scikit-image."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest

from openrekog.models.faces import ModelFaceAnalyzer
from openrekog.models.loading.faces import load_face_analyzer
from openrekog.models.loading.opening import Opening
from openrekog.models.results import Box, Face, Image
from openrekog.models.runtime import Runtime
from openrekog.models.store import PackStore
from openrekog.models.windows import fine_levels, levels
from tests.models.pictures import (
    astronaut,
    blurred,
    crop,
    darkened,
    grey,
    mirrored,
    photograph,
    resized,
)

# The astronaut's face in the picture of 512 x 512, by eye: chin to hairline, ear to ear.
FACE = Box(0.35, 0.122, 0.178, 0.218)


def turned(degrees: float) -> Image:
    """Turned against the clock around the middle of the face."""
    matrix = cv2.getRotationMatrix2D((225, 118), degrees, 1.0)
    return np.asarray(cv2.warpAffine(astronaut(), matrix, (512, 512)), np.uint8)


def overlap(one: Box, other: Box) -> float:
    right = min(one.left + one.width, other.left + other.width)
    bottom = min(one.top + one.height, other.top + other.height)
    sides = max(0.0, right - max(one.left, other.left)), max(0.0, bottom - max(one.top, other.top))
    shared = sides[0] * sides[1]
    return shared / (one.area + other.area - shared)


def only(faces: list[Face]) -> Face:
    (face,) = faces
    return face


MIRRORED_FACE = Box(1 - FACE.left - FACE.width, FACE.top, FACE.width, FACE.height)
CENTRED_FACE = Box(0.35, 0.125, 0.18, 0.21)


@pytest.mark.parametrize(
    ("make", "box", "roll"),
    [
        pytest.param(astronaut, FACE, 3, id="as it is"),
        pytest.param(lambda: mirrored(astronaut()), MIRRORED_FACE, -3, id="mirrored"),
        pytest.param(lambda: grey(astronaut()), FACE, 3, id="grey"),
        pytest.param(lambda: darkened(astronaut(), 0.25), FACE, 3, id="dark"),
        pytest.param(lambda: resized(astronaut(), 100, 100), FACE, 3, id="a face of 18 pixels"),
        pytest.param(lambda: resized(astronaut(), 4000, 4000), FACE, 3, id="4000 pixels"),
        pytest.param(
            lambda: resized(crop(170, 50, 280, 190), 3143, 4000),
            Box(0.08, 0.1, 0.82, 0.79),
            3,
            id="fills 4000 pixels",
        ),
        pytest.param(lambda: turned(30), CENTRED_FACE, -27, id="30 degrees to the left"),
        pytest.param(lambda: turned(-45), CENTRED_FACE, 48, id="45 degrees to the right"),
        pytest.param(lambda: turned(90), CENTRED_FACE, -87, id="on its side"),
        pytest.param(lambda: turned(-90), CENTRED_FACE, 93, id="on its other side"),
        pytest.param(lambda: turned(180), CENTRED_FACE, -177, id="upside down"),
    ],
)
def test_finds_the_face_in_every_form(
    analyzer: ModelFaceAnalyzer, make: Callable[[], Image], box: Box, roll: float
) -> None:
    face = only(analyzer.find(make()))
    assert overlap(face.box, box) > 0.6
    assert face.confidence > 99
    assert face.pose.roll == pytest.approx(roll, abs=5)
    assert abs(face.pose.yaw) < 6
    assert abs(face.pose.pitch) < 12
    inside = (face.landmarks >= 0) & (face.landmarks <= 1)
    assert face.landmarks.shape == (68, 2)
    assert inside.all()


@pytest.mark.parametrize("size", [1000, 4000])
@pytest.mark.parametrize("turns", [1, 2, 3])
def test_finds_a_face_that_fills_a_turned_picture(
    analyzer: ModelFaceAnalyzer, turns: int, size: int
) -> None:
    portrait = resized(crop(160, 40, 300, 220), round(size * 7 / 9), size)
    face = only(analyzer.find(np.ascontiguousarray(np.rot90(portrait, turns))))
    assert face.confidence > 99
    # Quarter turns are against the clock, roll is with it.
    assert (face.pose.roll + 90 * turns) % 360 == pytest.approx(3, abs=5)


def test_landmarks_sit_where_the_features_are(analyzer: ModelFaceAnalyzer) -> None:
    """Pixels of the 512-pixel portrait, read off by eye."""
    points = only(analyzer.find(astronaut())).landmarks * 512
    expected = {
        "eye at the left": (points[36:42].mean(axis=0), (202, 101)),
        "eye at the right": (points[42:48].mean(axis=0), (248, 103)),
        "nose tip": (points[30], (224, 127)),
        "mouth corner at the left": (points[48], (202, 140)),
        "mouth corner at the right": (points[54], (245, 141)),
        "chin": (points[8], (223, 178)),
    }
    for name, (found, eye) in expected.items():
        assert np.abs(found - eye).max() < 4, (name, found)


@pytest.mark.parametrize(("width", "height"), [(1280, 853), (1920, 1280), (4000, 2667)])
def test_finds_faces_of_24_pixels_in_a_large_picture(
    analyzer: ModelFaceAnalyzer, width: int, height: int
) -> None:
    canvas = resized(photograph("coffee.png"), width, height)
    head = resized(crop(150, 50, 300, 210), 40, 43)  # the face in it is 24 pixels wide
    places = [
        (round(width * x), round(height * y)) for x, y in ((0.1, 0.1), (0.3, 0.3), (0.8, 0.2))
    ]
    for left, top in places:
        canvas[top : top + 43, left : left + 40] = head
    faces = analyzer.find(canvas)
    middles = [
        ((f.box.left + f.box.width / 2) * width, (f.box.top + f.box.height / 2) * height)
        for f in faces
    ]
    assert len(faces) == 3
    for left, top in places:
        assert min(abs(x - left - 20) + abs(y - top - 18) for x, y in middles) < 10


def test_finds_small_faces_among_larger_ones(analyzer: ModelFaceAnalyzer) -> None:
    """A crowd: the nearest faces are five times as large as the farthest."""
    canvas = resized(photograph("coffee.png"), 4000, 2667)
    head = crop(150, 50, 300, 210)  # the face in it is 0.6 of it wide
    for column, width in enumerate([24, 28, 32, 36, 60, 120] * 2):
        small = resized(head, round(width / 0.6), round(width / 0.56))
        left, top = 300 * column + 150, 500 + 150 * (column % 7)
        canvas[top : top + small.shape[0], left : left + small.shape[1]] = small
    assert len(analyzer.find(canvas)) == 12


def test_finds_a_face_cut_by_the_edge(analyzer: ModelFaceAnalyzer) -> None:
    face = only(analyzer.find(crop(212, 0, 512, 300)))
    assert face.box.left < 0.02
    assert face.confidence > 90


def test_gives_the_hundred_largest_of_many_faces(analyzer: ModelFaceAnalyzer) -> None:
    head = crop(160, 50, 300, 220)
    canvas = np.full((1200, 1320, 3), 120, np.uint8)
    for row in range(10):
        for column in range(12):
            size = 70 + 2 * row
            top, left = 120 * row + 5, 110 * column + 5
            canvas[top : top + size, left : left + size] = resized(head, size, size)
    faces = analyzer.find(canvas)
    areas = [face.box.area for face in faces]
    assert len(faces) == 100
    assert areas == sorted(areas, reverse=True)
    # The smallest row and most of the next are the twenty that are left out.
    assert sum(face.box.top < 0.09 for face in faces) <= 4


@pytest.mark.parametrize(
    "name", ["chelsea.png", "coffee.png", "rocket.jpg", "motorcycle_left.png", "brick.png"]
)
def test_sees_no_face_where_there_is_none(analyzer: ModelFaceAnalyzer, name: str) -> None:
    assert analyzer.find(photograph(name)) == []


@pytest.mark.parametrize("size", [(80, 80), (81, 3000), (3000, 81), (640, 480)])
@pytest.mark.parametrize("shade", [0, 255])
def test_a_plain_picture_of_any_form_has_no_face(
    analyzer: ModelFaceAnalyzer, size: tuple[int, int], shade: int
) -> None:
    assert analyzer.find(np.full((*size, 3), shade, np.uint8)) == []


def test_a_turned_head_has_a_signed_pose(analyzer: ModelFaceAnalyzer) -> None:
    """The photographer looks to the right of the picture and down into his camera."""
    image = photograph("camera.png")
    right, left = only(analyzer.find(image)).pose, only(analyzer.find(mirrored(image))).pose
    assert right.yaw > 25
    assert left.yaw == pytest.approx(-right.yaw, abs=8)
    assert right.pitch < -5
    assert left.pitch == pytest.approx(right.pitch, abs=8)


@pytest.mark.parametrize(
    ("make", "brightness", "sharpness"),
    [
        pytest.param(astronaut, (75, 100), (60, 100), id="a good portrait"),
        pytest.param(lambda: blurred(astronaut(), 3), (75, 100), (0, 15), id="blur"),
        pytest.param(lambda: resized(astronaut(), 90, 90), (75, 100), (0, 20), id="16 pixels"),
        pytest.param(lambda: darkened(astronaut(), 0.15), (5, 35), (50, 100), id="dark"),
    ],
)
def test_quality(
    analyzer: ModelFaceAnalyzer,
    make: Callable[[], Image],
    brightness: tuple[float, float],
    sharpness: tuple[float, float],
) -> None:
    quality = only(analyzer.find(make())).quality
    assert brightness[0] <= quality.brightness <= brightness[1]
    assert sharpness[0] <= quality.sharpness <= sharpness[1]


def test_threads_get_the_same_answers(analyzer: ModelFaceAnalyzer) -> None:
    images = [astronaut(), resized(astronaut(), 300, 300), photograph("camera.png")] * 4
    alone = [analyzer.find(image)[0].landmarks for image in images]
    with ThreadPoolExecutor(4) as threads:
        together = [faces[0].landmarks for faces in threads.map(analyzer.find, images)]
    assert all(np.array_equal(one, other) for one, other in zip(alone, together, strict=True))


def test_windows_come_in_few_shapes_and_cover_every_picture() -> None:
    """A session's memory grows with each new input shape."""
    shapes = set()
    for width in range(80, 10_000, 311):
        for height in range(80, 10_000, 173):
            for level in levels(width, height) + fine_levels(width, height):
                shapes.add((level.window_width, level.window_height))
                corners = list(level.corners())
                assert max(x for x, _ in corners) + level.window_width >= level.width
                assert max(y for _, y in corners) + level.window_height >= level.height
    assert len(shapes) <= 20
    assert all(side % 32 == 0 for shape in shapes for side in shape)


def test_the_quality_mode_shows_every_window_to_both_detectors(store: PackStore) -> None:
    calls: Counter[str] = Counter()

    def count(name: str, _seconds: float, _batch: int) -> None:
        calls[name] += 1

    with Runtime(["cpu"], observer=count) as runtime:
        quality = load_face_analyzer(Opening.of(store, runtime, ["centerface"]))
        face = only(quality.find(astronaut()))
    assert calls["centerface/centerface"] >= calls["yunet/yunet"] > 0
    assert overlap(face.box, FACE) > 0.6
    assert face.confidence > 99
