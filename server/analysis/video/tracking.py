"""Which boxes of successive frames belong to one person: ByteTrack's two rounds of matching, by the
overlap of widened boxes, so that it also works a few frames a second.

Y. Zhang et al., ByteTrack (ECCV 2022): sure boxes are matched with every track first, doubtful ones
then with the tracks that are left; only sure ones begin a track. F. Yang et al., C-BIoU (WACV
2023): boxes are widened before their overlap is taken, for those that move far between frames.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field

import orjson

from openrekog.models.results import Box

SURE = 60.0
"""Confidence from which a box may begin a track."""

WIDER = 0.3
"""Share of its size by which a box is widened on every side, as C-BIoU has it."""

LEAST_OVERLAP = 0.1

LOST_MS = 2_000
"""Milliseconds that a track waits for its person to be seen again."""

SMOOTHING = 0.5
"""Weight of the newest movement in a track's velocity."""


@dataclass(slots=True)
class Track:
    """A person so far: the last box (left, top, width, height) and its movement a millisecond."""

    index: int
    box: list[float]
    velocity: list[float]
    seen_ms: int

    def expected(self, timestamp_ms: int) -> list[float]:
        elapsed = timestamp_ms - self.seen_ms
        return [side + speed * elapsed for side, speed in zip(self.box, self.velocity, strict=True)]

    def follow(self, timestamp_ms: int, box: Sequence[float]) -> None:
        elapsed = max(1, timestamp_ms - self.seen_ms)
        for axis, (old, new) in enumerate(zip(self.box, box, strict=True)):
            # Sizes are left to the detector: extrapolated, they shrink below nothing.
            speed = (new - old) / elapsed if axis < 2 else 0.0
            self.velocity[axis] += SMOOTHING * (speed - self.velocity[axis])
        self.box, self.seen_ms = list(box), timestamp_ms


@dataclass(slots=True)
class Tracker:
    """Give it the boxes of each frame, in the order of time."""

    tracks: list[Track] = field(default_factory=list)
    count: int = 0

    def update(
        self, timestamp_ms: int, boxes: Sequence[Box], confidences: Sequence[float]
    ) -> list[int | None]:
        """The index of each box's track; None for a doubtful box that fits none."""
        self.tracks = [track for track in self.tracks if timestamp_ms - track.seen_ms <= LOST_MS]
        sides = [[box.left, box.top, box.width, box.height] for box in boxes]
        found: list[int | None] = [None] * len(boxes)
        free = list(self.tracks)
        for round_of in (_sure(confidences), _doubtful(confidences)):
            for track, number in _pairs(free, sides, round_of, timestamp_ms):
                track.follow(timestamp_ms, sides[number])
                found[number] = track.index
                free.remove(track)
        for number in _sure(confidences):
            if found[number] is None:
                found[number] = self._begin(timestamp_ms, sides[number])
        return found

    def replace(self, index: int) -> int:
        """The last box of this track turned out to be somebody else: their new index."""
        (track,) = (track for track in self.tracks if track.index == index)
        self.tracks.remove(track)
        return self._begin(track.seen_ms, track.box)

    def forget(self) -> None:
        """Whoever comes now is somebody new, as behind a cut."""
        self.tracks = []

    def put_away(self) -> bytes:
        return orjson.dumps(asdict(self))

    @classmethod
    def taken_up(cls, state: bytes | None) -> "Tracker":
        if not state:
            return cls()
        kept = orjson.loads(state)
        return cls([Track(**track) for track in kept["tracks"]], kept["count"])

    def _begin(self, timestamp_ms: int, box: list[float]) -> int:
        self.tracks.append(Track(self.count, box, [0.0] * 4, timestamp_ms))
        self.count += 1
        return self.count - 1


def _sure(confidences: Sequence[float]) -> list[int]:
    return [number for number, confidence in enumerate(confidences) if confidence >= SURE]


def _doubtful(confidences: Sequence[float]) -> list[int]:
    return [number for number, confidence in enumerate(confidences) if confidence < SURE]


def _pairs(
    tracks: Sequence[Track], boxes: Sequence[list[float]], numbers: Sequence[int], timestamp_ms: int
) -> Iterator[tuple[Track, int]]:
    """Tracks and boxes that fit, the best pair first; each at most once."""
    scored = sorted(
        (
            (overlap(track.expected(timestamp_ms), boxes[number]), -track.index, track, number)
            for track in tracks
            for number in numbers
        ),
        key=lambda pair: pair[:2],
        reverse=True,
    )
    taken_tracks, taken_boxes = set(), set()
    for score, _, track, number in scored:
        if score < LEAST_OVERLAP:
            return
        if track.index not in taken_tracks and number not in taken_boxes:
            taken_tracks.add(track.index)
            taken_boxes.add(number)
            yield track, number


def overlap(one: Sequence[float], other: Sequence[float]) -> float:
    """Intersection over union of two boxes, each widened by `WIDER`."""
    (left, top, right, bottom), (left2, top2, right2, bottom2) = _widened(one), _widened(other)
    across = min(right, right2) - max(left, left2)
    down = min(bottom, bottom2) - max(top, top2)
    if across <= 0 or down <= 0:
        return 0.0
    both = across * down
    areas = (right - left) * (bottom - top) + (right2 - left2) * (bottom2 - top2)
    return both / (areas - both)


def _widened(box: Sequence[float]) -> tuple[float, float, float, float]:
    left, top, width, height = box
    return (
        left - WIDER * width,
        top - WIDER * height,
        left + (1 + WIDER) * width,
        top + (1 + WIDER) * height,
    )
