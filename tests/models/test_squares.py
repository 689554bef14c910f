"""Pictures as squares, value by value."""

import numpy as np
import pytest

from openrekog.models.architectures.squares import averaged, imagenet_scaled, sampled
from openrekog.models.results import Image


def columns(*values: int, height: int = 3) -> Image:
    """A grey picture of a few columns."""
    row = np.repeat(np.array(values, np.uint8)[:, None], 3, axis=1)
    return np.repeat(row[None], height, axis=0)


def test_sampling_mixes_neighbours_without_rounding() -> None:
    found = sampled([columns(0, 255), columns(255, 255)], 4)
    assert (found.shape, found.dtype) == ((2, 3, 4, 4), np.float32)
    assert found[0, 0, 2].tolist() == pytest.approx([0, 0.25, 0.75, 1], abs=1e-6)
    assert found[0, 1, 0].tolist() == found[0, 0, 2].tolist()
    np.testing.assert_allclose(found[1], 1, atol=1e-6)


def test_sampling_takes_the_middle_of_what_it_shrinks() -> None:
    # Each of two lies between the middle two of its four columns: 1 and 2, or 5 and 6.
    found = sampled([columns(0, 100, 200, 0, 9, 50, 60, 9)], 2)
    assert (255 * found[0, 0, 0]).tolist() == pytest.approx([150, 55], abs=1e-4)


def test_averaging_counts_every_pixel() -> None:
    # By a triangle twice as wide as the whole: 5, 7, 7 and 5 parts of 24.
    found = averaged([columns(0, 255, 255, 0, height=4)], 1)
    assert (found.shape, found.dtype) == ((1, 3, 1, 1), np.float32)
    np.testing.assert_allclose(found[0, :, 0, 0], 14 / 24, atol=1 / 255)


def test_high_and_wide_pictures_keep_their_axes() -> None:
    image = np.zeros((6, 2, 3), np.uint8)
    image[:3, :, 0] = image[:, 1, 1] = 255
    for found in (sampled([image], 2), averaged([image], 2)):
        red, green, blue = found[0]
        assert red.tolist()[0][0] == red.tolist()[0][1] > 0.8 > 0.2 > red.tolist()[1][0]
        assert green.tolist()[0] == green.tolist()[1] == [0, 1]
        assert not blue.any()


def test_scaling_for_imagenet() -> None:
    grey = np.full((1, 3, 1, 1), 0.5, np.float32)
    expected = [(0.5 - 0.485) / 0.229, (0.5 - 0.456) / 0.224, (0.5 - 0.406) / 0.225]
    assert imagenet_scaled(grey)[0, :, 0, 0].tolist() == pytest.approx(expected, abs=1e-6)
