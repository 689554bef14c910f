"""Stored video: what it gives that an analysis gets several frames at once, or one at a time."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.report import Report, say, table
from benchmarks.video_speed import RATE, SIZE, Spent, analysed, opened, write_film
from openrekog.collections_store.records import Finding
from openrekog.server.analysis.video.analysis import VideoAnalysis
from openrekog.server.context import Services
from openrekog.server.jobs.reading import BATCH
from openrekog.server.media.videos import Frame

SECONDS = 8

KINDS = (
    "FaceDetection",
    "LabelDetection",
    "ContentModeration",
    "TextDetection",
    "PersonTracking",
    "CelebrityRecognition",
)
"""Without FaceSearch, which wants a collection, and SegmentDetection, whose network takes fifty
frames at a time either way."""


@dataclass(slots=True)
class OneByOne:
    """An analysis that never sees two frames at once."""

    analysis: VideoAnalysis

    @property
    def interval_ms(self) -> int:
        return self.analysis.interval_ms

    @interval_ms.setter
    def interval_ms(self, value: int) -> None:
        self.analysis.interval_ms = value

    def feed(self, frames: Sequence[Frame]) -> list[Finding]:
        return [found for frame in frames for found in self.analysis.feed([frame])]

    def end(self) -> list[Finding]:
        return self.analysis.end()

    def put_away(self) -> bytes:
        return self.analysis.put_away()


def measure_batches(result: Report, rounds: int) -> None:
    with opened() as services, tempfile.TemporaryDirectory(prefix="openrekog-film-") as folder:
        film = write_film(Path(folder) / "film.mp4", SECONDS, SIZE)
        rows = [(kind, *gains(services, film, kind, rounds)) for kind in KINDS]
    result.add(
        "Frames of a video at once",
        f"How many times as fast an analysis is that gets {BATCH} frames at once as one that gets "
        f"them one by one, in turns, the best of {rounds} each: {SIZE[0]}x{SIZE[1]}, {RATE} frames "
        f"a second, {SECONDS} s, on {services.runtime.providers[0]}.",
        table(("analysis", "by the clock", "by CPU time"), rows),
    )


def gains(services: Services, film: Path, kind: str, rounds: int) -> tuple[float, float]:
    """By the clock, and by CPU time."""
    single: list[Spent] = []
    batched: list[Spent] = []
    for _ in range(rounds):
        single.append(analysed(services, film, [kind], OneByOne))
        batched.append(analysed(services, film, [kind]))
    wall = min(one.wall for one in single) / min(one.wall for one in batched)
    cpu = min(one.cpu for one in single) / min(one.cpu for one in batched)
    say(f"{kind}: {wall:.2f} by the clock, {cpu:.2f} by CPU time")
    return wall, cpu
