"""How much work is taken on: a bounded pool of threads, and a bound on the bytes of open bodies.

What is over either bound is refused at once; SDKs wait and try again.
"""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from queue import SimpleQueue
from typing import Any, ParamSpec, TypeVar

from openrekog.api_spec import errors

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Job:
    work: Callable[[], Any]
    result: asyncio.Future[Any]

    def do(self) -> None:
        if self.result.cancelled():
            return
        try:
            value = self.work()
        except BaseException as error:  # noqa: BLE001 - whoever waits for the result gets it
            self._tell(self.result.set_exception, error)
        else:
            self._tell(self.result.set_result, value)

    def _tell(self, settle: Callable[[Any], None], outcome: Any) -> None:
        def tell() -> None:
            if not self.result.done():
                settle(outcome)

        # A loop that has ended at the shutdown's time limit has nobody left who waits.
        with suppress(RuntimeError):
            self.result.get_loop().call_soon_threadsafe(tell)


class Workers:
    """Runs synchronous work in threads. Its counters are touched by the event loop alone.

    The standard library's pool takes three times as long to hand a job over and back (15 to 30
    microseconds), and holds all other threads up meanwhile.
    """

    def __init__(self, threads: int, max_queued: int) -> None:
        self.threads = threads
        self._most = self.threads + max_queued
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._crew = [
            threading.Thread(target=self._work, name=f"request_{number}", daemon=True)
            for number in range(threads)
        ]
        for thread in self._crew:
            thread.start()
        self.admitted = 0

    @property
    def running(self) -> int:
        return min(self.admitted, self.threads)

    @property
    def queued(self) -> int:
        return self.admitted - self.running

    async def run(self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        if self.admitted >= self._most:
            raise errors.ProvisionedThroughputExceeded()
        self.admitted += 1
        try:
            result: asyncio.Future[R] = asyncio.get_running_loop().create_future()
            self._jobs.put(Job(partial(work, *args, **kwargs), result))
            return await result
        finally:
            self.admitted -= 1

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            job.do()
            del job  # and with it the request, while this thread waits

    def close(self) -> None:
        """Returns when all that was put in before is done."""
        for _ in self._crew:
            self._jobs.put(None)
        for thread in self._crew:
            thread.join()


class ByteBudget:
    """Counts the bytes of request bodies in memory. Used by the event loop alone."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self.used = 0

    def take(self, count: int) -> None:
        if self.used + count > self._limit:
            raise errors.ProvisionedThroughputExceeded()
        self.used += count

    def give_back(self, count: int) -> None:
        self.used -= count
