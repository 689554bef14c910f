"""The short form of `make soak`, with the fake pack: what remains is the server's own memory."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_memory_stays() -> None:
    program = [sys.executable, "-m", "benchmarks.soak", "--pack", "fake"]
    counts = ["--baseline", "500", "--requests", "800"]
    done = subprocess.run([*program, *counts], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "| 800 |" in done.stdout
