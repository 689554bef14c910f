"""Decodes ahead of use, in a thread of its own, and does not wait for a decoder that hangs."""

import contextlib
import queue
import threading
from collections.abc import Collection, Generator, Iterator
from dataclasses import dataclass
from typing import BinaryIO, TypeVar

from openrekog.server.media.pulse import Pulse, StalledError
from openrekog.server.media.videos import Video

T = TypeVar("T")

# Decoded frames that may wait for the analysis: at 1920x1080 6 MB each.
FRAMES_AHEAD = 8

# How often one who waits for a frame looks whether the decoder gets on, before he gives it up.
LOOKS = 20


@dataclass(frozen=True, slots=True)
class _Failed:
    error: BaseException


def open_video(file: BinaryIO, codecs: Collection[str], patience: float) -> Video:
    """Raises VideoError, or StalledError where nothing comes of it."""
    pulse = Pulse()
    opening = (Video(file, codecs, pulse) for _ in range(1))
    with contextlib.closing(ahead(opening, pulse, patience)) as opened:
        return next(opened)


def ahead(
    items: Iterator[T], pulse: Pulse, patience: float, most: int = FRAMES_AHEAD
) -> Generator[T]:
    """The same frames, decoded by a thread of their own while the caller works on earlier ones.

    At most `most` wait. Close the iterator to end the thread early. Raises StalledError when the
    decoder has come no further for `patience` seconds of waiting for it; whatever it does then, it
    is left behind.
    """
    waiting: queue.Queue[T | _Failed | None] = queue.Queue(most)
    closing = threading.Event()

    def put(item: T | _Failed | None) -> bool:
        while not closing.is_set():
            with contextlib.suppress(queue.Full):
                waiting.put(item, timeout=0.1)
                return True
        return False

    def decode() -> None:
        try:
            if all(put(item) for item in items):
                put(None)
        except BaseException as error:  # noqa: BLE001 - told to the caller, in whose thread it is raised
            put(_Failed(error))

    thread = threading.Thread(target=decode, name="decode", daemon=True)
    thread.start()
    try:
        while (item := _taken(waiting, pulse, patience)) is not None:
            if isinstance(item, _Failed):
                raise item.error
            yield item
    finally:
        closing.set()
        if not pulse.abandoned:
            thread.join()


def _taken(waiting: "queue.Queue[T]", pulse: Pulse, patience: float) -> T:
    pulse.listen()
    while True:
        try:
            return waiting.get(timeout=patience / LOOKS)
        except queue.Empty:
            if pulse.still > patience:
                pulse.abandon()
                raise StalledError from None
