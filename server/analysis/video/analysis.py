"""What an analysis of a video is: fed some frames at a time, it finds things, and can be put away
and taken up again between any two of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import orjson

from openrekog.collections_store.records import Finding, Scope
from openrekog.collections_store.store import Store
from openrekog.models.loaded import Models
from openrekog.server.media.videos import Frame, VideoInfo

PLAIN = ""
"""The view of results that are listed in one way only."""


@dataclass(frozen=True, slots=True)
class Job:
    """What an analysis works for: the request as it was checked, and what answers it."""

    request: Mapping[str, Any]
    video: VideoInfo
    models: Models
    store: Store
    scope: Scope
    celebrity_match_confidence: float


class VideoAnalysis(Protocol):
    interval_ms: int
    """The analysis wants the first frame at or after each multiple of this; 0 is every frame."""

    def feed(self, frames: Sequence[Frame]) -> list[Finding]:
        """What is found in the next frames."""

    def end(self) -> list[Finding]:
        """What is known only now that the video is over."""

    def put_away(self) -> bytes:
        """All that has to be known to go on with the next frame."""


Begin = Callable[[Job, bytes | None], VideoAnalysis]
"""Begins an analysis, or goes on from where it was put away."""


def finding(
    member: Mapping[str, Any], at: int, *, view: str = PLAIN, name: str = "", rank: float = 0.0
) -> Finding:
    """A row of the results; `member` is the element as the API gives it."""
    return Finding(view, at, name, rank, orjson.dumps(member).decode())


@dataclass(slots=True)
class FrameByFrame:
    """An analysis that remembers nothing from one frame to the next."""

    interval_ms: int
    look: Callable[[Sequence[Frame]], list[Finding]]

    def feed(self, frames: Sequence[Frame]) -> list[Finding]:
        return self.look(frames)

    def end(self) -> list[Finding]:
        return []

    def put_away(self) -> bytes:
        return b""
