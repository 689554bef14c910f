"""Runs one server process: models, store, and a clean end."""

import signal
import sys
from collections.abc import Callable
from types import FrameType

from starlette.types import ASGIApp

from openrekog.collections_store.errors import StoreError
from openrekog.models.providers import NoProviderError
from openrekog.models.store import MissingModelError
from openrekog.server.app import create_app
from openrekog.server.keys import KeyRing
from openrekog.server.metrics import Metrics
from openrekog.server.services import open_services
from openrekog.server.settings import Settings
from openrekog.server.starting import RefusedError

# What a wrong setting or a damaged folder leads to; the messages say what and where.
START_FAULTS = (StoreError, MissingModelError, NoProviderError, OSError)


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
        serve(create_app(services, keys, metrics))
    finally:
        services.close()


def leave(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - as signals want it
    sys.exit(0)
