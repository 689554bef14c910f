import cv2
import numpy as np
import pytest

from openrekog.models.architectures.batches import cut
from openrekog.models.architectures.pose import HEAD, estimate_pose
from openrekog.models.calibration import Curve
from openrekog.models.geometry import (
    ARCFACE_POINTS,
    box_square,
    face_square,
    fit_similarity,
    invert,
    overlaps,
    roll_degrees,
    shares_within,
    square_map,
    suppress,
    transform,
    warp,
)
from openrekog.models.results import Box
from tests.models.pictures import astronaut, resized


@pytest.mark.parametrize(
    ("degrees", "scale", "shift"),
    [(0, 1, (0, 0)), (30, 2.5, (10, -4)), (-170, 0.1, (300, 8)), (90, 7, (-5, 1000))],
)
def test_fits_a_similarity_exactly(degrees: float, scale: float, shift: tuple[int, int]) -> None:
    turn = scale * np.exp(1j * np.deg2rad(degrees))
    matrix = np.array([[turn.real, -turn.imag, shift[0]], [turn.imag, turn.real, shift[1]]])
    found = fit_similarity(ARCFACE_POINTS, transform(ARCFACE_POINTS, matrix))
    np.testing.assert_allclose(found, matrix, atol=1e-9)


def test_a_fit_never_mirrors() -> None:
    mirrored = ARCFACE_POINTS * (-1, 1)
    assert np.linalg.det(fit_similarity(mirrored, ARCFACE_POINTS)[:, :2]) > 0


def test_inverse_maps_back() -> None:
    matrix = square_map(np.array([12.0, 7.0]), 33.0, 64, 25)
    np.testing.assert_allclose(
        transform(transform(ARCFACE_POINTS, matrix), invert(matrix)), ARCFACE_POINTS
    )


def test_a_square_keeps_the_pixels_of_a_crop() -> None:
    """A square of as many pixels as the crop has is a plain cut."""
    image = astronaut()
    cropped = warp(image, square_map(np.array([132.0, 232.0]), 64, 64), 64)
    np.testing.assert_array_equal(cropped, image[200:264, 100:164])


def test_a_turned_square_turns_the_crop() -> None:
    image = astronaut()
    square = np.array([256.0, 256.0]), 200.0, 100
    upright, turned = (warp(image, square_map(*square, roll), 100) for roll in (0, 90))
    # What lies clockwise by a quarter in the picture comes to the top again.
    assert np.abs(np.rot90(upright).astype(int) - turned).mean() < 2


def test_shrinking_averages() -> None:
    """Every pixel of a large picture counts, as when it is shrunk by area."""
    image = astronaut()
    small = warp(image, square_map(np.array([256.0, 256.0]), 512, 32), 32)
    expected = resized(image, 32, 32)
    assert np.abs(small.astype(int) - expected).mean() < 4
    aliased = cv2.warpAffine(image, square_map(np.array([256.0, 256.0]), 512, 32), (32, 32))
    assert np.abs(aliased.astype(int) - expected).mean() > 8


@pytest.mark.parametrize("place", [(-500.0, -500.0), (256.0, 5000.0), (0.0, 0.0)])
def test_crops_beyond_the_picture_are_black(place: tuple[float, float]) -> None:
    crop = warp(astronaut(), square_map(np.array(place), 400, 40), 40)
    assert crop.shape == (40, 40, 3)
    assert (crop[0, 0] == 0).all()


def test_overlaps_and_shares() -> None:
    boxes = np.array([[0, 0, 10, 10], [5, 0, 15, 10], [2, 2, 4, 4], [20, 20, 30, 30.0]])
    np.testing.assert_allclose(overlaps(boxes, boxes[0]), [1, 1 / 3, 0.04, 0])
    np.testing.assert_allclose(shares_within(boxes, boxes[2]), [1, 0, 1, 0])


def test_suppression_keeps_the_best_of_each_heap() -> None:
    boxes = np.array([[0, 0, 10, 10], [1, 1, 11, 11], [20, 20, 30, 30], [0, 0, 9, 10.0]])
    assert suppress(boxes, np.array([0.7, 0.9, 0.5, 0.8]), 0.3) == [1, 2]
    assert suppress(boxes[:0], np.array([]), 0.3) == []


def test_squares_and_rolls() -> None:
    centre, side = box_square(Box(0.25, 0.5, 0.5, 0.25), np.zeros((200, 400, 3), np.uint8))
    assert (centre.tolist(), side) == ([200, 125], 200)
    assert roll_degrees(np.array([0, 0]), np.array([5, 5])) == pytest.approx(45)


def test_the_square_of_landmarks_does_not_depend_on_roll() -> None:
    points = np.zeros((68, 2))
    points[36:42], points[42:48] = (40, 45), (72, 45)
    points[30], points[48], points[54] = (56, 63), (42, 80), (70, 80)
    centre, side = face_square(points)
    assert side == pytest.approx(100, rel=0.03)
    turn = square_map(np.array([0.5, 0.5]), 64, 64, 40)
    turned_centre, turned_side = face_square(transform(points, turn))
    assert turned_side == pytest.approx(side)
    np.testing.assert_allclose(turned_centre, transform(centre[None], turn)[0], atol=1e-6)


@pytest.mark.parametrize(
    ("yaw", "pitch", "roll"),
    [(0, 0, 0), (30, 0, 0), (-45, 10, 0), (0, 25, 0), (0, -25, 0), (10, 5, 60), (20, -10, -120)],
)
def test_pose_of_a_head_turned_on_purpose(yaw: float, pitch: float, roll: float) -> None:
    """Seen from afar: positive yaw to the right of the image, pitch up, roll clockwise."""
    a, b, c = np.deg2rad([-yaw, -pitch, roll])
    around_x = np.array([[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]])
    around_y = np.array([[np.cos(a), 0, np.sin(a)], [0, 1, 0], [-np.sin(a), 0, np.cos(a)]])
    around_z = np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
    head = np.array(list(HEAD.values()), np.float64) @ (around_z @ around_y @ around_x).T
    landmarks = np.zeros((68, 2), np.float32)
    landmarks[list(HEAD)] = (head[:, :2] / 200 + 0.5).astype(np.float32)
    pose = estimate_pose(np.zeros((1000, 1000, 3), np.uint8), landmarks)
    assert pose.yaw == pytest.approx(yaw, abs=3)
    assert pose.pitch == pytest.approx(pitch, abs=4)
    assert pose.roll == pytest.approx(roll, abs=3)


def test_curves_have_an_inverse_and_flat_ends() -> None:
    curve = Curve.through([(0, 0), (0.5, 80), (1, 100)])
    assert [curve.scale(raw) for raw in (-1, 0.25, 0.5, 0.75, 2)] == [0, 40, 80, 90, 100]
    assert [curve.unscale(scaled) for scaled in (40, 80, 90)] == [0.25, 0.5, 0.75]


@pytest.mark.parametrize("anchors", [[(0, 0)], [(0, 0), (0, 1)], [(0, 0), (1, 0)]])
def test_curves_rise(anchors: list[tuple[float, float]]) -> None:
    with pytest.raises(ValueError, match="must rise"):
        Curve.through(anchors)


@pytest.mark.parametrize(
    ("count", "largest", "sizes"),
    [(0, 8, []), (1, 8, [1]), (7, 8, [4, 2, 1]), (21, 8, [8, 8, 4, 1]), (3, 1, [1, 1, 1])],
)
def test_batches_come_in_few_sizes(count: int, largest: int, sizes: list[int]) -> None:
    pieces = list(cut(count, largest))
    assert [size for _, size in pieces] == sizes
    assert [start for start, _ in pieces] == list(np.cumsum([0, *sizes])[: len(sizes)])
