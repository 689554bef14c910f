"""Whether the camera has changed between two frames that were looked at, some of them left out.

Neither test is enough by itself: a pan moves everything and keeps the colours, a flash changes all
colours and moves nothing. A cut does both. So does a dissolve from its beginning to its end, and
what lies between are mixtures of both, which the pictures of a moving camera are not.
"""

import base64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from openrekog.models.results import Image
from openrekog.server.media.videos import Frame

WIDTH, HEIGHT = 48, 27
BINS = (8, 4, 4)
"""Of hue, saturation and value."""

SAME_COLORS = 0.88
"""Bhattacharyya coefficient of two histograms from which they are of one scene: pans at twice the
width of the picture in a second leave 0.89 and more; nearly all pairs of photographs are below."""

SAME_SHAPES = 0.7
"""Correlation of luma, likewise: a flash leaves 0.96; 0.35 % of pairs of photographs reach it."""

HALF = 5
"""Frames looked at on either side of the middle of a dissolve: at five a second, one of up to 2.2
seconds has its ends among them."""

UNMIXED = 0.15
"""How much of the difference between both ends may be left, squared, where a frame is taken for the
best mixture of them. Two photographs leave 0 to 0.05 with people who walk in them, a pan 0.7."""

UNEVEN = 0.1
"""How much less of the last shot a frame may seem to hold than the one before."""

MOSTLY, OVER = 0.7, 0.9
"""Share of the last shot from which a detector finds its persons instead of those of the first, and
from which a dissolve is over."""

BLANK = 3.0
"""Deviation of luma, of 255, below which a picture is of one colour: nobody stays in view there."""


@dataclass(slots=True)
class Cuts:
    """Give it the frames in the order of time. It tells of each, `HALF` frames later, whether there
    is a cut, or the middle of a dissolve, between it and the one before."""

    seen: list[Image] = field(default_factory=list)
    waiting: int = 0
    """The last of them, of which nothing has been told."""

    def feed(self, frame: Frame) -> list[bool]:
        self.seen.append(frame.thumbnail(WIDTH, HEIGHT))
        self.waiting += 1
        return [self._tell()] if self.waiting > HALF else []

    def end(self) -> list[bool]:
        return [self._tell() for _ in range(self.waiting)]

    def put_away(self) -> dict[str, Any]:
        pixels = b"".join(each.tobytes() for each in self.seen)
        return {"seen": base64.b64encode(pixels).decode(), "waiting": self.waiting}

    @classmethod
    def taken_up(cls, state: dict[str, Any] | str) -> "Cuts":
        """A former release put away the last frame alone, and had told of it."""
        kept: dict[str, Any] = {"seen": state, "waiting": 0} if isinstance(state, str) else state
        pixels = np.frombuffer(base64.b64decode(kept["seen"]), np.uint8)
        return cls(list(pixels.reshape(-1, HEIGHT, WIDTH, 3)), kept["waiting"])

    def _tell(self) -> bool:
        place = len(self.seen) - self.waiting
        self.waiting -= 1
        change = self._change(place)
        told = change is not None and change.middle == place
        # What is left of a change is no other one.
        self.seen = self.seen[change.end :] if change and told else self.seen[-(2 * HALF + 1) :]
        return told

    def _change(self, place: int) -> "Change | None":
        if place >= 0 and is_blank(self.seen[place]):
            return Change(place, place)
        return next(self._changes(place), None)

    def _changes(self, place: int) -> Iterator["Change"]:
        """In the frame at a place and the one before with as many more on either side as there are,
        then with fewer: a part of a dissolve is one, too, with a middle of its own."""
        for more in range(HALF, -1, -1):
            first, last = place - 1 - more, place + more + 1
            if first >= 0 and last <= len(self.seen):
                change = find_change(self.seen[first:last])
                if change is not None:
                    yield Change(first + change.middle, first + change.end)


@dataclass(frozen=True, slots=True)
class Change:
    """The first picture that is mostly of the new shot, and the first that is of it alone."""

    middle: int
    end: int


def find_change(pictures: Sequence[Image]) -> Change | None:
    """None unless the first picture and the last are of two shots, and those between are mixtures
    of them, ever more of the last."""
    if is_blank(pictures[0]) or is_blank(pictures[-1]) or not is_cut(pictures[0], pictures[-1]):
        return None
    first, last = (pictures[end].astype(np.float64) for end in (0, -1))
    parts = [each - first for each in pictures]
    step = last - first
    size = float((step**2).sum())
    shares = np.array([(part * step).sum() / size for part in parts])
    left = [
        float(((part - share * step) ** 2).sum()) / size
        for part, share in zip(parts, shares, strict=True)
    ]
    if max(left) > UNMIXED or np.diff(shares).min() < -UNEVEN:
        return None
    return Change(int(np.argmax(shares > MOSTLY)), int(np.argmax(shares > OVER)))


def is_blank(picture: Image) -> bool:
    return float(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).std()) < BLANK


def is_cut(one: Image, other: Image) -> bool:
    return colors_alike(one, other) < SAME_COLORS and shapes_alike(one, other) < SAME_SHAPES


def colors_alike(one: Image, other: Image) -> float:
    shared = float(np.sqrt(_colors(one) * _colors(other)).sum())
    return shared / (WIDTH * HEIGHT)


def _colors(picture: Image) -> NDArray[np.float32]:
    hsv = cv2.cvtColor(picture, cv2.COLOR_RGB2HSV)
    counts = cv2.calcHist([hsv], [0, 1, 2], None, BINS, [0, 180, 0, 256, 0, 256])
    return np.asarray(counts, np.float32)


def shapes_alike(one: Image, other: Image) -> float:
    """0 where a picture has no shapes, as a black one."""
    lumas = (cv2.cvtColor(each, cv2.COLOR_RGB2GRAY).astype(np.float64) for each in (one, other))
    first, second = (luma - luma.mean() for luma in lumas)
    size = float(np.sqrt((first**2).sum() * (second**2).sum()))
    return float((first * second).sum()) / size if size > 0 else 0.0
