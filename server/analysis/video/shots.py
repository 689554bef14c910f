"""Shots: the frames between two changes of the camera."""

import base64
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openrekog.models.capabilities import ShotDetector
from openrekog.server.analysis.video.runs import Moment, Run
from openrekog.server.media.videos import Frame

WINDOW, STEP = 100, 50
"""Frames that the network sees, and the middle ones of them that it judges."""

MARGIN = (WINDOW - STEP) // 2
WIDTH, HEIGHT = 48, 27


@dataclass(slots=True)
class Shots:
    """Give it every frame; a shot comes out some fifty frames after it has ended."""

    detector: ShotDetector
    least: float
    """Chance, 0..1, from which a frame ends a shot."""
    waiting: list[NDArray[np.uint8]] = field(default_factory=list)
    """Frames that are still needed, the first `MARGIN` of them judged already."""
    moments: list[Moment] = field(default_factory=list)
    """Those that are not judged yet."""
    first: Moment | None = None
    last: Moment | None = None
    began: float = 100.0
    """How sure the change is that the open shot began with; the start of the file is certain."""
    closing: Run | None = None
    """The shot that a change going on has ended; its confidence is the highest chance so far."""

    def feed(self, frame: Frame) -> list[Run]:
        small = frame.thumbnail(WIDTH, HEIGHT)
        if not self.waiting:
            # Before the first frame there is more of the same, as the network's authors have it.
            self.waiting = [small] * MARGIN
        self.waiting.append(small)
        self.moments.append(Moment(frame.index, frame.timestamp_ms))
        return [*self._judge()] if len(self.waiting) >= WINDOW else []

    def end(self) -> list[Run]:
        runs: list[Run] = []
        while self.moments:
            self.waiting += [self.waiting[-1]] * (WINDOW - len(self.waiting))
            runs += self._judge()
        runs += self._close()
        if self.first is not None and self.last is not None:
            runs.append(Run(self.first, self.last, self.began))
        return runs

    def _judge(self) -> Iterator[Run]:
        chances = self.detector.changes(np.stack(self.waiting[:WINDOW]))
        for moment, chance in zip(self.moments, chances, strict=False):
            yield from self._see(moment, float(chance))
        self.moments = self.moments[STEP:]
        self.waiting = self.waiting[STEP:]

    def _see(self, moment: Moment, chance: float) -> Iterator[Run]:
        """A change may take several frames: a shot ends with the first of them, and the next one
        begins behind the last."""
        if chance >= self.least:
            self._change(moment, 100 * chance)
        elif self.first is None:
            yield from self._close()
            self.first = moment
        self.last = moment

    def _change(self, moment: Moment, confidence: float) -> None:
        first = self.first or (self.closing.first if self.closing else moment)
        last = self.closing.last if self.closing else moment
        highest = max(confidence, self.closing.confidence if self.closing else 0.0)
        self.closing, self.first = Run(first, last, highest), None

    def _close(self) -> Iterator[Run]:
        """A shot is as sure as the less sure of the changes that it lies between."""
        if self.closing is not None:
            closed, self.closing = self.closing, None
            yield Run(closed.first, closed.last, min(self.began, closed.confidence))
            self.began = closed.confidence

    def put_away(self) -> dict[str, Any]:
        pixels = np.stack(self.waiting).tobytes() if self.waiting else b""
        return {
            "waiting": base64.b64encode(pixels).decode(),
            "moments": [asdict(moment) for moment in self.moments],
            "first": self.first and asdict(self.first),
            "last": self.last and asdict(self.last),
            "began": self.began,
            "closing": self.closing and asdict(self.closing),
        }

    @classmethod
    def taken_up(
        cls, detector: ShotDetector, least: float, state: Mapping[str, Any] | None
    ) -> "Shots":
        if state is None:
            return cls(detector, least)
        pixels = np.frombuffer(base64.b64decode(state["waiting"]), np.uint8)
        return cls(
            detector,
            least,
            waiting=list(pixels.reshape(-1, HEIGHT, WIDTH, 3)),
            moments=[Moment(**moment) for moment in state["moments"]],
            first=state["first"] and Moment(**state["first"]),
            last=state["last"] and Moment(**state["last"]),
            began=state["began"],
            closing=state["closing"] and Run.kept(state["closing"]),
        )
