"""Prometheus metrics of a running server, summed over its processes."""

import asyncio
import os
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from openrekog.server.http.admission import ByteBudget, Workers

METRICS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""The variable that makes the Prometheus library keep its values in files, for all to sum up."""

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
BATCHES = (1, 2, 4, 8, 16, 32, 64)

PUBLISHED_SECONDS = 1.0
FACES_SECONDS = 1.0


class Metrics:
    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._shared = METRICS_FOLDER in os.environ
        self._load: Sequence[Reading] = ()
        self._stored: Sequence[Reading] = ()
        self._requests = Counter(
            "openrekog_requests",
            "Requests answered, by operation and error code",
            ["operation", "code"],
            registry=self.registry,
        )
        self._seconds = Histogram(
            "openrekog_request_seconds",
            "Seconds from the first byte to the answer",
            ["operation"],
            buckets=SECONDS,
            registry=self.registry,
        )
        self._model_seconds = Histogram(
            "openrekog_model_seconds",
            "Seconds of one model call",
            ["model"],
            buckets=SECONDS,
            registry=self.registry,
        )
        self._model_batch = Histogram(
            "openrekog_model_batch",
            "Inputs in one model call",
            ["model"],
            buckets=BATCHES,
            registry=self.registry,
        )

    def observe_request(self, operation: str, code: str, seconds: float) -> None:
        self._requests.labels(operation, code).inc()
        self._seconds.labels(operation).observe(seconds)

    def observe_model(self, model: str, seconds: float, batch: int) -> None:
        self._model_seconds.labels(model).observe(seconds)
        self._model_batch.labels(model).observe(batch)

    def watch(self, workers: Workers, budget: ByteBudget, faces: Callable[[], int]) -> None:
        """Values that are read when somebody asks."""
        self._load = [
            Reading(self._gauge(name, text, "livesum"), read)
            for name, text, read in (
                ("requests_running", "Requests being worked on", lambda: workers.running),
                ("requests_queued", "Requests that wait for a thread", lambda: workers.queued),
                ("body_bytes", "Bytes of request bodies in memory", lambda: budget.used),
            )
        ]
        gauge = self._gauge("faces_stored", "Faces in all collections", "livemostrecent")
        self._stored = [Reading(gauge, Seldom(faces, FACES_SECONDS))]

    def _gauge(self, name: str, text: str, mode: Literal["livesum", "livemostrecent"]) -> Gauge:
        return Gauge(f"openrekog_{name}", text, registry=self.registry, multiprocess_mode=mode)

    async def keep_published(self) -> None:
        """Lets the other processes know how busy this one is: any of them may be asked."""
        while True:
            self._publish(self._load)
            await asyncio.sleep(PUBLISHED_SECONDS)

    def _publish(self, readings: Iterable["Reading"]) -> None:
        for reading in readings:
            reading.gauge.set(reading.read())

    def render(self) -> bytes:
        self._publish([*self._load, *self._stored])
        return generate_latest(self._of_all_processes() if self._shared else self.registry)

    def _of_all_processes(self) -> CollectorRegistry:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # it has no types
        return registry


@dataclass(frozen=True, slots=True)
class Reading:
    gauge: Gauge
    read: Callable[[], float]


class Seldom:
    """Asks at most once in so many seconds: whoever scrapes must not keep the database busy."""

    def __init__(self, ask: Callable[[], int], seconds: float) -> None:
        self._ask = ask
        self._seconds = seconds
        self._until = 0.0
        self._known = 0

    def __call__(self) -> float:
        now = time.monotonic()
        if now >= self._until:
            self._known, self._until = self._ask(), now + self._seconds
        return self._known
