"""Shots and black frames of a film whose transitions are known: cuts, fades and a dissolve.

`video/testvideo.mp4` is PySceneDetect's test film. Its transitions were read off its frames: where
the mean luma jumps, climbs or falls, and where two pictures show through each other.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2

from benchmarks.tables import table
from openrekog.models.loaded import Models
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
    with Video((folder / FILM).open("rb")) as video:
        frames = video.frames()
        shots, small, whole = Shots(models.shots, LEAST), Streak(), Streak()
        found: list[Run] = []
        runs: tuple[list[Run], list[Run]] = ([], [])
        for frame in frames:
            found += shots.feed(frame)
            for streak, kept, black in zip((small, whole), runs, blacks(frame), strict=True):
                ended = streak.see(Moment(frame.index, frame.timestamp_ms), black)
                kept.extend([] if ended is None else [ended])
        found += shots.end()
        for streak, kept in zip((small, whole), runs, strict=True):
            kept.extend([] if (ended := streak.end()) is None else [ended])
    changes = [run.first.frame for run in found[1:]]
    return "\n\n".join([transitions(changes), black_runs(*runs)])


def blacks(frame: Frame) -> Iterator[float | None]:
    for picture in (frame.thumbnail(WIDTH, HEIGHT), frame.image):
        yield BLACK.confidence(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype("uint8"))


def transitions(changes: Sequence[int]) -> str:
    """A change belongs to the transition that its shot begins in, or right behind."""
    hits = {
        name: [change for change in changes if first <= change <= last + 1]
        for name, (first, last) in TRANSITIONS.items()
    }
    right = sum(len(found) == 1 for found in hits.values())
    false = len(changes) - sum(map(len, hits.values()))
    rows = [
        (name, f"{first} to {last}", ", ".join(map(str, hits[name])) or "none")
        for name, (first, last) in TRANSITIONS.items()
    ]
    return "\n\n".join(
        [
            f"{right} of {len(TRANSITIONS)} transitions found once; {false} changes where none is.",
            table(("Transition", "frames", "a shot begins at"), rows),
        ]
    )


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
