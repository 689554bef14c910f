"""Where text is found: canvases, cores grown to lines, and rectangles that may be turned."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from openrekog.models.architectures.ctc import own_width
from openrekog.models.architectures.dbnet import CANVASES, choose, lines
from openrekog.models.quadrilaterals import around, cut_out, grown, part, sides, turned
from openrekog.models.results import Points


@pytest.mark.parametrize(
    ("width", "height"), [(1280, 720), (720, 1280), (4000, 3000), (80, 80), (10000, 80), (90, 9000)]
)
def test_a_canvas_holds_the_picture_and_wastes_little(width: int, height: int) -> None:
    image = np.zeros((height, width, 3), np.uint8)
    canvas = choose(image, CANVASES)
    scale = canvas.scale(image)
    assert round(width * scale) <= canvas.width
    assert round(height * scale) <= canvas.height
    assert canvas.width % 32 == canvas.height % 32 == 0
    if 0.3 < width / height < 3 and width > 400:
        assert width * height * scale**2 > 0.8 * canvas.width * canvas.height


def drawn(corners: Points, shape: tuple[int, int] = (200, 400)) -> NDArray[np.float32]:
    chances = np.zeros(shape, np.float32)
    cv2.fillConvexPoly(chances, corners.astype(np.int32), [0.9])
    return chances


def test_a_core_grows_to_its_line() -> None:
    core = np.array([[100, 80], [299, 80], [299, 99], [100, 99]], np.float32)
    (line,) = lines(drawn(core))
    width, height = sides(line)
    # The core and the pixel that the mask is dilated by, grown by 1.2 times area / circumference.
    distance = 200 * 20 * 1.2 / (2 * 220)
    assert width == pytest.approx(200 + 2 * distance, abs=2)
    assert height == pytest.approx(20 + 2 * distance, abs=2)
    np.testing.assert_allclose(line.mean(axis=0), [199.5, 89.5], atol=1)


def test_faint_and_tiny_cores_are_no_lines() -> None:
    core = np.array([[100, 80], [299, 80], [299, 99], [100, 99]], np.float32)
    assert lines(drawn(core) * np.float32(0.5)) == []
    assert lines(drawn(np.array([[10, 10], [12, 10], [12, 11], [10, 11]], np.float32))) == []


@pytest.mark.parametrize("degrees", [-40, -10, 0, 10, 40])
def test_rectangles_begin_at_the_top_left(degrees: float) -> None:
    corners = np.array([[-50, -10], [50, -10], [50, 10], [-50, 10]], np.float32)
    turn = cv2.getRotationMatrix2D((0, 0), -degrees, 1)[:, :2].astype(np.float32)
    np.testing.assert_allclose(around(corners @ turn.T), corners @ turn.T, atol=0.01)


def test_rectangles_are_grown_turned_and_divided() -> None:
    corners = np.array([[0, 0], [100, 0], [100, 20], [0, 20]], np.float32)
    np.testing.assert_allclose(grown(corners, 5)[[0, 2]], [[-5, -5], [105, 25]])
    np.testing.assert_allclose(turned(corners, 1)[0], [100, 0])
    np.testing.assert_allclose(part(corners, 0.25, 0.5)[[0, 2]], [[25, 0], [50, 20]])


def test_a_crop_is_upright() -> None:
    image = np.zeros((100, 100, 3), np.uint8)
    image[20:60, 30:40] = 255  # a bar 10 wide, 40 high
    bar = np.array([[30, 20], [40, 20], [40, 60], [30, 60]], np.float32)
    assert cut_out(image, bar, 10, 40).min() > 200
    assert cut_out(image, turned(bar, 3), 40, 10).min() > 200


def test_widths_follow_the_form_of_the_line() -> None:
    line = np.array([[0, 0], [100, 0], [100, 20], [0, 20]], np.float32)
    assert own_width(line) == 240
