"""Micro-batching: concurrent callers of one model share its calls.

Worth it where a larger batch is cheaper for each item, as on a GPU. On a CPU it is not: with one
thread, SFace takes 8.2, 7.8, 8.1 and 9.1 ms for each face in batches of 1, 2, 4 and 8, YuNet at
640x640 takes 5.6, 7.1, 8.9 and 9.5 ms for each image, because larger batches leave the cache. So
the CPU is called directly by each request's thread.
"""

import threading
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from time import monotonic

import numpy as np

from openrekog.models.session import Array, Feeds, Session


class BusyError(RuntimeError):
    """The queue of a model is full; the caller should try again later."""


class ClosedError(RuntimeError):
    """The model was closed while, or before, this call waited."""


@dataclass(frozen=True, slots=True)
class BatchPolicy:
    """`max_queued` counts items (rows); `max_wait` of 0 takes what is there, which already fills
    batches under load, since callers pile up during the call before."""

    max_batch: int = 16
    max_wait: float = 0.0
    max_queued: int = 256


@dataclass(frozen=True, slots=True)
class _Call:
    feeds: Feeds
    rows: int
    signature: tuple[tuple[str, tuple[int, ...], str], ...]
    answer: Future[list[Array]]


class Batcher:
    """A session behind a bounded queue that one thread empties; itself a session."""

    def __init__(self, session: Session, policy: BatchPolicy) -> None:
        self.name = session.name
        self.provider = session.provider
        self.inputs = session.inputs
        self.outputs = session.outputs
        self._session = session
        self._policy = policy
        self._waiting: deque[_Call] = deque()
        self._queued = 0
        self._closed = False
        self._changed = threading.Condition()
        self._owner = threading.Thread(
            target=self._serve, name=f"batches of {session.name}", daemon=True
        )
        self._owner.start()

    @property
    def queued(self) -> int:
        return self._queued

    def run(self, feeds: Feeds) -> list[Array]:
        call = _call(feeds)
        with self._changed:
            if self._closed:
                raise ClosedError(f"{self.name} is closed")
            if self._waiting and self._queued + call.rows > self._policy.max_queued:
                raise BusyError(f"{self._queued} items wait for {self.name}")
            self._waiting.append(call)
            self._queued += call.rows
            self._changed.notify()
        return call.answer.result()

    def close(self) -> None:
        """Answers the calls that wait, refuses later ones, and ends the thread."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._owner.join()

    def _serve(self) -> None:
        while batch := self._next_batch():
            try:
                answers = self._run(batch)
            except BaseException as error:  # noqa: BLE001 - each waiting caller raises it
                for call in batch:
                    call.answer.set_exception(error)
            else:
                for call, answer in zip(batch, answers, strict=True):
                    call.answer.set_result(answer)

    def _next_batch(self) -> list[_Call]:
        """Waits for a call and takes those of its shape behind it; empty when closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closed)
            if not self._waiting:
                return []
            first = self._waiting.popleft()
            batch, rows = [first], first.rows
            deadline = monotonic() + self._policy.max_wait
            while True:
                rows += self._take(batch, first, self._policy.max_batch - rows)
                left = deadline - monotonic()
                if rows >= self._policy.max_batch or left <= 0 or self._closed:
                    break
                self._changed.wait(left)
            self._queued -= rows
            return batch

    def _take(self, batch: list[_Call], first: _Call, room: int) -> int:
        """Moves fitting calls from the queue to the batch, oldest first; other shapes keep their
        place. Returns the rows taken."""
        taken = 0
        kept: deque[_Call] = deque()
        while self._waiting:
            call = self._waiting.popleft()
            if call.signature == first.signature and call.rows <= room - taken:
                batch.append(call)
                taken += call.rows
            else:
                kept.append(call)
        self._waiting = kept
        return taken

    def _run(self, batch: Sequence[_Call]) -> list[list[Array]]:
        rows = sum(call.rows for call in batch)
        padding = _padded_rows(rows, self._policy.max_batch) - rows
        joined = {
            name: _joined([call.feeds[name] for call in batch], padding) for name in batch[0].feeds
        }
        outputs = self._session.run(joined)
        ends = np.cumsum([call.rows for call in batch])
        return [
            [output[end - call.rows : end] for output in outputs]
            for call, end in zip(batch, ends, strict=True)
        ]


def _call(feeds: Feeds) -> _Call:
    rows = {array.shape[0] for array in feeds.values()}
    if len(rows) != 1:
        raise ValueError(f"inputs of one call differ in their batch: {sorted(rows)}")
    signature = tuple(
        (name, array.shape[1:], array.dtype.str) for name, array in sorted(feeds.items())
    )
    return _Call(feeds, rows.pop(), signature, Future())


def _padded_rows(rows: int, max_batch: int) -> int:
    """The next power of two: a runtime keeps memory for each batch size it has seen."""
    return rows if rows >= max_batch else min(max_batch, 1 << (rows - 1).bit_length())


def _joined(arrays: Sequence[Array], padding: int) -> Array:
    if len(arrays) == 1 and not padding:
        return arrays[0]
    empty = np.zeros((padding, *arrays[0].shape[1:]), arrays[0].dtype)
    return np.concatenate([*arrays, empty])
