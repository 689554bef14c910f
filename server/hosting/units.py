"""Inference units: how many requests of one model a server process works on at once."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from openrekog.models.batching import BusyError


@dataclass(frozen=True, slots=True)
class UnitSize:
    """What one inference unit is in each server process."""

    requests: int
    """That are worked on at once."""
    queued: int
    """That may wait for those."""


@dataclass(slots=True)
class InferenceUnits:
    """The requests of one model in this process.

    More units cost nothing to have here, so a model that may grow does so at once.
    """

    size: UnitSize
    running: int = 0
    waiting: int = 0
    _changed: threading.Condition = field(default_factory=threading.Condition)

    @contextmanager
    def taken(self, units: int) -> Iterator[None]:
        """Waits for room among so many units; raises BusyError if too many wait already."""
        self._enter(units)
        try:
            yield
        finally:
            with self._changed:
                self.running -= 1
                self._changed.notify_all()

    def _enter(self, units: int) -> None:
        room = units * self.size.requests
        with self._changed:
            if self.running >= room:
                self._wait(room, units * self.size.queued)
            self.running += 1

    def _wait(self, room: int, most: int) -> None:
        if self.waiting >= most:
            raise BusyError(f"{room} requests are worked on, and {most} wait")
        self.waiting += 1
        try:
            self._changed.wait_for(lambda: self.running < room)
        finally:
            self.waiting -= 1
