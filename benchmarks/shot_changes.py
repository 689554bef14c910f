"""Shots and black frames of a film whose transitions are known: cuts, fades and a dissolve; by the
detector of the models, and by the light one.

`video/testvideo.mp4` is PySceneDetect's test film. Its transitions were read off its frames: where
the mean luma jumps, climbs or falls, and where two pictures show through each other.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import process_time

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.tables import table
from openrekog.models.architectures.adaptive_shots import AdaptiveShots
from openrekog.models.capabilities import ShotDetector
from openrekog.models.loaded import Models
from openrekog.models.results import FrameStrip
from openrekog.server.analysis.video.cues import HEIGHT, WIDTH, BlackFilter
from openrekog.server.analysis.video.runs import Moment, Run, Streak
from openrekog.server.analysis.video.shots import Shots
from openrekog.server.media.videos import Frame, Video

FILM = "video/testvideo.mp4"

TRANSITIONS = {
    "cut from black": (29, 30),
    "cut to a title": (179, 180),
    "fade from black": (208, 246),
    "fade to black": (330, 360),
    "fade from black, the second": (393, 428),
    "dissolve": (525, 565),
    "fade to black, the second": (664, 694),
}
"""Frames that each goes over, the first and the last."""

LEAST = 0.5
"""The API's default, MinSegmentConfidence 50."""

BLACK = BlackFilter(max_luma=0.2, min_coverage=99)


def measure_shots(folder: Path, models: Models) -> str:
    """Which transitions part two shots, what else does, and how black runs at the size of a
    thumbnail differ from those on whole frames."""
    detectors = {"the models' detector": models.shots, "adaptive_shots": AdaptiveShots()}
    found = {name: shots_of(folder / FILM, detector) for name, detector in detectors.items()}
    summary = [counted(name, *one) for name, one in found.items()]
    changes = {name: changes for name, (changes, _) in found.items()}
    return "\n\n".join([*summary, transitions(changes), black_runs(*blacks(folder / FILM))])


def shots_of(film: Path, detector: ShotDetector) -> tuple[list[int], float]:
    """Where shots begin, but for the first, and the detector's CPU milliseconds a frame."""
    timed = Timed(detector)
    with Video(film.open("rb")) as video:
        shots = Shots(timed, LEAST)
        found = [run for frame in video.frames() for run in shots.feed(frame)]
        frames = sum(1 for _ in video.frames())
    found += shots.end()
    return [run.first.frame for run in found[1:]], 1000 * timed.seconds / frames


@dataclass(slots=True)
class Timed:
    detector: ShotDetector
    seconds: float = 0.0

    def changes(self, frames: FrameStrip) -> NDArray[np.float32]:
        begun = process_time()
        try:
            return self.detector.changes(frames)
        finally:
            self.seconds += process_time() - begun


def blacks(film: Path) -> tuple[list[Run], list[Run]]:
    """Black runs by thumbnails, and by whole frames."""
    small, whole = Streak(), Streak()
    runs: tuple[list[Run], list[Run]] = ([], [])
    with Video(film.open("rb")) as video:
        for frame in video.frames():
            now = Moment(frame.index, frame.timestamp_ms)
            for streak, kept, black in zip((small, whole), runs, blackness(frame), strict=True):
                kept.extend(filter(None, [streak.see(now, black)]))
    for streak, kept in zip((small, whole), runs, strict=True):
        kept.extend(filter(None, [streak.end()]))
    return runs


def blackness(frame: Frame) -> Iterator[float | None]:
    for picture in (frame.thumbnail(WIDTH, HEIGHT), frame.image):
        yield BLACK.confidence(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype("uint8"))


def within(changes: Sequence[int], first: int, last: int) -> list[int]:
    """A change belongs to the transition that its shot begins in, or right behind."""
    return [change for change in changes if first <= change <= last + 1]


def counted(name: str, changes: Sequence[int], milliseconds: float) -> str:
    hits = [within(changes, *frames) for frames in TRANSITIONS.values()]
    right = sum(len(found) == 1 for found in hits)
    false = len(changes) - sum(map(len, hits))
    return (
        f"{name}: {right} of {len(TRANSITIONS)} transitions found once; {false} changes where "
        f"none is; {milliseconds:.2f} ms of CPU a frame."
    )


def transitions(changes: Mapping[str, Sequence[int]]) -> str:
    rows = [
        (
            name,
            f"{first} to {last}",
            *(listed(within(one, first, last)) for one in changes.values()),
        )
        for name, (first, last) in TRANSITIONS.items()
    ]
    heads = [f"a shot begins at, by {name}" for name in changes]
    return table(("Transition", "frames", *heads), rows)


def listed(frames: Sequence[int]) -> str:
    return ", ".join(map(str, frames)) or "none"


def black_runs(small: Sequence[Run], whole: Sequence[Run]) -> str:
    rows = [
        (f"{one.first.frame} to {one.last.frame}", f"{other.first.frame} to {other.last.frame}")
        for one, other in zip(small, whole, strict=False)
    ]
    return "\n\n".join(
        [
            f"Black runs: {len(small)}, on whole frames {len(whole)}.",
            table((f"Frames of {WIDTH} x {HEIGHT}", "whole frames"), rows),
        ]
    )
