"""The README's example runs, and prints what the README says it prints."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.acceptance.servers import ServerProcess

ROOT = Path(__file__).parents[2]
OUTPUT = re.compile(r"<!-- output of docs/example.py -->\n```\n(.*?)```", re.DOTALL)
NUMBER = re.compile(r"\d+(?:\.\d+)?")


def test_the_example_prints_what_the_readme_says(real_server: ServerProcess) -> None:
    buckets = real_server.data_dir / "buckets"
    command = [sys.executable, str(ROOT / "docs" / "example.py"), real_server.url, str(buckets)]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    documented = OUTPUT.search((ROOT / "README.md").read_text())
    assert documented is not None
    assert NUMBER.sub("N", printed) == NUMBER.sub("N", documented[1])
    # Other processors round other ways.
    numbers, wanted = (
        [float(n) for n in NUMBER.findall(text)] for text in (printed, documented[1])
    )
    assert numbers == pytest.approx(wanted, abs=1.0)
