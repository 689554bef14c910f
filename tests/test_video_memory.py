"""The short form of `python -m benchmarks.video_memory`, with the fake pack."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_memory_stays_over_a_film() -> None:
    program = [sys.executable, "-m", "benchmarks.video_memory", "--pack", "fake"]
    sizes = ["--minutes", "3", "--kind", "face_detection", "--kind", "segment_detection"]
    done = subprocess.run([*program, *sizes], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "| the end | 100 % |" in done.stdout
