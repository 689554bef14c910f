"""Time codes, shots and cues, on frames that are made up."""

import numpy as np
import pytest

from openrekog.models.fake.videos import FakeShotDetector
from openrekog.server.analysis.video.cues import BARS, BlackFilter, color_bars
from openrekog.server.analysis.video.shots import Shots
from openrekog.server.analysis.video.timecode import timecode


@pytest.mark.parametrize(
    ("frame", "rate", "code"),
    [
        (0, 25, "00:00:00:00"),
        (25 * 3661 + 7, 25, "01:01:01:07"),
        (1799, 30000 / 1001, "00:00:59;29"),
        # The first minute has no ;00 and ;01, the tenth has.
        (1800, 30000 / 1001, "00:01:00;02"),
        (17982, 30000 / 1001, "00:10:00;00"),
        (107892, 30000 / 1001, "01:00:00;00"),
        (3600, 60000 / 1001, "00:01:00;04"),
        (24, 24000 / 1001, "00:00:01:00"),
    ],
)
def test_time_codes(frame: int, rate: float, code: str) -> None:
    assert timecode(frame, rate) == code


class Shot:
    """A frame of one colour."""

    def __init__(self, index: int, value: int) -> None:
        self.index = index
        self.timestamp_ms = index * 40
        self.value = value

    def thumbnail(self, width: int, height: int) -> np.ndarray:
        return np.full((height, width, 3), self.value, np.uint8)


def shots_of(values: list[int], put_away_at: int | None = None) -> list[tuple[int, int]]:
    shots = Shots(FakeShotDetector(), 0.5)
    found = []
    for index, value in enumerate(values):
        if index == put_away_at:
            shots = Shots.taken_up(FakeShotDetector(), 0.5, shots.put_away())
        found += shots.feed(Shot(index, value))  # type: ignore[arg-type]  # all that is asked of it
    found += shots.end()
    return [(run.first.frame, run.last.frame) for run in found]


@pytest.mark.parametrize(
    "cuts", [[], [30], [30, 31], [10, 70, 149], [24, 25, 26, 49, 50, 51, 99, 100]], ids=str
)
@pytest.mark.parametrize("length", [151, 200])
def test_every_shot_comes_out_once_and_none_is_lost(cuts: list[int], length: int) -> None:
    values, value = [], 0
    for index in range(length):
        values.append(value)
        if index in cuts:
            value = 255 - value
    # A shot of one frame between two cuts is part of the change.
    ends = [cut for cut in cuts if cut - 1 not in cuts]
    starts = [0, *(cut + 1 for cut in cuts if cut + 1 not in cuts)]
    expected = [*zip(starts, [*ends, length - 1], strict=True)]
    assert shots_of(values) == expected
    for moment in (1, 60, 120):
        assert shots_of(values, moment) == expected


def test_color_bars_and_what_is_none() -> None:
    bars = np.repeat((BARS * 191).astype(np.uint8), 23, axis=0)[:160]
    picture = np.broadcast_to(bars[None], (90, len(bars), 3))
    wide = np.concatenate([picture, picture[:, -1:].repeat(160 - len(bars), axis=1)], axis=1)
    assert color_bars(wide)
    assert not color_bars(np.ascontiguousarray(wide[:, ::-1]))
    assert not color_bars(np.full((90, 160, 3), 128, np.uint8))


def test_black_is_measured_as_documented() -> None:
    luma = np.zeros((90, 160), np.uint8)
    luma[0, :144] = 52
    black = BlackFilter(max_luma=0.2, min_coverage=99)
    assert black.confidence(luma) == 99.0
    luma[1, 0] = 52
    assert black.confidence(luma) is None
    assert BlackFilter(0.21, 99).confidence(luma) == 100.0
