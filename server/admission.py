"""How much work is taken on: a bounded pool of threads, and a bound on the bytes of open bodies.

What is over either bound is refused at once; SDKs wait and try again.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from openrekog.api_spec import errors

P = ParamSpec("P")
R = TypeVar("R")


class Workers:
    """Runs synchronous work in threads. Its counters are touched by the event loop alone."""

    def __init__(self, threads: int, max_queued: int) -> None:
        self.threads = threads
        self._most = self.threads + max_queued
        self._pool = ThreadPoolExecutor(self.threads, thread_name_prefix="request")
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
            job = self._pool.submit(work, *args, **kwargs)
            return await asyncio.wrap_future(job)
        finally:
            self.admitted -= 1

    def close(self) -> None:
        self._pool.shutdown()


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
