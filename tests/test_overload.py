"""The short form of `python -m benchmarks.overload`, with the fake pack."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_every_request_is_answered_and_a_stop_loses_none() -> None:
    program = [sys.executable, "-m", "benchmarks.overload", "--pack", "fake", "--seconds", "1"]
    done = subprocess.run(program, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    # Not only because there was room for all of them: a short queue did turn requests away.
    assert "ProvisionedThroughputExceededException" in done.stdout
