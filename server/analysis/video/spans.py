"""Things with a name that are seen in some frames: listed by frame, and by the time that they stay
in view."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

import orjson

from openrekog.collections_store.records import Finding
from openrekog.models.results import Image
from openrekog.server.analysis.video.analysis import finding
from openrekog.server.media.videos import Frame

TIMESTAMPS, SEGMENTS = "TIMESTAMPS", "SEGMENTS"
"""The two views of the results, as AggregateBy names them."""

BLINKS = 1
"""Frames in a row in which a thing may be missed and still be in view."""


class Seen(NamedTuple):
    """Something in a frame: members for the listing by frames, and for the one by segments."""

    name: str
    confidence: float
    member: Mapping[str, Any]
    segment_member: Mapping[str, Any]


Look = Callable[[Sequence[Image]], Sequence[Sequence[Seen]]]


@dataclass(slots=True)
class Span:
    """The time in which a thing has been in view so far, and its surest member. `missed` are the
    frames in a row in which it was not, the first of them at `gone_ms`."""

    start_ms: int
    last_ms: int
    confidence: float
    member: Mapping[str, Any]
    missed: int = 0
    gone_ms: int | None = None


@dataclass(slots=True)
class NamedThings:
    """An analysis of frames at an interval, for which `look` names what is in them."""

    interval_ms: int
    duration_ms: int
    look: Look
    open: dict[str, Span] = field(default_factory=dict)

    def feed(self, frames: Sequence[Frame]) -> list[Finding]:
        if not frames:
            return []
        findings: list[Finding] = []
        looked = self.look([frame.image for frame in frames])
        for frame, seen in zip(frames, looked, strict=True):
            findings += [by_frame(frame.timestamp_ms, one) for one in seen]
            findings += self._follow(frame.timestamp_ms, seen)
        return findings

    def end(self) -> list[Finding]:
        ended = [self._ended(name) for name in [*self.open]]
        return sorted(ended, key=lambda one: (one.at, one.name))

    def put_away(self) -> bytes:
        return orjson.dumps({name: asdict(span) for name, span in self.open.items()})

    def taken_up(self, state: bytes | None) -> "NamedThings":
        if state:
            self.open = {name: Span(**span) for name, span in orjson.loads(state).items()}
        return self

    def _follow(self, now_ms: int, seen: Sequence[Seen]) -> list[Finding]:
        """Lengthens or begins a span for each thing; the spans of those gone from view."""
        for one in seen:
            self._lengthen(now_ms, one)
        for span in self.open.values():
            if span.last_ms != now_ms:
                span.missed += 1
                span.gone_ms = now_ms if span.gone_ms is None else span.gone_ms
        gone = [name for name, span in self.open.items() if span.missed > BLINKS]
        return [self._ended(name) for name in gone]

    def _lengthen(self, now_ms: int, one: Seen) -> None:
        span = self.open.setdefault(one.name, Span(now_ms, now_ms, 0.0, {}))
        span.last_ms, span.missed, span.gone_ms = now_ms, 0, None
        if one.confidence > span.confidence:
            span.confidence, span.member = one.confidence, one.segment_member

    def _ended(self, name: str) -> Finding:
        """Seen last in one frame, a thing is taken to stay until the next one is looked at."""
        span = self.open.pop(name)
        end_ms = span.gone_ms
        if end_ms is None:
            end_ms = min(span.last_ms + self.interval_ms, max(self.duration_ms, span.last_ms))
        member = {
            "Timestamp": span.start_ms,
            **span.member,
            "StartTimestampMillis": span.start_ms,
            "EndTimestampMillis": end_ms,
            "DurationMillis": end_ms - span.start_ms,
        }
        return finding(member, span.start_ms, view=SEGMENTS, name=name, rank=-span.confidence)


def by_frame(timestamp_ms: int, one: Seen) -> Finding:
    return finding(
        {"Timestamp": timestamp_ms, **one.member},
        timestamp_ms,
        view=TIMESTAMPS,
        name=one.name,
        rank=-one.confidence,
    )
