"""Where the camera changes, told of frames five a second."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import cv2
import numpy as np
import pytest

from openrekog.models.results import Image
from openrekog.server.analysis.video.cuts import HALF, Cuts
from tests.models.pictures import astronaut, photograph

STILL = 8


@dataclass(frozen=True)
class Shot:
    """A frame as `Cuts` wants one."""

    picture: Image

    def thumbnail(self, width: int, height: int) -> Image:
        small = cv2.resize(self.picture, (width, height), interpolation=cv2.INTER_AREA)
        return np.asarray(small, np.uint8)


def mixed(one: Image, other: Image, share: float) -> Image:
    other = np.asarray(cv2.resize(other, one.shape[1::-1]), np.uint8)
    return np.asarray(cv2.addWeighted(one, 1 - share, other, share, 0), np.uint8)


def dissolve(one: Image, other: Image, between: int) -> list[Image]:
    shares = np.clip((np.arange(2 * STILL + between) - STILL + 1) / (between + 1), 0, 1)
    return [mixed(one, other, float(share)) for share in shares]


def pan(width: int) -> list[Image]:
    """So much of the picture goes by between two frames."""
    wide = np.concatenate([photograph("coffee.png"), photograph("coffee.png")[:, ::-1]], axis=1)
    return [np.roll(wide, -width * step, axis=1)[:, :600] for step in range(20)]


def pan_to(one: Image, other: Image, step: int) -> list[Image]:
    """From one to what is beside it, so many pixels between two frames: all changes, but slowly."""
    pair = [np.asarray(cv2.resize(each, (600, 300)), np.uint8) for each in (one, other)]
    wide = np.concatenate(pair, axis=1)
    return [wide[:, place : place + 600] for place in range(0, 600, step)]


def moving(pictures: Sequence[Image], step: int) -> list[Image]:
    return [np.roll(each, step * turn, axis=1) for turn, each in enumerate(pictures)]


def told(pictures: Sequence[Image], cuts: Cuts) -> list[bool]:
    return [cut for each in pictures for cut in cuts.feed(cast(Any, Shot(each)))]


def changes(pictures: Sequence[Image]) -> list[int]:
    cuts = Cuts()
    return [int(place) for place in np.flatnonzero([*told(pictures, cuts), *cuts.end()])]


COLLINS, CAT, COFFEE = astronaut(), photograph("chelsea.png"), photograph("coffee.png")
BLACK = np.zeros_like(COFFEE)


@pytest.mark.parametrize(
    ("pictures", "expected"),
    [
        pytest.param(dissolve(COLLINS, CAT, 0), [8], id="cut"),
        pytest.param([COLLINS, CAT, COLLINS, COFFEE], [1, 2, 3], id="cuts, one after the other"),
        pytest.param(dissolve(COLLINS, CAT, 2), [10], id="dissolve of 0.4 s"),
        pytest.param(dissolve(COLLINS, COFFEE, 5), [12], id="dissolve of 1 s"),
        pytest.param(dissolve(COFFEE, CAT, 9), [15], id="dissolve of 2 s"),
        pytest.param([*dissolve(COLLINS, CAT, 4), COFFEE], [11, 20], id="dissolve, then a cut"),
        pytest.param([COFFEE] * 20, [], id="still"),
        pytest.param(pan(60), [], id="pan"),
        pytest.param(pan_to(COLLINS, COFFEE, 40), [], id="pan to something else"),
        pytest.param(pan_to(COFFEE, CAT, 60), [], id="fast pan to something else"),
        pytest.param(moving(dissolve(COLLINS, CAT, 5), 5), [9], id="dissolve while it moves"),
        pytest.param(
            [*[COFFEE] * 8, mixed(COFFEE, BLACK + 255, 0.5), *[COFFEE] * 8], [], id="flash"
        ),
        pytest.param([COFFEE, BLACK, COFFEE], [1], id="black"),
    ],
)
def test_where_the_camera_changes(pictures: Sequence[Image], expected: list[int]) -> None:
    assert changes(pictures) == expected


def test_what_was_put_away_goes_on() -> None:
    pictures = dissolve(COLLINS, COFFEE, 5)
    cuts, whole = Cuts(), Cuts()
    for picture in pictures:
        cuts = Cuts.taken_up(cuts.put_away())
        assert told([picture], cuts) == told([picture], whole)
    assert cuts.waiting == HALF
    assert len(cuts.seen) <= 2 * HALF + 1
