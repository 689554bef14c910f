"""The light detector of shots: the library's own cuts, strip by strip, and without weights."""

import sys
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest
from scenedetect import AdaptiveDetector, FrameTimecode

from openrekog.models.architectures.adaptive_shots import AdaptiveShots, chance
from openrekog.models.architectures.signatures import MissingPackageError
from openrekog.models.loading.opening import Opening
from openrekog.models.loading.videos import load_shot_detector
from openrekog.models.pack import choose
from openrekog.models.runtime import Runtime
from openrekog.models.store import PackStore
from openrekog.server.analysis.video.shots import Shots
from tests.acceptance.photos import photograph

PHOTOGRAPHS = ("astronaut.png", "chelsea.png", "coffee.png", "rocket.jpg")
LENGTHS = (30, 41, 4, 75, 50, 20, 3, 40)
"""Frames of each shot: cuts lie in the middle of strips and at their ends."""


class Small:
    def __init__(self, index: int, pixels: np.ndarray) -> None:
        self.index = index
        self.timestamp_ms = index * 40
        self.pixels = pixels

    def thumbnail(self, width: int, height: int) -> np.ndarray:
        assert self.pixels.shape == (height, width, 3)
        return self.pixels


@pytest.fixture(scope="module")
def film() -> list[Small]:
    """Photographs over which the camera moves a pixel in four frames."""
    shots = []
    for shot, length in enumerate(LENGTHS):
        photo = np.asarray(photograph(PHOTOGRAPHS[shot % len(PHOTOGRAPHS)]))
        photo = cv2.resize(photo, (144, 48), interpolation=cv2.INTER_AREA)
        shots += [photo[step // 8 % 20 :][:27, step // 4 % 90 :][:, :48] for step in range(length)]
    return [Small(index, np.ascontiguousarray(one)) for index, one in enumerate(shots)]


def shots_of(film: list[Small], put_away_at: int | None = None) -> list[tuple[int, int, float]]:
    detector = AdaptiveShots()
    shots, found = Shots(detector, 0.5), []
    for frame in film:
        if frame.index == put_away_at:
            shots = Shots.taken_up(AdaptiveShots(), 0.5, shots.put_away())
        found += shots.feed(frame)  # type: ignore[arg-type]  # all that is asked of it
    found += shots.end()
    return [(run.first.frame, run.last.frame, run.confidence) for run in found]


def test_cuts_are_those_of_the_library(film: list[Small]) -> None:
    whole = AdaptiveDetector(min_scene_len=0)
    cuts = [
        cut.frame_num
        for frame in film
        for cut in whole.process_frame(FrameTimecode(frame.index, 25.0), frame.pixels[..., ::-1])
    ]
    assert set(cuts) >= {30, 71, 150, 200, 220}
    shots = shots_of(film)
    assert [first for first, _, _ in shots[1:]] == cuts
    assert all(last + 1 == first for (_, last, _), (first, _, _) in pairwise(shots))
    assert shots[-1][1] == sum(LENGTHS) - 1


@pytest.mark.parametrize("moment", [1, 29, 30, 31, 73, 149, 151, 199, 262])
def test_it_goes_on_from_anywhere(film: list[Small], moment: int) -> None:
    assert shots_of(film, moment) == shots_of(film)


def test_confidence_says_by_how_much_the_thresholds_are_passed() -> None:
    assert chance(15, 3) == 0.5
    assert chance(14.9, 255) < 0.5
    assert chance(255, 2.9) < 0.5
    assert chance(30, 6) == pytest.approx(2 / 3)
    assert chance(0, 0) == 0


def test_it_needs_no_weights(tmp_path: Path) -> None:
    chosen = choose(["adaptive_shots"])
    assert "transnet_v2" not in [pack.name for pack in chosen]
    assert "transnet_v2" in [pack.name for pack in choose([])]
    with Runtime(["cpu"]) as runtime:
        opening = Opening.of(PackStore(tmp_path), runtime, ["adaptive_shots"])
        assert isinstance(load_shot_detector(opening), AdaptiveShots)


def test_a_missing_package_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "scenedetect", None)
    with pytest.raises(MissingPackageError, match=r"\[scenedetect\]"):
        AdaptiveShots()
