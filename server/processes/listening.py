"""The socket of a server, and uvicorn as we run it."""

import asyncio
import ipaddress
import socket
from collections.abc import Callable

import uvicorn
from starlette.types import ASGIApp

from openrekog.server.processes.protocol import HeadBoundedProtocol

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


class HandedServer(Server):
    """Gets its connections from the supervisor, by the channel, instead of a socket of its own.

    When the supervisor closes the channel, or is gone, the server finishes what it has and leaves.
    """

    def __init__(
        self, config: uvicorn.Config, ready: Callable[[], None], channel: socket.socket
    ) -> None:
        super().__init__(config, ready)
        self._channel = channel
        self._arriving: set[asyncio.Task[object]] = set()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._channel.setblocking(False)
        asyncio.get_running_loop().add_reader(self._channel, self._take)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        asyncio.get_running_loop().remove_reader(self._channel)
        # From now on the supervisor's sending fails, and it gives to another; what it has sent
        # before that is still ours.
        self._channel.shutdown(socket.SHUT_RD)
        while self._take():
            pass
        await asyncio.gather(*self._arriving)
        await super().shutdown(sockets)

    def _take(self) -> bool:
        """Whether a connection came."""
        try:
            _, handles, _, _ = socket.recv_fds(self._channel, 1, 1)
        except BlockingIOError:
            return False
        if not handles:
            self.should_exit = True
            asyncio.get_running_loop().remove_reader(self._channel)
            return False
        loop = asyncio.get_running_loop()
        connection = socket.socket(fileno=handles[0])
        arriving = loop.create_task(loop.connect_accepted_socket(self._protocol, connection))
        self._arriving.add(arriving)
        arriving.add_done_callback(self._arriving.discard)
        return True

    def _protocol(self) -> asyncio.Protocol:
        return HeadBoundedProtocol(self.config, self.server_state, self.lifespan.state)


def build_server(app: ASGIApp, shutdown_timeout: int, ready: Callable[[], None]) -> Server:
    return Server(configured(app, shutdown_timeout), ready)


def configured(app: ASGIApp, shutdown_timeout: int) -> uvicorn.Config:
    return uvicorn.Config(
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
