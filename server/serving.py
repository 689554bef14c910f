"""Runs a server process: socket, models, store, and a clean end."""

import ipaddress
import signal
import socket
import sys
from collections.abc import Callable
from types import FrameType

import uvicorn

from openrekog.server.app import create_app
from openrekog.server.keys import KeyRing, KeysFile
from openrekog.server.metrics import Metrics
from openrekog.server.services import open_services
from openrekog.server.settings import Settings

# Longer than clients keep idle connections, so that they and not we close them: a request sent
# into a connection that we are closing would fail.
KEEP_ALIVE_SECONDS = 75


class RefusedError(Exception):
    """The server will not start as it is told to; the message says why and what to do."""


class Server(uvicorn.Server):
    """Uvicorn that says when its socket is open."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()


def open_keys(settings: Settings) -> KeyRing:
    """The keys, if there are as many as the address asks for."""
    path = settings.keys_file or settings.data_dir / "keys.json"
    keys = KeyRing(KeysFile(path))
    if not (keys.required or settings.run_open or is_loopback(settings.host)):
        raise RefusedError(
            f"{settings.host} is not a loopback address, and {path} holds no access keys: anybody "
            "could call this server.\nMake a key with `openrekog keys create --account "
            "123456789012`, or set OPENREKOG_RUN_OPEN=true to accept every request."
        )
    return keys


def is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def bind(settings: Settings) -> socket.socket:
    """Takes the port before models are loaded, so that a busy one is told at once."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except OSError as error:
        raise RefusedError(
            f"Cannot listen on {settings.host}:{settings.port}: {error.strerror or error}.\n"
            "Choose another port with --port, or 0 for any free one."
        ) from error
    return listener


def url_of(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def run(
    settings: Settings,
    keys: KeyRing,
    listener: socket.socket,
    ready: Callable[[], None],
) -> None:
    """Serves until SIGTERM or SIGINT, and finishes what was accepted."""
    # Uvicorn hands the signal on when it has shut down; dying of it would not be exit code 0.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, leave)
    metrics = Metrics()
    services = open_services(settings, observer=metrics.observe_model)
    try:
        config = uvicorn.Config(
            create_app(services, keys, metrics),
            loop="uvloop",
            http="httptools",
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=settings.shutdown_timeout,
        )
        Server(config, ready).run(sockets=[listener])
    finally:
        services.close()


def leave(signal_number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - signal's shape
    sys.exit(0)
