"""Stretches of frames over which something goes on."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from openrekog.api_spec.shapes import SegmentDetection, SegmentType
from openrekog.server.analysis.video.timecode import timecode


@dataclass(frozen=True, slots=True)
class Moment:
    """A frame by its number and its time."""

    frame: int
    ms: int


@dataclass(frozen=True, slots=True)
class Run:
    """From its first frame to its last."""

    first: Moment
    last: Moment
    confidence: float

    @classmethod
    def kept(cls, state: Mapping[str, Any]) -> "Run":
        return cls(Moment(**state["first"]), Moment(**state["last"]), state["confidence"])


class Streak:
    """Joins moments at which something is seen into runs."""

    def __init__(self, open_run: Run | None = None) -> None:
        self.open = open_run

    def see(self, now: Moment, confidence: float | None) -> Run | None:
        """`confidence` is None where it is not seen; the run that this ends."""
        if confidence is None:
            return self.end()
        if self.open is None:
            self.open = Run(now, now, confidence)
        else:
            self.open = Run(self.open.first, now, max(confidence, self.open.confidence))
        return None

    def end(self) -> Run | None:
        ended, self.open = self.open, None
        return ended

    def put_away(self) -> dict[str, Any] | None:
        return None if self.open is None else asdict(self.open)

    @classmethod
    def taken_up(cls, state: Mapping[str, Any] | None) -> "Streak":
        return cls(None if state is None else Run.kept(state))


def segment(kind: SegmentType, run: Run, rate: float) -> SegmentDetection:
    """What every segment has. Durations lead from the first frame to the last."""
    frames = run.last.frame - run.first.frame
    return {
        "Type": kind,
        "StartTimestampMillis": run.first.ms,
        "EndTimestampMillis": run.last.ms,
        "DurationMillis": run.last.ms - run.first.ms,
        "StartTimecodeSMPTE": timecode(run.first.frame, rate),
        "EndTimecodeSMPTE": timecode(run.last.frame, rate),
        "DurationSMPTE": timecode(frames, rate),
        "StartFrameNumber": run.first.frame,
        "EndFrameNumber": run.last.frame,
        "DurationFrames": frames,
    }
