"""One pass over a video for all the jobs that ask about it, part by part."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from functools import partial

import orjson

from openrekog.collections_store.errors import Passing
from openrekog.collections_store.records import Finding
from openrekog.server.analysis.video.analysis import VideoAnalysis
from openrekog.server.jobs.sampling import batches
from openrekog.server.media.ahead import ahead
from openrekog.server.media.videos import Frame, Video

PART_MS = 10_000
"""Milliseconds of video in one part: what is done anew after a crash, at most."""

BATCH = 8
"""Frames that an analysis gets at once."""


@dataclass(frozen=True, slots=True)
class Bookmark:
    """Where a part begins: the number of its first frame, and the time of the frame before."""

    index: int = 0
    previous_ms: int | None = None


@dataclass(slots=True)
class PartDone:
    """What one job gets of a part: findings, and what leads from here to the next part; or the
    error that its analysis ended with."""

    found: list[Finding] = field(default_factory=list)
    carry: bytes = b""
    error: Exception | None = None


def pack_carry(mark: Bookmark, state: bytes) -> bytes:
    """One line of JSON for the bookmark, and then the analysis' own bytes."""
    return orjson.dumps(asdict(mark)) + b"\n" + state


def unpack_carry(carry: bytes | None) -> tuple[Bookmark, bytes | None]:
    if carry is None:
        return Bookmark(), None
    mark, _, state = carry.partition(b"\n")
    return Bookmark(**orjson.loads(mark)), state


class Reading:
    """A video under way. `analyses` are those of the jobs that it is read for, by job id."""

    def __init__(
        self,
        video: Video,
        analyses: Mapping[str, VideoAnalysis],
        part: int,
        mark: Bookmark,
        patience: float,
    ) -> None:
        """Raises StalledError, as reading a part does, if the decoder comes no further for
        `patience` seconds."""
        self.video = video
        self.part = part
        self._analyses = dict(analyses)
        self._mark = mark
        self._frames = ahead(video.frames(part * PART_MS, mark.index), video.pulse, patience)
        self._next = next(self._frames, None)

    def goes_on_with(self, part: int, jobs: Collection[str]) -> bool:
        """Whether this part of these jobs comes next."""
        return self.part == part and self._analyses.keys() >= {*jobs}

    @property
    def over(self) -> bool:
        """Whether there is no frame left."""
        return self._next is None

    def read_part(self) -> dict[str, PartDone]:
        """What the next part gives each job; raises VideoError if the video is at fault."""
        done = {job: PartDone() for job in self._analyses}
        intervals = [analysis.interval_ms for analysis in self._analyses.values()]
        frames = self._frames_until((self.part + 1) * PART_MS)
        for hands in batches(frames, intervals, self._mark.previous_ms, BATCH):
            for (job, analysis), hand in zip(self._analyses.items(), hands, strict=True):
                _add(done[job], partial(analysis.feed, hand))
        self.part += 1
        for job, analysis in self._analyses.items():
            if self.over:
                _add(done[job], analysis.end)
            done[job].carry = pack_carry(self._mark, analysis.put_away())
        self._drop_failed(done)
        return done

    def close(self) -> None:
        self._frames.close()
        self.video.close()

    def _frames_until(self, end_ms: int) -> Iterator[Frame]:
        while self._next is not None and self._next.timestamp_ms < end_ms:
            yield self._next
            self._mark = Bookmark(self._next.index + 1, self._next.timestamp_ms)
            self._next = next(self._frames, None)

    def _drop_failed(self, done: Mapping[str, PartDone]) -> None:
        for job, outcome in done.items():
            if outcome.error is not None:
                del self._analyses[job]


def _add(done: PartDone, look: Callable[[], list[Finding]]) -> None:
    """What fails in one analysis is that job's alone; after that it is asked no more."""
    if done.error is not None:
        return
    try:
        done.found += look()
    except Passing:
        raise  # a busy database fails nobody: the part is done anew
    except Exception as error:  # noqa: BLE001 - handed on, and logged where the job is ended
        done.error = error
