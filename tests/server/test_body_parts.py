"""Where the parts of a body are: bodies made by hand in a picture of 400 by 200 pixels."""

import numpy as np
import pytest

from openrekog.models.results import Body, Box, Face, Image, Pose, Quality
from openrekog.server.analysis.body_parts import Part, assign_faces, find_parts

IMAGE: Image = np.zeros((200, 400, 3), np.uint8)

# x and y in pixels at 1 pixel a cm, facing the camera, arms hanging: the own left is at the right.
STANDING = [
    (100, 40),  # nose
    *((103, 36), (97, 36)),  # eyes
    *((107, 38), (93, 38)),  # ears
    *((118, 66), (82, 66)),  # shoulders
    *((120, 96), (80, 96)),  # elbows
    *((120, 122), (80, 122)),  # wrists
    *((110, 116), (90, 116)),  # hips
    *((110, 158), (90, 158)),  # knees
    *((110, 198), (90, 198)),  # ankles
]


def body(scores: dict[int, float] | None = None, shift: float = 0, least: float = 0.9) -> Body:
    points = (np.array(STANDING) + np.array([shift, 0])) / (400, 200)
    known = np.full(17, least)
    known[list(scores or {})] = list((scores or {}).values())
    return Body(points.astype(np.float32), known)


def face(x: float, y: float, width: float = 16, height: float = 20) -> Face:
    box = Box((x - width / 2) / 400, (y - height / 2) / 200, width / 400, height / 200)
    return Face(box, 99.0, np.zeros((68, 2), np.float32), Pose(0, 0, 0), Quality(50, 50))


def parts(body: Body, face: Face | None = None) -> dict[str, Part]:
    return {part.name: part for part in find_parts(body, face, IMAGE)}


def pixels(box: Box) -> tuple[float, float, float, float]:
    """Middle, width and height."""
    middle = (box.left + box.width / 2) * 400, (box.top + box.height / 2) * 200
    return *middle, box.width * 400, box.height * 200


def test_a_whole_body_has_its_four_parts() -> None:
    found = parts(body())
    assert list(found) == ["FACE", "HEAD", "LEFT_HAND", "RIGHT_HAND"]
    for part in found.values():
        assert part.confidence == pytest.approx(90.3, abs=0.1)
    assert pixels(found["FACE"].box) == pytest.approx((100, 40, 15, 19), abs=0.5)
    x, y, width, height = pixels(found["HEAD"].box)
    assert (width, height) == pytest.approx((38.4, 38.4), abs=0.5)
    assert x == pytest.approx(100, abs=0.5)
    assert y == pytest.approx(37.6 - 4.6, abs=0.5)  # above the head's middle: room for a hat


def test_hands_are_the_persons_own_and_go_on_from_the_forearm() -> None:
    found = parts(body())
    for name, x in (("LEFT_HAND", 120), ("RIGHT_HAND", 80)):
        assert pixels(found[name].box) == pytest.approx((x, 131.5, 24.7, 24.7), abs=0.6)


def test_a_hand_without_its_elbow_is_around_the_wrist() -> None:
    x, y, *_ = pixels(parts(body({7: 0.1}))["LEFT_HAND"].box)
    assert (x, y) == pytest.approx((120, 122), abs=0.5)


def test_a_found_face_is_the_face_and_gives_the_scale() -> None:
    own = face(100, 40, 30, 38)
    found = parts(body({0: 0.2, 1: 0.2, 2: 0.2}), own)
    assert found["FACE"].box == own.box
    assert found["FACE"].confidence == 99
    assert found["HEAD"].confidence == 99
    assert pixels(found["LEFT_HAND"].box)[2] == pytest.approx(2 * 24.7, abs=0.5)


@pytest.mark.parametrize(
    ("scores", "seen"),
    [
        pytest.param({0: 0.1, 1: 0.1, 2: 0.1}, {"HEAD"}, id="from behind"),
        pytest.param(dict.fromkeys(range(5), 0.1), set(), id="head cut off"),
        pytest.param({2: 0.1, 4: 0.1}, {"FACE", "HEAD"}, id="in profile"),
    ],
)
def test_which_parts_of_a_head_are_seen(scores: dict[int, float], seen: set[str]) -> None:
    found = parts(body({**scores, 9: 0.1, 10: 0.1}, least=0.95))
    assert set(found) == seen


def test_a_hand_beyond_the_edge_is_not_seen() -> None:
    assert set(parts(body(shift=-90))) & {"LEFT_HAND", "RIGHT_HAND"} == {"LEFT_HAND"}


def test_nothing_is_said_of_a_body_that_is_hardly_seen() -> None:
    assert parts(body(least=0.2)) == {}


def test_each_body_gets_its_own_face() -> None:
    near, far = face(101, 40), face(300, 40)
    assert assign_faces([body(), body(shift=200)], [far, near], IMAGE) == [near, far]
    assert assign_faces([body(), body(shift=100)], [near], IMAGE) == [near, None]
    assert assign_faces([body(), body(shift=2)], [near], IMAGE) == [near, None]
