"""Time codes, shots and cues, on frames that are made up."""

import numpy as np
import orjson
import pytest

from openrekog.models.fake.text import FakeTextReader
from openrekog.models.fake.videos import FakeShotDetector
from openrekog.server.analysis.video.cues import BARS, BlackFilter, Cues, color_bars
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


@pytest.mark.parametrize(
    ("black", "cues"),
    [
        (1, [("Content", 0, 20)]),
        (2, [("Content", 0, 21)]),
        (3, [("Content", 0, 9), ("BlackFrames", 10, 12), ("Content", 13, 22)]),
    ],
)
def test_a_flash_of_black_is_no_cue_and_parts_nothing(
    black: int, cues: list[tuple[str, int, int]]
) -> None:
    """Below 80 ms, which are three frames here."""
    frames = [128] * 10 + [0] * black + [128] * 10
    for moment in (None, 11, 12):
        kept = Cues(FakeTextReader(), BlackFilter(0.2, 99), duration_ms=0)
        found = []
        for index, value in enumerate(frames):
            if index == moment:
                again = Cues(FakeTextReader(), BlackFilter(0.2, 99), duration_ms=0)
                kept = again.taken_up(orjson.loads(orjson.dumps(kept.put_away())))
            found += kept.feed(Shot(index, value))  # type: ignore[arg-type]  # all it asks of it
        found += kept.end()
        runs = [(one.kind, one.run.first.frame, one.run.last.frame) for one in found]
        assert sorted(runs, key=lambda run: run[1]) == cues


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
