"""Runs a server process: keys, socket, models, store, and a clean end."""

import signal
import socket
import sys
import threading
from collections.abc import Callable
from types import FrameType

from openrekog.api_spec.service import load_service
from openrekog.collections_store.errors import StoreError
from openrekog.models.architectures.signatures import UnusablePackError
from openrekog.models.providers import NoProviderError
from openrekog.models.store import MissingModelError
from openrekog.server.app import create_app
from openrekog.server.keys import KeyRing, KeysFile
from openrekog.server.limits import RateLimits
from openrekog.server.listening import bind, build_server, is_loopback
from openrekog.server.metrics import Metrics
from openrekog.server.services import open_services, working
from openrekog.server.settings import Settings

# What a wrong setting or a damaged folder leads to; the messages say what and where.
START_FAULTS = (StoreError, MissingModelError, NoProviderError, UnusablePackError, OSError)


# A worker that is told to leave the jobs to workers is meant to do them.
DEFAULT_CONCURRENCY = 1


class RefusedError(Exception):
    """The server will not start as it is told to; the message says why and what to do."""


def open_keys(settings: Settings) -> KeyRing:
    """The keys; without any, only a server on loopback starts, or one that is told to."""
    keys = KeyRing(KeysFile(settings.keys_path))
    if not (keys.required or settings.run_open or is_loopback(settings.host)):
        raise RefusedError(
            f"{settings.host} is not a loopback address, and {settings.keys_path} holds no access "
            "keys: anybody could call this server.\n"
            "Make a key with `openrekog keys create --account 123456789012`, "
            "or set OPENREKOG_RUN_OPEN=true to accept every request."
        )
    return keys


def check_limits(settings: Settings) -> None:
    try:
        RateLimits(settings.rate_limits, load_service().operations)
    except ValueError as error:
        raise RefusedError(str(error)) from error


def take_address(settings: Settings) -> socket.socket:
    """Before the models are loaded, so that a port in use is told at once."""
    try:
        return bind(settings.host, settings.port)
    except OSError as error:
        raise RefusedError(
            f"Cannot listen on {settings.host}:{settings.port}: {error.strerror}.\n"
            "Choose another port with --port; 0 picks a free one."
        ) from error


def run(
    settings: Settings, keys: KeyRing, listener: socket.socket, ready: Callable[[], None]
) -> None:
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
        app = create_app(services, keys, metrics)
        with working(services):
            build_server(app, settings.shutdown_timeout, ready).run(sockets=[listener])
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
        with working(services) as name:
            ready(name)
            ended.wait()
    finally:
        services.close()


def leave(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - as signals want it
    sys.exit(0)
