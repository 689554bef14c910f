"""Runs one server process: models, store, and a clean end."""

import gc
import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType

from starlette.types import ASGIApp

from openrekog.collections_store.errors import StoreError
from openrekog.models.architectures.signatures import UnusablePackError
from openrekog.models.providers import NoProviderError
from openrekog.models.store import MissingModelError
from openrekog.server.access.keys import KeyRing
from openrekog.server.http.app import create_app
from openrekog.server.http.metrics import Metrics
from openrekog.server.processes.starting import RefusedError
from openrekog.server.services import open_services, working
from openrekog.server.settings import Settings

# What a wrong setting or a damaged folder leads to; the messages say what and where.
START_FAULTS = (StoreError, MissingModelError, NoProviderError, UnusablePackError, OSError)


# A worker that is told to leave the jobs to workers is meant to do them.
DEFAULT_CONCURRENCY = 1


def run(settings: Settings, keys: KeyRing, serve: Callable[[ASGIApp], None]) -> None:
    """Serves until SIGTERM or SIGINT, and finishes what was accepted."""
    # Uvicorn raises the signal again when it has shut down; that must not be our end by it.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, leave)
    metrics = Metrics()
    try:
        services = open_services(settings, observer=metrics.observe_model)
    except START_FAULTS as error:
        raise RefusedError(str(error)) from error
    try:
        services.hosting.start()
        with working(services):
            app = create_app(services, keys, metrics)
            settle()
            serve(app)
    finally:
        services.close()


def work(settings: Settings, ready: Callable[[str], None]) -> None:
    """Works on background jobs until SIGTERM or SIGINT; what is left goes on at the next start."""
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: ended.set())
    settings = settings.model_copy(
        update={"job_concurrency": settings.job_concurrency or DEFAULT_CONCURRENCY}
    )
    try:
        services = open_services(settings)
    except START_FAULTS as error:
        raise RefusedError(str(error)) from error
    try:
        services.hosting.start()  # bulk jobs ask custom models, too
        with working(services) as name:
            ready(name)
            ended.wait()
    finally:
        services.close()


def settle() -> None:
    """Takes what the server is made of out of the garbage collector's rounds, which go through all
    objects again and again: it lives as long as the process."""
    gc.collect()
    gc.freeze()


def leave(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - as signals want it
    sys.exit(0)
