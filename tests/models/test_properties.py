"""Colours, light and sharpness of pictures whose values are known, and of photographs."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest

from openrekog.models.properties import DominantColor, Look, measure_properties
from openrekog.models.results import Box, Image
from openrekog.models.vocabulary.colors import css_colors
from tests.models.pictures import photograph, resized

TOLERANCE = 0.5
"""Percent of the pixels: the thumbnail mixes two colours where they meet."""


def plain(red: int, green: int, blue: int, width: int = 160, height: int = 120) -> Image:
    return np.full((height, width, 3), (red, green, blue), np.uint8)


def stripes(shares: Sequence[tuple[tuple[int, int, int], int]]) -> Image:
    """Vertical stripes, each so many pixels wide."""
    return np.concatenate([plain(*rgb, width=width) for rgb, width in shares], axis=1)


def checks(size: int, dark: int = 0, bright: int = 255) -> Image:
    """A chessboard of squares of this size, 240 x 240."""
    rows, columns = np.indices((240, 240)) // size
    values = np.where((rows + columns) % 2, bright, dark).astype(np.uint8)
    return np.repeat(values[:, :, None], 3, axis=2)


def percents(colors: Sequence[DominantColor]) -> dict[str, float]:
    return {each.color.name: each.percent for each in colors}


def whole(image: Image) -> Look:
    return measure_properties(image).whole


def test_every_css_colour_is_its_own_nearest() -> None:
    for color in css_colors():
        [only] = whole(plain(*color.rgb)).colors
        assert (only.color, only.percent) == (color, 100)


def test_there_are_twelve_simple_names() -> None:
    assert {color.simplified for color in css_colors()} == {
        "black",
        "blue",
        "brown",
        "cyan",
        "green",
        "grey",
        "orange",
        "pink",
        "purple",
        "red",
        "white",
        "yellow",
    }


# As answers of DetectLabels name them.
SEEN_AT_AWS = [
    ((47, 79, 79), "darkslategrey", "grey"),
    ((85, 107, 47), "darkolivegreen", "green"),
    ((128, 128, 128), "gray", "grey"),
    ((105, 105, 105), "dimgrey", "grey"),
    ((0, 0, 0), "black", "black"),
]


@pytest.mark.parametrize(("rgb", "name", "simplified"), SEEN_AT_AWS)
def test_names_are_those_of_the_service(
    rgb: tuple[int, int, int], name: str, simplified: str
) -> None:
    [only] = whole(plain(*rgb)).colors
    assert (only.color.name, only.color.simplified) == (name, simplified)


def test_shares_of_the_pixels_the_largest_first() -> None:
    image = stripes([((255, 0, 0), 40), ((255, 255, 255), 80), ((0, 0, 255), 8)])
    found = percents(whole(image).colors)
    assert list(found) == ["white", "red", "blue"]
    assert found == pytest.approx({"white": 62.5, "red": 31.25, "blue": 6.25}, abs=TOLERANCE)


def test_a_colour_of_a_few_pixels_does_not_dominate() -> None:
    image = plain(255, 255, 255)
    image[:10, :10] = (255, 0, 0)  # half a percent
    assert percents(whole(image).colors) == {"white": pytest.approx(99.5, abs=TOLERANCE)}


def test_brightness_is_that_of_light() -> None:
    black, grey, white = (whole(plain(*[value] * 3)).brightness for value in (0, 64, 255))
    assert (black, white) == (0, 100)
    assert grey == pytest.approx(50, abs=1)


def test_contrast_is_the_spread_of_light() -> None:
    assert whole(plain(90, 90, 90)).contrast == 0
    assert whole(checks(60)).contrast == 100
    assert whole(checks(60, dark=100, bright=151)).contrast == pytest.approx(20, abs=1)


def test_sharpness_falls_with_blur() -> None:
    image = photograph("astronaut.png")
    found = [
        whole(np.asarray(cv2.GaussianBlur(image, (0, 0), sigma), np.uint8)).sharpness
        for sigma in (0.1, 1, 2, 4)
    ]
    assert found == sorted(found, reverse=True)
    assert found[0] > 65
    assert found[-1] < 8
    assert whole(plain(90, 90, 90)).sharpness == 0


def test_sharpness_does_not_grow_with_the_camera() -> None:
    image = photograph("coffee.png")
    large = resized(image, 2 * image.shape[1], 2 * image.shape[0])
    assert whole(large).sharpness == pytest.approx(whole(image).sharpness, abs=15)


def test_boxes_are_the_foreground_and_have_their_own_colours() -> None:
    image = stripes([((255, 0, 0), 40), ((0, 0, 255), 40), ((0, 128, 0), 80)])
    left, second = Box(0, 0, 0.25, 1), Box(0.25, 0, 0.25, 1)
    found = measure_properties(image, [left, second])
    assert found.foreground is not None
    assert found.background is not None
    halves = {"red": 50, "blue": 50}
    assert percents(found.foreground.colors) == pytest.approx(halves, abs=TOLERANCE)
    assert percents(found.background.colors) == {"green": 100}
    assert [percents(colors) for colors in found.instances] == [{"red": 100}, {"blue": 100}]


def test_a_box_over_everything_leaves_no_background() -> None:
    found = measure_properties(plain(9, 9, 9), [Box(-0.1, -0.1, 1.3, 1.3)])
    assert found.background is None
    assert found.foreground == found.whole


def test_a_tiny_box_has_a_colour() -> None:
    found = measure_properties(plain(255, 0, 0), [Box(0.999, 0.999, 0.0005, 0.0005)])
    assert [percents(colors) for colors in found.instances] == [{"red": 100}]


def test_without_boxes_the_foreground_is_what_the_edge_does_not_show() -> None:
    image = plain(255, 255, 255)
    image[40:80, 60:100] = (255, 0, 0)
    found = measure_properties(image)
    assert found.foreground is not None
    assert found.background is not None
    assert percents(found.foreground.colors) == {"red": 100}
    assert "red" not in percents(found.background.colors)
    assert measure_properties(plain(255, 255, 255)).foreground is None


def test_the_same_in_every_thread() -> None:
    image = photograph("chelsea.png")
    expected = measure_properties(image)
    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(measure_properties, [image] * 8)) == {expected}


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (300, 1), (4000, 3)])
def test_odd_shapes(size: tuple[int, int]) -> None:
    found = measure_properties(plain(255, 0, 0, *size), [Box(0, 0, 0.5, 0.5)])
    assert percents(found.whole.colors) == {"red": 100}
