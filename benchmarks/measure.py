"""Measures contenders in turns, so that what else the machine does hits all of them alike."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from benchmarks.load import Load, Outcome, drive
from benchmarks.servers import LOOPBACK, Server


@dataclass(frozen=True, slots=True)
class Run:
    """What was done, and the CPU seconds that the doer spent on it."""

    outcome: Outcome
    cpu_seconds: float

    @property
    def rate(self) -> float:
        return self.outcome.rate

    @property
    def cpu_milliseconds(self) -> float:
        """CPU time of one request."""
        return 1000 * self.cpu_seconds / max(1, len(self.outcome.latencies))

    @property
    def load_milliseconds(self) -> float:
        """CPU time of sending one request and of reading its answer."""
        return 1000 * self.outcome.cpu_seconds / max(1, len(self.outcome.latencies))

    def __add__(self, other: "Run") -> "Run":
        return Run(self.outcome + other.outcome, self.cpu_seconds + other.cpu_seconds)


Contender = Callable[[float], Run]
"""Works for so many seconds."""

Requests = Callable[[float], Sequence[bytes]]
"""Makes what clients send in so many seconds."""

K = TypeVar("K", bound=Hashable)

WARM_UP = 0.3


@dataclass(frozen=True, slots=True)
class Pace:
    """How long is measured: in each of several rounds every contender gets its seconds."""

    rounds: int
    seconds: float


def in_turns(contenders: Mapping[K, Contender], pace: Pace) -> dict[K, Run]:
    for contender in contenders.values():
        contender(WARM_UP)
    runs = {name: contender(pace.seconds) for name, contender in contenders.items()}
    for _ in range(pace.rounds - 1):
        for name, contender in contenders.items():
            runs[name] += contender(pace.seconds)
    return runs


def always(requests: Sequence[bytes]) -> Requests:
    """The same ones, whatever the time."""
    return lambda _: requests


def clients_of(server: Server, requests: Requests, clients: int) -> Contender:
    """So many clients of a server at once."""

    def work(seconds: float) -> Run:
        load = Load(LOOPBACK, server.port, requests(seconds), clients, seconds)
        spent = server.cpu_seconds()
        outcome = drive(load)
        if outcome.failed:
            raise RuntimeError(f"not all of the answers are results: {dict(outcome.answers)}")
        return Run(outcome, server.cpu_seconds() - spent)

    return work
