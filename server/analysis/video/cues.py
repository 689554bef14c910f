"""Technical cues: black frames, colour bars, slates and credits, and the content between them.

Black frames are measured as AWS defines them. The others are rules of thumb: bars are stripes of
the colours that the standards give them; a slate is a picture with the words that stand on one;
credits are lines of text on a dark picture in the first or last part of the video. Studio logos are
not found at all.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np

from openrekog.api_spec.shapes import TechnicalCueType
from openrekog.models.capabilities import TextReader
from openrekog.models.results import Image, TextLine
from openrekog.server.analysis.video.runs import Moment, Run, Streak
from openrekog.server.media.videos import Frame

WIDTH, HEIGHT = 160, 90

# EBU and SMPTE bars from the left: white or grey, yellow, cyan, green, magenta, red, blue.
BARS = np.array(
    [[1, 1, 1], [1, 1, 0], [0, 1, 1], [0, 1, 0], [1, 0, 1], [1, 0, 0], [0, 0, 1]], dtype=bool
)
BARS_CONFIDENCE = 95.0
EVEN = 12.0
"""Standard deviation of luma along a bar, 0..255, that noise and compression leave."""

SLATE_WORDS = frozenset({"SCENE", "TAKE", "ROLL", "PROD", "SLATE", "DIRECTOR", "CAMERA", "SOUND"})
LEAST_SLATE_WORDS = 3
SLATE_CONFIDENCE = 75.0

CREDITS_PART = 0.15
"""Share of the video at its start and at its end in which text is taken for credits."""

CREDITS_LUMA = 60.0
LEAST_CREDIT_LINES = 3
CREDITS_CONFIDENCE = 70.0

READ_MS = 1_000
"""How often text is read: it is by far the slowest part."""

# Shorter runs are flashes, and what is read once in passing.
LEAST_MS: Mapping[TechnicalCueType, int] = {
    "BlackFrames": 80,
    "ColorBars": 500,
    "Slate": 0,
    "OpeningCredits": 2 * READ_MS,
    "EndCredits": 2 * READ_MS,
    "Content": 0,
}


Ended = tuple[TechnicalCueType, Run | None]


@dataclass(frozen=True, slots=True)
class CueRun:
    kind: TechnicalCueType
    run: Run


@dataclass(frozen=True, slots=True)
class BlackFilter:
    """`max_luma` is a share of the luma range, `min_coverage` a percentage of the picture."""

    max_luma: float
    min_coverage: float

    def confidence(self, luma: Image) -> float | None:
        coverage = 100 * float((luma <= self.max_luma * 255).mean())
        return coverage if coverage >= self.min_coverage else None


@dataclass(slots=True)
class Cues:
    """Give it every frame; a cue comes out when it has ended."""

    reader: TextReader
    black: BlackFilter
    duration_ms: int
    streaks: dict[TechnicalCueType, Streak] = field(
        default_factory=lambda: {kind: Streak() for kind in LEAST_MS}
    )
    read_ms: int | None = None
    """When text was last read."""
    text: dict[TechnicalCueType, float] = field(default_factory=dict)
    """What it meant."""

    def feed(self, frame: Frame) -> list[CueRun]:
        seen = self._look(frame)
        now = Moment(frame.index, frame.timestamp_ms)
        ended: list[Ended] = [
            (kind, streak.see(now, seen.get(kind)))
            for kind, streak in self.streaks.items()
            if kind != "Content"
        ]
        content = self.streaks["Content"]
        if not seen:
            content.see(now, 100.0)
        elif any(self._lasts(kind, now) for kind in seen):
            ended.append(("Content", content.end()))
        return [*long_enough(ended)]

    def _lasts(self, kind: TechnicalCueType, now: Moment) -> bool:
        """Whether a cue is no flash any more: those do not part what is before and behind them."""
        run = self.streaks[kind].open
        return run is not None and now.ms - run.first.ms >= LEAST_MS[kind]

    def end(self) -> list[CueRun]:
        return [*long_enough((kind, streak.end()) for kind, streak in self.streaks.items())]

    def put_away(self) -> dict[str, Any]:
        streaks = {kind: streak.put_away() for kind, streak in self.streaks.items()}
        return {"streaks": streaks, "read_ms": self.read_ms, "text": self.text}

    def taken_up(self, state: Mapping[str, Any] | None) -> "Cues":
        if state is not None:
            kept = state["streaks"]
            self.streaks = {kind: Streak.taken_up(kept[kind]) for kind in LEAST_MS}
            self.read_ms, self.text = state["read_ms"], dict(state["text"])
        return self

    def _look(self, frame: Frame) -> dict[TechnicalCueType, float]:
        small = frame.thumbnail(WIDTH, HEIGHT)
        luma = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype(np.uint8)
        black = self.black.confidence(luma)
        if black is not None:
            return {"BlackFrames": black}
        if color_bars(small):
            return {"ColorBars": BARS_CONFIDENCE}
        return self._read(frame, float(luma.mean()))

    def _read(self, frame: Frame, luma: float) -> dict[TechnicalCueType, float]:
        """What text says, as far as it can say anything at this time of the video."""
        if not in_credits_part(frame.timestamp_ms, self.duration_ms):
            self.text = {}
        elif self.read_ms is None or frame.timestamp_ms - self.read_ms >= READ_MS:
            self.read_ms = frame.timestamp_ms
            (lines,) = self.reader.read([frame.image])
            self.text = meaning(lines, luma, frame.timestamp_ms, self.duration_ms)
        return self.text


def long_enough(ended: Iterable[Ended]) -> Iterator[CueRun]:
    for kind, run in ended:
        if run is not None and run.last.ms - run.first.ms >= LEAST_MS[kind]:
            yield CueRun(kind, run)


def in_credits_part(timestamp_ms: int, duration_ms: int) -> bool:
    """Of a video whose length nobody knows, no part is taken for one."""
    if duration_ms <= 0:
        return False
    share = timestamp_ms / duration_ms
    return share < CREDITS_PART or share > 1 - CREDITS_PART


def color_bars(small: Image) -> bool:
    """Seven even stripes of the right colours in the upper half of the picture."""
    upper = small[: len(small) // 2].astype(np.float32)
    width = upper.shape[1] / len(BARS)
    middles = [round((bar + 0.5) * width) for bar in range(len(BARS))]
    stripes = [upper[:, middle - 2 : middle + 3] for middle in middles]
    if max(float(stripe.mean(axis=2).std()) for stripe in stripes) > EVEN:
        return False
    colors = np.stack([stripe.mean(axis=(0, 1)) for stripe in stripes])
    return bool(np.array_equal(colors > colors.max() / 2, BARS))


def meaning(
    lines: Sequence[TextLine], luma: float, timestamp_ms: int, duration_ms: int
) -> dict[TechnicalCueType, float]:
    words = {word.upper().strip(":.#") for line in lines for word in line.text.split()}
    if len(words & SLATE_WORDS) >= LEAST_SLATE_WORDS:
        return {"Slate": SLATE_CONFIDENCE}
    if luma > CREDITS_LUMA or len(lines) < LEAST_CREDIT_LINES:
        return {}
    late = timestamp_ms > duration_ms / 2
    return {"EndCredits" if late else "OpeningCredits": CREDITS_CONFIDENCE}
