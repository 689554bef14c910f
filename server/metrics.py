"""Prometheus metrics of one running server."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from openrekog.server.admission import ByteBudget, Workers

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
BATCHES = (1, 2, 4, 8, 16, 32, 64)


class Metrics:
    def __init__(self) -> None:
        self.registry = CollectorRegistry()
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
        self._gauge("requests_running", "Requests being worked on", lambda: workers.running)
        self._gauge("requests_queued", "Requests that wait for a thread", lambda: workers.queued)
        self._gauge("body_bytes", "Bytes of request bodies in memory", lambda: budget.used)
        self._gauge("faces_stored", "Faces in all collections", faces)

    def _gauge(self, name: str, text: str, read: Callable[[], int]) -> None:
        gauge = Gauge(f"openrekog_{name}", text, registry=self.registry)
        gauge.set_function(lambda: float(read()))

    def render(self) -> bytes:
        return generate_latest(self.registry)
