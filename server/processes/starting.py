"""What comes before a server process: its keys, its address, and settings that cannot be meant."""

import shlex
import socket

from openrekog.api_spec.service import load_service
from openrekog.server.access.keys import KeyRing, KeysFile
from openrekog.server.access.limits import RateLimits
from openrekog.server.processes.listening import bind, is_loopback
from openrekog.server.settings import Settings


class RefusedError(Exception):
    """The server will not start as it is told to; the message says why and what to do."""


def open_keys(settings: Settings) -> KeyRing:
    """The keys; without any, only a server on loopback starts, or one that is told to."""
    keys = KeyRing(KeysFile(settings.keys_path))
    if not (keys.required or settings.run_open or is_loopback(settings.host)):
        raise RefusedError(
            f"{settings.host} is not a loopback address, and {settings.keys_path} holds no access "
            "keys: anybody could call this server.\n"
            "Make a key with `openrekog keys create --account 123456789012 --data-dir "
            f"{shlex.quote(str(settings.data_dir))}`, "
            "or set OPENREKOG_RUN_OPEN=true to accept every request."
        )
    return keys


def check_limits(settings: Settings) -> None:
    try:
        RateLimits(settings.rate_limits, load_service().all_operations)
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
