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


class Connection(asyncio.Protocol):
    """One HTTP/1 connection that has at most one request under way."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.reply: asyncio.Future[str] | None = None
        self.received = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports have the methods of this class, but are none of its children.
        self.transport = cast(asyncio.Transport, transport)

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

    def connection_lost(self, error: Exception | None) -> None:
        self.transport = None
        head, found, _ = bytes(self.received).partition(HEAD_END)
        if found and header(head, b"content-length") is None:
            self.finish(head)
        elif self.reply is not None and not self.reply.done():
            self.reply.set_exception(error or ConnectionResetError("closed without an answer"))

    def finish(self, head: bytes) -> None:
        self.received.clear()
        keeps = (header(head, b"connection") or b"").lower() != b"close"
        closes = not keeps or head.startswith(b"HTTP/1.0")
        if closes and self.transport is not None:
            self.transport.close()
            self.transport = None
        if self.reply is not None and not self.reply.done():
            self.reply.set_result(verdict(head))


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

    async def run(self) -> Outcome:
        started, cpu = time.perf_counter(), time.process_time()
        stop = None if self.load.seconds is None else started + self.load.seconds
        left = iter(self.load.requests) if stop is None else cycle(self.load.requests)
        async with asyncio.TaskGroup() as group:
            for _ in range(self.load.clients):
                group.create_task(self.client(left, stop))
        spent = time.perf_counter() - started
        return Outcome(spent, self.latencies, self.answers, time.process_time() - cpu)

    async def client(self, left: Iterator[bytes], stop: float | None) -> None:
        connection = Connection()
        while stop is None or time.perf_counter() < stop:
            request = next(left, None)
            if request is None:
                break
            started = time.perf_counter()
            try:
                async with asyncio.timeout(self.load.patience):
                    connection = await self.connected(connection)
                    answer = await self.ask(connection, request)
            except OSError as error:
                # Counted, not hidden: `unanswered` tells how many there were.
                connection, answer = Connection(), f"no answer: {type(error).__name__}"
            else:
                self.latencies.append(time.perf_counter() - started)
            self.answers[answer] += 1
        if connection.transport is not None:
            connection.transport.close()

    async def connected(self, connection: Connection) -> Connection:
        if connection.transport is not None and not connection.transport.is_closing():
            return connection
        loop = asyncio.get_running_loop()
        _, fresh = await loop.create_connection(Connection, self.load.host, self.load.port)
        return fresh

    async def ask(self, connection: Connection, request: bytes) -> str:
        assert connection.transport is not None
        connection.reply = asyncio.get_running_loop().create_future()
        connection.transport.write(request)
        return await connection.reply


def main() -> None:
    load = pickle.load(sys.stdin.buffer)
    pickle.dump(uvloop.run(Clients(load).run()), sys.stdout.buffer)


if __name__ == "__main__":
    # Pickled classes must bear the package's name, not __main__.
    from benchmarks import load as module

    module.main()
