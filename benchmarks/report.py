"""The report: Markdown tables, what held and what did not, and the machine the figures are of."""

import os
import platform
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

from benchmarks.measure import Run

LIBRARIES = ("openrekog", "onnxruntime", "opencv-python-headless", "faiss-cpu", "uvicorn")

ANSWER = ("clients", "requests/s", "p50 ms", "p99 ms", "CPU ms", "load ms")
"""Columns of `answer_cells`."""


@dataclass(frozen=True, slots=True)
class Promise:
    """Something that must hold, and what was measured."""

    name: str
    bar: str
    measured: float
    holds: bool


@dataclass(slots=True)
class Report:
    sections: list[str] = field(default_factory=list)
    promises: list[Promise] = field(default_factory=list)

    def add(self, title: str, *paragraphs: str) -> None:
        self.sections.append("\n\n".join([f"## {title}", *paragraphs]))
        say(f"{title}: done")

    def at_least(self, name: str, measured: float, least: float) -> None:
        self.promises.append(Promise(name, f">= {least:g}", measured, measured >= least))

    def at_most(self, name: str, measured: float, most: float) -> None:
        self.promises.append(Promise(name, f"<= {most:g}", measured, measured <= most))

    def text(self) -> str:
        held = table(
            ("What must hold", "bar", "measured", "holds"),
            [
                (promise.name, promise.bar, promise.measured, "yes" if promise.holds else "**no**")
                for promise in self.promises
            ],
        )
        head = f"# Benchmarks\n\nPrinted by `make bench` on {time.strftime('%Y-%m-%d')}."
        return "\n\n".join([head, machine(), held, *self.sections]) + "\n"


def answer_cells(clients: int | str, run: Run) -> tuple[object, ...]:
    outcome = run.outcome
    return (
        clients,
        run.rate,
        1000 * outcome.percentile(0.5),
        1000 * outcome.percentile(0.99),
        run.cpu_milliseconds,
        run.load_milliseconds,
    )


def table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Every column but the first stands to the right."""
    lines = [
        "| " + " | ".join(header) + " |",
        "|" + "|".join(" --- " if not place else " ---: " for place in range(len(header))) + "|",
    ]
    lines += ["| " + " | ".join(map(cell, row)) + " |" for row in rows]
    return "\n".join(lines)


def cell(value: object) -> str:
    """Three digits of a number are what a measurement on a busy machine is worth."""
    if not isinstance(value, float):
        return str(value)
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def machine() -> str:
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    return (
        f"{cpu_model()}, {os.cpu_count()} cores, {memory_gib():.0f} GiB; "
        f"Python {platform.python_version()}, {libraries}."
    )


def cpu_model() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def memory_gib() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30


def say(text: str) -> None:
    """Progress goes to stderr; stdout is the report."""
    print(text, file=sys.stderr, flush=True)
