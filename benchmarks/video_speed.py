"""Stored video: the analyses over a file, beside a bare loop that decodes it and makes the same
model calls, with nothing around them.

Frames are counted as the video has them, so figures of analyses at different intervals compare.
"""

import gc
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import av
import numpy as np
import psutil
from PIL import Image

from benchmarks.report import Report, say, table
from openrekog.collections_store.records import Scope
from openrekog.models.loaded import Models
from openrekog.server.analysis.labels import find_labels
from openrekog.server.analysis.moderation import moderate
from openrekog.server.analysis.video.analysis import Job, VideoAnalysis
from openrekog.server.commands.messages import read_settings
from openrekog.server.context import Services
from openrekog.server.jobs.kinds import KINDS
from openrekog.server.jobs.reading import Bookmark, Reading
from openrekog.server.jobs.sampling import wanted
from openrekog.server.media.videos import Frame, Video
from openrekog.server.services import open_services

PICTURES = Path(__file__).parents[1] / "docs" / "images"
SIZE = (1280, 720)
RATE = 30
SECONDS = 10
"""Of the film that speed is measured on."""

SHARE = 0.85
"""Of a bare loop's speed that must be left."""

MIB = 2**20
MOST_GROWTH_MIB = 64

CUES = {
    "MinSegmentConfidence": 50,
    "BlackFrame": {"MaxPixelThreshold": 0.2, "MinCoveragePercentage": 99},
}
REQUEST: Mapping[str, Any] = {
    "MinConfidence": 50,
    "FaceAttributes": "DEFAULT",
    "Filters": {
        "WordFilter": {"MinConfidence": 80},
        "ShotFilter": {"MinSegmentConfidence": 50},
        "TechnicalCueFilter": {"MinSegmentConfidence": 50, "BlackFrame": {}},
    },
    "SegmentTypes": ["SHOT"],
}

Call = Callable[[Models, Sequence[Frame]], object]


@dataclass(frozen=True, slots=True)
class Bare:
    """What an analysis cannot do without: a model call on some frames."""

    interval_ms: int
    size: int
    call: Call


def faces(models: Models, frames: Sequence[Frame]) -> None:
    for frame in frames:
        models.faces.find(frame.image)


def persons(models: Models, frames: Sequence[Frame]) -> None:
    models.objects.detect(images(frames))
    faces(models, frames)


def shots(models: Models, frames: Sequence[Frame]) -> None:
    small = [frame.thumbnail(48, 27) for frame in frames]
    # Half of the hundred frames that the network sees are those of other steps.
    models.shots.changes(np.stack((small * 100)[:100]))


def images(frames: Sequence[Frame]) -> list[Any]:
    return [frame.image for frame in frames]


BARE: Mapping[str, Bare] = {
    "FaceDetection": Bare(500, 8, faces),
    "LabelDetection": Bare(500, 8, lambda models, frames: find_labels(models, images(frames))),
    "ContentModeration": Bare(500, 8, lambda models, frames: moderate(models, images(frames))),
    "TextDetection": Bare(1000, 8, lambda models, frames: models.text.read(images(frames))),
    "PersonTracking": Bare(200, 8, persons),
    "SegmentDetection": Bare(0, 50, shots),
}


@dataclass(frozen=True, slots=True)
class Spent:
    """Of one pass over the film."""

    frames: int
    wall: float
    cpu: float


def measure_video(result: Report, rounds: int) -> None:
    with opened() as services, tempfile.TemporaryDirectory(prefix="openrekog-film-") as folder:
        film = write_film(Path(folder) / "film.mp4", SECONDS, SIZE)
        rows = [measure_kind(result, services, film, kind, rounds) for kind in BARE]
        rows.append(measure_together(services, film))
        result.add(
            "Stored video",
            f"A film of {SIZE[0]}x{SIZE[1]}, {RATE} frames a second, {SECONDS} s. Real time is the "
            "length of the film by the time that the analysis took; a core gives so many frames a "
            "second of its CPU time. Of bare: CPU time of decoding and the model calls alone, by "
            "that of the analysis. The last row is one pass for all of them.",
            table(("analysis", "frames/s", "frames/s of a core", "real time", "of bare"), rows),
        )
        measure_memory(result, services, Path(folder))


@contextmanager
def opened() -> Iterator[Services]:
    with tempfile.TemporaryDirectory(prefix="openrekog-bare-") as folder:
        services = open_services(read_settings(data_dir=folder))
        try:
            yield services
        finally:
            services.close()


def measure_kind(
    result: Report, services: Services, film: Path, kind: str, rounds: int
) -> Sequence[object]:
    """In turns; the least of several rounds is what the work itself takes."""
    bare_turns, turns = [], []
    for _ in range(rounds):
        bare_turns.append(bare(services.models, film, BARE[kind]))
        turns.append(analysed(services, film, [kind]))
    alone, whole = (min(found, key=lambda one: one.cpu) for found in (bare_turns, turns))
    share = alone.cpu / whole.cpu
    result.at_least(f"{kind}: analysis / bare loop", share, SHARE)
    say(f"{kind}: {whole.frames / whole.wall:.1f} frames/s, {share:.2f} of bare")
    return row(kind, whole, share)


def measure_together(services: Services, film: Path) -> Sequence[object]:
    return row("all together", analysed(services, film, list(BARE)), "")


def row(name: str, spent: Spent, share: object) -> Sequence[object]:
    return (
        name,
        spent.frames / spent.wall,
        spent.frames / spent.cpu,
        spent.frames / RATE / spent.wall,
        share,
    )


def bare(models: Models, film: Path, work: Bare) -> Spent:
    wall, cpu, count = perf_counter(), process_time(), 0
    hand: list[Frame] = []
    previous: int | None = None
    with Video(film.open("rb")) as video:
        for frame in video.frames():
            count += 1
            if wanted(frame.timestamp_ms, previous, work.interval_ms):
                hand.append(frame)
            previous = frame.timestamp_ms
            if len(hand) == work.size:
                work.call(models, hand)
                hand = []
        if hand:
            work.call(models, hand)
    return Spent(count, perf_counter() - wall, process_time() - cpu)


Wrap = Callable[[VideoAnalysis], VideoAnalysis]


def analysed(
    services: Services, film: Path, kinds: Sequence[str], wrap: Wrap = lambda analysis: analysis
) -> Spent:
    """As a worker does it, but for the rows."""
    wall, cpu = perf_counter(), process_time()
    video = Video(film.open("rb"))
    asked = Job(REQUEST, video.info, services.models, services.store, Scope("1", "bench"), 95.0)
    analyses = {kind: wrap(KINDS[kind](asked, None)) for kind in kinds}
    with closing(Reading(video, analyses, 0, Bookmark(), 60)) as reading:
        while not reading.over:
            for done in reading.read_part().values():
                if done.error is not None:
                    raise done.error
    frames = round(video.info.duration_ms * RATE / 1000)
    return Spent(frames, perf_counter() - wall, process_time() - cpu)


def measure_memory(result: Report, services: Services, folder: Path, minutes: int = 20) -> None:
    """Shots look at every frame and put most away: small frames, so that it takes no hours."""
    rows = []
    for length in (1, minutes):
        film = write_film(folder / f"{length}.mp4", 60 * length, (320, 180), rate=2)
        before = rss_mib()
        analysed(services, film, ["FaceDetection", "SegmentDetection"])
        rows.append((f"{length} min", before, rss_mib(), rss_mib() - before))
    growth = float(rows[-1][-1])
    result.at_most(f"video of {minutes} min after one of 1 min: MiB more", growth, MOST_GROWTH_MIB)
    result.add("Memory of stored video", table(("film", "RSS MiB before", "after", "more"), rows))


def rss_mib() -> float:
    gc.collect()
    return float(psutil.Process().memory_info().rss / MIB)


def write_film(path: Path, seconds: int, size: tuple[int, int], rate: int = RATE) -> Path:
    """The photographs of docs/images, over which the camera moves, three seconds of each."""
    with av.open(path, "w") as file:
        stream = file.add_stream("libx264", rate, {"preset": "ultrafast"})
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        for picture in islice(moving(size, 3 * rate), seconds * rate):
            file.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "rgb24")))
        file.mux(stream.encode())
    return path


def moving(size: tuple[int, int], frames: int) -> Iterator[Any]:
    width, height = size
    while True:
        for name in ("collins.jpg", "hopper.jpg"):
            with Image.open(PICTURES / name) as photograph:
                large = np.asarray(photograph.convert("RGB").resize((width + 90, height + 90)))
            for step in chain(range(frames // 2), range(frames // 2, 0, -1)):
                shift = min(step, 90)
                yield np.ascontiguousarray(large[shift : shift + height, shift : shift + width])
