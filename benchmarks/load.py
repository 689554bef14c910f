"""Drives a server with many clients from a process of its own, at little cost to the machine.

Requests are bytes, made beforehand: a client only writes them to its socket and reads the answer.
"""

import asyncio
import pickle
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from types import TracebackType
from typing import Self, cast

import uvloop

ROOT = Path(__file__).parent.parent
HEAD_END = b"\r\n\r\n"
HTTP_1_0 = b"HTTP/1.0"
WATCH_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Load:
    """What to send. Without `seconds` each request is sent once; with them, again and again."""

    host: str
    port: int
    requests: Sequence[bytes]
    clients: int
    seconds: float | None = None
    patience: float = 120.0
    """Seconds that one answer may take."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came back: seconds of every answer, and answers by status and error code."""

    seconds: float
    latencies: Sequence[float]
    answers: Counter[str]
    cpu_seconds: float = 0.0
    """What sending and reading took of the processors that the server works with too."""

    @property
    def rate(self) -> float:
        return len(self.latencies) / self.seconds if self.seconds else 0.0

    @property
    def unanswered(self) -> int:
        return sum(count for answer, count in self.answers.items() if answer.startswith("no "))

    @property
    def failed(self) -> int:
        """Answers other than a result."""
        return sum(self.answers.values()) - self.answers["200"]

    def percentile(self, share: float) -> float:
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0

    def __add__(self, other: "Outcome") -> "Outcome":
        return Outcome(
            self.seconds + other.seconds,
            [*self.latencies, *other.latencies],
            self.answers + other.answers,
            self.cpu_seconds + other.cpu_seconds,
        )


class Drive:
    """A load that runs in its own process until it is done."""

    def __init__(self, load: Load) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.load"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
        )
        assert self._process.stdin is not None
        pickle.dump(load, self._process.stdin)
        self._process.stdin.close()

    def result(self) -> Outcome:
        assert self._process.stdout is not None
        outcome = pickle.load(self._process.stdout)
        self._process.wait()
        if not isinstance(outcome, Outcome):
            raise TypeError(f"the load process sent {outcome!r}")
        return outcome

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.kill()
        self._process.wait()


def drive(load: Load) -> Outcome:
    with Drive(load) as running:
        return running.result()


class Client(asyncio.Protocol):
    """Sends one request after the other: the next in the very callback that read the answer, so
    that no task has to be woken for it. One HTTP/1 connection, made again when it was closed."""

    def __init__(self, clients: "Clients") -> None:
        self.clients = clients
        self.transport: asyncio.Transport | None = None
        self.request: bytes | None = None
        """The one that has no answer yet."""
        self.started = 0.0
        self.received = bytearray()
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def ask(self) -> None:
        """Sends the next request, if there is one, on a new connection where there is none."""
        self.request, self.started = self.clients.next_request(), time.perf_counter()
        if self.request is not None and self.transport is not None:
            self.transport.write(self.request)
        elif self.request is not None:
            self.connecting = asyncio.create_task(self.connect())
        else:
            self.leave()

    async def connect(self) -> None:
        load, loop = self.clients.load, asyncio.get_running_loop()
        try:
            async with asyncio.timeout(load.patience):
                await loop.create_connection(lambda: self, load.host, load.port)
        except OSError as error:
            self.fail(error)
            self.ask()

    def leave(self) -> None:
        if self.transport is not None:
            self.transport.close()
        if not self.over.done():
            self.over.set_result(None)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports have the methods of this class, but are none of its children.
        self.transport = cast(asyncio.Transport, transport)
        if self.request is not None:
            self.transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        self.received += data
        end = self.received.find(HEAD_END)
        if end < 0:
            return
        head = bytes(self.received[:end])
        length = header(head, b"content-length")
        if length is None or len(self.received) < end + len(HEAD_END) + int(length):
            return
        self.finish(head)
        if (header(head, b"connection") or b"").lower() == b"close" or head.startswith(HTTP_1_0):
            assert self.transport is not None
            self.transport.close()  # and on with a new one when that is done
        else:
            self.ask()

    def connection_lost(self, error: Exception | None) -> None:
        self.transport = None
        head, found, _ = bytes(self.received).partition(HEAD_END)
        if self.request is not None and found and header(head, b"content-length") is None:
            self.finish(head)
        elif self.request is not None:
            self.fail(error or ConnectionResetError())
        if not self.over.done():
            self.ask()

    def finish(self, head: bytes) -> None:
        self.received.clear()
        self.request = None
        self.clients.latencies.append(time.perf_counter() - self.started)
        self.clients.answers[verdict(head)] += 1

    def fail(self, error: Exception) -> None:
        """Counted, not hidden: `unanswered` tells how many there were."""
        self.received.clear()
        self.request = None
        self.clients.answers[f"no answer: {type(error).__name__}"] += 1

    def give_up(self, now: float) -> None:
        """Ends a connection whose answer takes too long."""
        late = self.request is not None and now - self.started > self.clients.load.patience
        if late and self.transport is not None:
            self.fail(TimeoutError())
            self.transport.abort()


def header(head: bytes, name: bytes) -> bytes | None:
    lowered = head.lower()
    start = lowered.find(b"\r\n" + name + b":")
    if start < 0:
        return None
    return head[start + len(name) + 3 :].split(b"\r\n", 1)[0].strip()


def verdict(head: bytes) -> str:
    """The status, with the error code where there is one: `200`, `400 ThrottlingException`."""
    status = head.split(b" ", 2)[1].decode()
    code = header(head, b"x-amzn-errortype")
    return status if code is None else f"{status} {code.decode()}"


@dataclass(slots=True)
class Clients:
    load: Load
    latencies: list[float] = field(default_factory=list)
    answers: Counter[str] = field(default_factory=Counter)
    stop: float | None = field(init=False)
    left: Iterator[bytes] = field(init=False)

    async def run(self) -> Outcome:
        started, cpu = time.perf_counter(), time.process_time()
        self.stop = None if self.load.seconds is None else started + self.load.seconds
        self.left = iter(self.load.requests) if self.stop is None else cycle(self.load.requests)
        crew = [Client(self) for _ in range(self.load.clients)]
        for client in crew:
            client.ask()
        watching = asyncio.create_task(self.watch(crew))
        await asyncio.gather(*(client.over for client in crew))
        watching.cancel()
        spent = time.perf_counter() - started
        return Outcome(spent, self.latencies, self.answers, time.process_time() - cpu)

    def next_request(self) -> bytes | None:
        if self.stop is not None and time.perf_counter() >= self.stop:
            return None
        return next(self.left, None)

    async def watch(self, crew: Sequence[Client]) -> None:
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            for client in crew:
                client.give_up(time.perf_counter())


def main() -> None:
    load = pickle.load(sys.stdin.buffer)
    pickle.dump(uvloop.run(Clients(load).run()), sys.stdout.buffer)


if __name__ == "__main__":
    # Pickled classes must bear the package's name, not __main__.
    from benchmarks import load as module

    module.main()
