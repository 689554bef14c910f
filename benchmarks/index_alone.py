"""The index part of a search, in a process of its own so that its threads disturb nobody else's."""

import re
import subprocess
import sys

from benchmarks.load import ROOT
from benchmarks.report import Report

ROWS = 1_000_000
SECONDS = "2"

MOST_MILLISECONDS = {128: 20, 512: 60}
"""The p50 of one client that searches a million vectors, by dimension."""

# clients, searches a second, p50, p99, CPU of one search
LINE = re.compile(r"^\| (\d+) \| \S+ \| ([\d.]+) \| [\d.]+ \| ([\d.]+) \|$", re.M)


def measure_index(result: Report, dimension: int) -> None:
    program = [sys.executable, "-m", "benchmarks.index_search", "--skip-ways"]
    sizes = ["--rows", str(ROWS), "--dimension", str(dimension), "--seconds", SECONDS]
    done = subprocess.run(
        [*program, *sizes], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True
    )
    found = {
        int(clients): (float(p50), float(cpu)) for clients, p50, cpu in LINE.findall(done.stdout)
    }
    (p50, alone), (_, together) = found[1], found[16]
    name = f"index of {ROWS:,} x {dimension}"
    result.at_most(f"{name}: p50 of one client, ms", p50, MOST_MILLISECONDS[dimension])
    result.at_most(f"{name}: CPU of a search by 16 clients / by one", together / alone, 0.8)
    result.add(f"The index alone, {ROWS:,} vectors of {dimension}", done.stdout.strip())
