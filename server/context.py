"""What a handler is given beside its request."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from openrekog.api_spec.service import Operation
from openrekog.collections_store.records import Scope
from openrekog.collections_store.store import Store, Transaction
from openrekog.models.custom.fine_tuning import FineTuning
from openrekog.models.loaded import Models
from openrekog.models.runtime import Runtime
from openrekog.server.hosting.adapters import Adapters
from openrekog.server.hosting.running import Hosting
from openrekog.server.jobs.queue import JobQueue
from openrekog.server.media.images import ImageLoader
from openrekog.server.settings import Settings
from openrekog.server.timings import Timer, Timings


@dataclass(frozen=True, slots=True)
class Services:
    """The long-lived parts of a running server, built once by the app factory."""

    settings: Settings
    store: Store
    runtime: Runtime
    models: Models
    images: ImageLoader
    jobs: JobQueue
    hosting: Hosting
    adapters: Adapters
    fine_tuning: FineTuning | None = None

    def close(self) -> None:
        self.hosting.close()
        self.jobs.close()
        self.runtime.close()
        self.store.close()


@dataclass(frozen=True, slots=True)
class Context:
    """One request: who asks, from where, and the services that answer."""

    request_id: str
    operation: Operation
    scope: Scope
    caller_arn: str
    services: Services
    timings: Timings = field(default_factory=Timings)

    def timed(self, part: str) -> Timer:
        return self.timings.timed(part)

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        with self.timed("store"), self.services.store.read() as rows:
            yield rows

    @contextmanager
    def writing(self) -> Iterator[Transaction]:
        """One request is one transaction: all of it is stored when the block ends, or nothing."""
        with self.timed("store"), self.services.store.write() as rows:
            yield rows
