"""Bodies in a real picture: the points stand where they are seen by eye."""

from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from openrekog.models.architectures.movenet import POINTS, find_points
from openrekog.models.capabilities import PoseEstimator
from openrekog.models.loading.equipment import load_poses
from openrekog.models.loading.opening import Opening
from openrekog.models.results import Body, Box
from openrekog.models.runtime import Runtime
from openrekog.models.store import PackStore
from tests.models.pictures import astronaut

# In the 512 pixels of the astronaut's picture, by eye. Her own left is at the right.
BY_EYE = {
    0: (224, 126),  # nose
    1: (247, 103),  # left eye
    2: (203, 101),  # right eye
    3: (272, 120),  # left ear
    5: (325, 255),  # left shoulder
    6: (100, 245),  # right shoulder
}
PERSON = Box(0.02, 0.0, 0.86, 1.0)


@pytest.fixture(scope="module", params=["movenet_thunder", "movenet_lightning"])
def poses(request: pytest.FixtureRequest, store: PackStore) -> Iterator[PoseEstimator]:
    with Runtime(["cpu"]) as runtime:
        opening = Opening.of(store, runtime, [request.param])
        if store.missing(opening.packs_for("pose_estimator")):
            pytest.skip(f"not fetched: {request.param}; `openrekog models pull` fetches it")
        yield load_poses(opening)


def pixels(body: Body) -> NDArray[np.float64]:
    return body.points.astype(np.float64) * 512


def test_points_stand_where_the_eye_sees_them(poses: PoseEstimator) -> None:
    (body,) = poses.estimate(astronaut(), [PERSON])
    assert body.points.shape == (POINTS, 2)
    assert body.scores.shape == (POINTS,)
    found = pixels(body)
    for point, (x, y) in BY_EYE.items():
        reach = 10 if point < 5 else 30
        assert found[point] == pytest.approx((x, y), abs=reach), point
        assert body.scores[point] > 0.4, point
    # Her legs are not in the picture.
    assert body.scores[13:].max() < 0.2


def test_left_and_right_are_the_persons_own(poses: PoseEstimator) -> None:
    mirrored = np.ascontiguousarray(astronaut()[:, ::-1])
    (body,) = poses.estimate(mirrored, [Box(0.12, 0.0, 0.86, 1.0)])
    found = pixels(body)
    for left, right in ((1, 2), (5, 6)):
        assert found[left, 0] > found[right, 0]


def test_several_persons_at_once_and_each_alone_are_the_same(poses: PoseEstimator) -> None:
    boxes = [PERSON, Box(0.3, 0.05, 0.3, 0.4), Box(0.5, 0.5, 0.9, 0.9)]
    together = poses.estimate(astronaut(), boxes)
    for box, body in zip(boxes, together, strict=True):
        (alone,) = poses.estimate(astronaut(), [box])
        np.testing.assert_allclose(body.points, alone.points, atol=0.002)
        np.testing.assert_allclose(body.scores, alone.scores, atol=0.01)


def test_nobody_has_no_body(poses: PoseEstimator) -> None:
    assert poses.estimate(astronaut(), []) == []


def test_a_point_is_the_highest_cell_near_its_guess_moved_within_it() -> None:
    """Maps made by hand: two persons, of whom the one in the middle is meant."""
    side = 8
    centre = np.zeros((1, 1, side, side), np.float32)
    centre[0, 0, 0, 0], centre[0, 0, 4, 4] = 0.9, 0.8
    steps = np.zeros((1, 2 * POINTS, side, side), np.float32)
    steps[0, 0::2, 4, 4] = -2  # up
    steps[0, 1::2, 4, 4] = 1  # to the right
    points = np.zeros((1, POINTS, side, side), np.float32)
    points[0, :, 2, 5], points[0, :, 7, 0] = 0.5, 0.9  # where guessed; of the other person
    offsets = np.zeros((1, 2 * POINTS, side, side), np.float32)
    offsets[0, 0::2, 2, 5], offsets[0, 1::2, 2, 5] = 0.25, 0.75
    places, scores = find_points(points, centre, steps, offsets)
    np.testing.assert_allclose(places, np.tile([5.75 / side, 2.25 / side], (1, POINTS, 1)))
    np.testing.assert_allclose(scores, 0.5)
