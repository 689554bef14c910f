"""How long the parts of a request took, for the Server-Timing header."""

import time
from dataclasses import dataclass
from types import TracebackType


class Timings(dict[str, float]):
    """Seconds by part of the work; a part that is done twice counts twice."""

    def timed(self, part: str) -> "Timer":
        return Timer(self, part)


@dataclass(slots=True)
class Timer:
    """A `with` block's time. A class of its own: a generator would take three times as long, and
    every request has a dozen."""

    timings: Timings
    part: str
    started: float = 0.0

    def __enter__(self) -> None:
        self.started = time.perf_counter()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        spent = time.perf_counter() - self.started
        self.timings[self.part] = self.timings.get(self.part, 0.0) + spent
