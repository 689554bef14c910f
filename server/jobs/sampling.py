"""Deals the frames of one video out to several analyses, each at its own interval."""

from collections.abc import Iterable, Iterator, Sequence

from openrekog.server.media.videos import Frame


def wanted(timestamp_ms: int, previous_ms: int | None, interval_ms: int) -> bool:
    """Whether a frame is the first at or after a multiple of the interval."""
    if interval_ms == 0 or previous_ms is None:
        return True
    return timestamp_ms // interval_ms > previous_ms // interval_ms


def batches(
    frames: Iterable[Frame], intervals: Sequence[int], previous_ms: int | None, size: int
) -> Iterator[list[list[Frame]]]:
    """For some frames at a time, what each interval wants of them, at most `size` in all lists."""
    dealt: list[list[Frame]] = [[] for _ in intervals]
    for frame in frames:
        for hand, interval in zip(dealt, intervals, strict=True):
            if wanted(frame.timestamp_ms, previous_ms, interval):
                hand.append(frame)
        previous_ms = frame.timestamp_ms
        if max(map(len, dealt), default=0) >= size:
            yield dealt
            dealt = [[] for _ in intervals]
    if any(dealt):
        yield dealt
