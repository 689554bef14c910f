"""The socket of a server, and uvicorn as we run it."""

import ipaddress
import socket
from collections.abc import Callable

import uvicorn
from starlette.types import ASGIApp

from openrekog.server.protocol import HeadBoundedProtocol

# Longer than clients keep idle connections, so that they and not we close them: a request sent
# into a connection that we are closing would fail.
KEEP_ALIVE_SECONDS = 75


class Server(uvicorn.Server):
    """Uvicorn that says when its socket is open."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()


def build_server(app: ASGIApp, shutdown_timeout: int, ready: Callable[[], None]) -> Server:
    config = uvicorn.Config(
        app,
        loop="uvloop",
        http=HeadBoundedProtocol,
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # nobody asks where a request came from
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=shutdown_timeout,
    )
    return Server(config, ready)


def bind(host: str, port: int) -> socket.socket:
    """Takes the address without listening on it yet."""
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except OSError:
        listener.close()
        raise
    return listener


def url_of(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
