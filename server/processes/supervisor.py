"""Several server processes behind one address: accepts the connections and hands them out in turn.

Processes that shared the listening socket would not share the work: the first to wake takes all
connections that wait, and clients keep theirs (of 16, one of two processes got 14 to 16). What has
been handed out is no matter of the supervisor any more: no byte of a request passes through it.
"""

import asyncio
import os
import signal
import socket
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

import structlog
from prometheus_client.multiprocess import mark_process_dead

from openrekog.server.access.keys import KeyRing
from openrekog.server.http.metrics import METRICS_FOLDER
from openrekog.server.processes.orders import READY, Orders, process_count
from openrekog.server.processes.starting import RefusedError
from openrekog.server.settings import Settings

log = structlog.get_logger(__name__)

BACKLOG = 2048  # as uvicorn's

# A process that ended is started again after a pause, which doubles until one has run for a while.
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 30.0
STEADY_SECONDS = 60.0
SHORT_PAUSE = 0.01

LONGEST_MESSAGE = 64 * 1024


def run(
    settings: Settings, keys: KeyRing, listener: socket.socket, ready: Callable[[], None]
) -> None:
    """Serves until SIGTERM or SIGINT, and exits when every process has finished what it had."""
    with tempfile.TemporaryDirectory(prefix="openrekog-metrics-") as metrics_dir:
        supervisor = Supervisor(settings, keys, listener, ready, metrics_dir)
        sys.exit(asyncio.run(supervisor.run()))


@dataclass(frozen=True, slots=True, eq=False)
class Child:
    """A process, and our end of the channel to it: a connection a message, and its answers."""

    process: asyncio.subprocess.Process
    channel: socket.socket

    @classmethod
    async def start(cls, orders: Orders, metrics_dir: str) -> "Child":
        # With borders between messages, so that each connection is one.
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)
        with theirs:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "openrekog.server.processes.child", str(theirs.fileno())),
                stdin=asyncio.subprocess.PIPE,
                env={**os.environ, METRICS_FOLDER: metrics_dir},
                pass_fds=[theirs.fileno()],
                # Ctrl-C is for the supervisor, which ends the others in good order.
                start_new_session=True,
            )
        assert process.stdin is not None
        process.stdin.write(orders.model_dump_json().encode())
        process.stdin.close()
        return cls(process, ours)

    async def answer(self) -> bytes:
        """READY, or why the process cannot serve; nothing when it died."""
        return await asyncio.get_running_loop().sock_recv(self.channel, LONGEST_MESSAGE)

    def give(self, connection: socket.socket) -> None:
        socket.send_fds(self.channel, [b"c"], [connection.fileno()])

    def finish(self) -> None:
        """Tells the process to finish what it has been given, and to leave."""
        with suppress(OSError):  # it is gone already
            self.channel.shutdown(socket.SHUT_WR)


@dataclass(slots=True)
class Supervisor:
    settings: Settings
    keys: KeyRing
    listener: socket.socket
    say_ready: Callable[[], None]
    metrics_dir: str
    _turns: deque[Child] = field(default_factory=deque)
    """The processes that take connections; the first is next."""
    _living: set[Child] = field(default_factory=set)
    _ready: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once every process was ready for the first time."""
    _stopping: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> int:
        """The exit code: 0, if all of the last processes ended well."""
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, self._stop)
        places = [asyncio.create_task(self._keep()) for _ in range(process_count(self.settings))]
        stopping = asyncio.create_task(self._stopping.wait())
        handing = asyncio.create_task(self._hand_out())
        # But for the stop, each of these ends by an error alone.
        await asyncio.wait((stopping, handing, *places), return_when=asyncio.FIRST_COMPLETED)
        handing.cancel()
        self.listener.close()
        self._finish()
        # All are waited for, also where one of them could not start.
        await asyncio.wait(places)
        with suppress(asyncio.CancelledError):
            await handing
        codes = [place.result() for place in places]
        return int(any(codes))

    def _stop(self) -> None:
        """The first signal asks; the second, as with one process, does not wait any more."""
        if self._stopping.is_set():
            for child in self._living:
                child.process.kill()
        self._stopping.set()

    def _finish(self) -> None:
        self._stopping.set()
        for child in self._living:
            if child in self._turns:
                child.finish()
            else:
                child.process.terminate()

    async def _keep(self) -> int:
        """One process after the other in the same place, until the end; the last one's code."""
        code = 0
        pause = FIRST_PAUSE
        while not self._stopping.is_set():
            started = time.monotonic()
            pid, code = await self._live()
            if self._stopping.is_set():
                break
            log.error("process ended", process=pid, exit_code=code, pause=pause)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), pause)
            steady = time.monotonic() - started > STEADY_SECONDS
            pause = FIRST_PAUSE if steady else min(2 * pause, LONGEST_PAUSE)
        # By SIGTERM end those that had not even started.
        return 0 if code == -signal.SIGTERM else code

    async def _live(self) -> tuple[int, int]:
        """One process from its start to its end: its id and its exit code."""
        self.keys.follow()
        orders = Orders(settings=self.settings, keys_required=self.keys.required)
        child = await Child.start(orders, self.metrics_dir)
        self._living.add(child)
        if self._stopping.is_set():
            child.process.terminate()
        try:
            answer = await child.answer()
            if answer == READY:
                self._join(child)
            elif not self._stopping.is_set():
                self._refused(answer.decode() or "A server process ended while it started.")
            return child.process.pid, await child.process.wait()
        finally:
            self._leave(child)
            self._living.discard(child)
            child.channel.close()
            mark_process_dead(child.process.pid, self.metrics_dir)  # type: ignore[no-untyped-call]  # it has no types

    def _refused(self, reason: str) -> None:
        """At the start that is the end of all; later it may pass, and is tried again."""
        if not self._ready.is_set():
            raise RefusedError(reason)
        log.error("process not ready", reason=reason)

    def _join(self, child: Child) -> None:
        log.info("process ready", process=child.process.pid)
        self._turns.append(child)
        if len(self._turns) == process_count(self.settings):
            self._ready.set()

    def _leave(self, child: Child) -> None:
        with suppress(ValueError):
            self._turns.remove(child)

    async def _hand_out(self) -> None:
        await self._ready.wait()
        self.listener.setblocking(False)
        self.listener.listen(BACKLOG)
        self.say_ready()
        while True:
            try:
                connection, _ = await asyncio.get_running_loop().sock_accept(self.listener)
            except OSError as error:  # the client is gone already, or we have no descriptor left
                log.warning("no connection accepted", error=str(error))
                await asyncio.sleep(SHORT_PAUSE)
                continue
            with connection:
                await self._give(connection)
            # Keys that come and go again must be known here too; see Orders.
            self.keys.follow()

    async def _give(self, connection: socket.socket) -> None:
        """To the next in turn that takes it; while none does, it waits and all others behind it."""
        while True:
            if not self._turns:
                await asyncio.sleep(SHORT_PAUSE)
                continue
            child = self._turns[0]
            self._turns.rotate(-1)
            try:
                return child.give(connection)
            except BlockingIOError:  # its channel is full
                await asyncio.sleep(SHORT_PAUSE)
            except OSError:  # it is leaving
                self._leave(child)
