"""Overload: many more clients than the server has threads, and a SIGTERM in the middle of the work.

Every request must be answered with a result or with the documented error for "too busy", within
bounded memory; and a server told to stop finishes what it has accepted and leaves with exit code 0.
"""

import argparse
import re
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
from botocore.credentials import Credentials

from benchmarks import pictures, signed
from benchmarks.cases import OF_PICTURES, VARIANTS, alone
from benchmarks.load import Drive, Load, Outcome, drive
from benchmarks.report import machine, table
from benchmarks.servers import LOOPBACK, Server, openrekog

DOCUMENTED = frozenset(
    {"200", "400 ProvisionedThroughputExceededException", "400 ThrottlingException"}
)

# The bodies of requests may take this much by default (the setting max_pending_body_bytes).
MOST_GROWTH_MIB = 512

SMALL_QUEUE = 16

# The lines of /metrics that count requests: answered, being worked on, waiting.
COUNTS = re.compile(r"^openrekog_requests_(total|running|queued)(?:\{.*\})? (\S+)$", re.M)


@dataclass(frozen=True, slots=True)
class Progress:
    answered: int
    under_way: int

    @property
    def taken(self) -> int:
        return self.answered + self.under_way


@dataclass(frozen=True, slots=True)
class Trial:
    """One overload and what came of it."""

    name: str
    outcome: Outcome
    idle_mib: float
    highest_mib: float
    exit_code: int

    def faults(self) -> list[str]:
        answers = self.outcome.answers
        wrong = [f"{count} x {name}" for name, count in answers.items() if name not in DOCUMENTED]
        if self.highest_mib - self.idle_mib > MOST_GROWTH_MIB:
            wrong.append(f"memory rose from {self.idle_mib:.0f} to {self.highest_mib:.0f} MiB")
        if self.exit_code != 0:
            wrong.append(f"exit code {self.exit_code}")
        return [f"{self.name}: {fault}" for fault in wrong]


@dataclass(slots=True)
class Watch:
    highest_mib: float = 0.0


@contextmanager
def watched(server: Server) -> Iterator[Watch]:
    """Looks at the memory of the server all the time."""
    watch, over = Watch(), threading.Event()

    def look() -> None:
        while not over.wait(0.05):
            try:
                watch.highest_mib = max(watch.highest_mib, server.rss_mib())
            except psutil.NoSuchProcess:
                return  # it has ended, as it was told

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield watch
    finally:
        over.set()
        thread.join()


def asks(server: Server, key: Credentials, picture: str) -> list[bytes]:
    """Every operation on a picture in turn."""
    return [
        signed.signed(server.address, key, operation, alone(data))
        for data in pictures.variants(picture, VARIANTS)
        for operation in ("DetectFaces", *OF_PICTURES)
    ]


@contextmanager
def warm(
    packs: Sequence[str], picture: str, settings: Mapping[str, str] | None = None
) -> Iterator[tuple[Server, list[bytes]]]:
    """A server that has answered a few requests, and those requests."""
    with (
        tempfile.TemporaryDirectory(prefix="openrekog-overload-") as folder,
        openrekog(Path(folder), packs=packs, settings=settings) as (server, key),
    ):
        requests = asks(server, key, picture)
        drive(Load(LOOPBACK, server.port, requests, 4))
        yield server, requests


def flood(packs: Sequence[str], clients: int, seconds: float, queue: int | None) -> Trial:
    """All clients ask again and again."""
    settings = {} if queue is None else {"OPENREKOG_MAX_QUEUED_REQUESTS": str(queue)}
    with warm(packs, "photo", settings) as (server, requests):
        idle = server.rss_mib()
        with watched(server) as watch:
            outcome = drive(Load(LOOPBACK, server.port, requests, clients, seconds))
        name = f"{clients} clients, queue of {queue or 'default length'}"
        return Trial(name, outcome, idle, watch.highest_mib, server.stop())


def stop_in_the_middle(packs: Sequence[str], clients: int) -> Trial:
    """Each client asks once; when all requests have been taken, the server is told to stop."""
    # The fake pack is done with a photo before the next one has come.
    with warm(packs, "medium" if "fake" in packs else "photo") as (server, requests):
        once = [requests[number % len(requests)] for number in range(clients)]
        idle, before = server.rss_mib(), progress(server).taken
        with watched(server) as watch, Drive(Load(LOOPBACK, server.port, once, clients)) as running:
            waiting = wait_until_taken(server, before + clients)
            if waiting == 0:
                raise RuntimeError("every request was answered before the server could be stopped")
            exit_code = server.stop(90)  # what is not done in the 60 s of a stop is cut off
            outcome = running.result()
        name = f"SIGTERM with {waiting} requests under way"
        return Trial(name, outcome, idle, watch.highest_mib, exit_code)


def progress(server: Server) -> Progress:
    counts = {"total": 0, "running": 0, "queued": 0}
    for name, value in COUNTS.findall(server.get("/metrics").decode()):
        counts[name] += int(float(value))
    return Progress(counts["total"], counts["running"] + counts["queued"])


def wait_until_taken(server: Server, count: int, patience: float = 60.0) -> int:
    """Returns how many requests are under way when the last one has been taken."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        found = progress(server)
        if found.taken >= count:
            return found.under_way
        time.sleep(0.02)
    raise TimeoutError(f"the server has not taken {count} requests in {patience} s")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.overload", description=__doc__)
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--pack", action="append", default=[], help="packs of the server")
    return parser.parse_args()


def main() -> None:
    given = arguments()
    trials = [
        flood(given.pack, given.clients, given.seconds, None),
        flood(given.pack, given.clients, given.seconds, SMALL_QUEUE),
        stop_in_the_middle(given.pack, given.clients),
    ]
    rows = [
        (
            trial.name,
            ", ".join(f"{count} x {name}" for name, count in trial.outcome.answers.most_common()),
            trial.outcome.percentile(0.5),
            trial.outcome.percentile(0.99),
            round(trial.idle_mib),
            round(trial.highest_mib),
            trial.exit_code,
        )
        for trial in trials
    ]
    header = ("trial", "answers", "p50 s", "p99 s", "RSS idle", "RSS highest MiB", "exit code")
    print(machine(), table(header, rows), sep="\n\n")
    if faults := [fault for trial in trials for fault in trial.faults()]:
        sys.exit("\n".join(faults))


if __name__ == "__main__":
    main()
