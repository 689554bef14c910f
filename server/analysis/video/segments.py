"""Segments of a video: its shots, and its technical cues."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from openrekog.api_spec.shapes import SegmentDetection
from openrekog.collections_store.records import Finding
from openrekog.server.analysis.video.analysis import Job, VideoAnalysis, finding
from openrekog.server.analysis.video.cues import BlackFilter, CueRun, Cues
from openrekog.server.analysis.video.runs import Run, segment
from openrekog.server.analysis.video.shots import Shots
from openrekog.server.media.videos import Frame

MODEL_VERSION = "2.0"


@dataclass(slots=True)
class Segments:
    """`order` is that of the request's SegmentTypes, by which results are listed first."""

    rate: float
    order: Sequence[str]
    least_cue: float
    shots: Shots | None
    cues: Cues | None
    shot_count: int = 0
    interval_ms: int = field(default=0, init=False)

    def feed(self, frames: Sequence[Frame]) -> list[Finding]:
        found: list[Finding] = []
        for frame in frames:
            if self.shots is not None:
                found += map(self._shot, self.shots.feed(frame))
            if self.cues is not None:
                found += self._cues(self.cues.feed(frame))
        return found

    def end(self) -> list[Finding]:
        found: list[Finding] = []
        if self.shots is not None:
            found += map(self._shot, self.shots.end())
        if self.cues is not None:
            found += self._cues(self.cues.end())
        return found

    def put_away(self) -> bytes:
        return orjson.dumps(
            {
                "shots": self.shots and self.shots.put_away(),
                "cues": self.cues and self.cues.put_away(),
                "shot_count": self.shot_count,
            }
        )

    def _shot(self, run: Run) -> Finding:
        member = segment("SHOT", run, self.rate)
        member["ShotSegment"] = {"Index": self.shot_count, "Confidence": run.confidence}
        self.shot_count += 1
        return self._finding("SHOT", run, member)

    def _cues(self, ended: Sequence[CueRun]) -> list[Finding]:
        found = []
        for cue in ended:
            if cue.run.confidence < self.least_cue:
                continue
            member = segment("TECHNICAL_CUE", cue.run, self.rate)
            member["TechnicalCueSegment"] = {"Type": cue.kind, "Confidence": cue.run.confidence}
            found.append(self._finding("TECHNICAL_CUE", cue.run, member))
        return found

    def _finding(self, kind: str, run: Run, member: SegmentDetection) -> Finding:
        place = self.order.index(kind)
        return finding(member, run.first.ms, name=str(place), rank=run.first.ms)


def begin_segment_detection(job: Job, state: bytes | None) -> VideoAnalysis:
    kept: Mapping[str, Any] = orjson.loads(state) if state else {}
    order, filters = job.request["SegmentTypes"], job.request["Filters"]
    cue_filter = filters["TechnicalCueFilter"]
    shots = cues = None
    if "SHOT" in order:
        least = filters["ShotFilter"]["MinSegmentConfidence"] / 100
        shots = Shots.taken_up(job.models.shots, least, kept.get("shots"))
    if "TECHNICAL_CUE" in order:
        black = cue_filter["BlackFrame"]
        black_filter = BlackFilter(black["MaxPixelThreshold"], black["MinCoveragePercentage"])
        cues = Cues(job.models.text, black_filter, job.video.duration_ms)
        cues = cues.taken_up(kept.get("cues"))
    return Segments(
        job.video.frame_rate,
        order,
        cue_filter["MinSegmentConfidence"],
        shots,
        cues,
        kept.get("shot_count", 0),
    )
