"""The example of docs/video.md runs, and prints what the page says it prints."""

import re
import subprocess
import sys
from pathlib import Path

from tests.acceptance.servers import ServerProcess

DOCS = Path(__file__).parents[2] / "docs"
OUTPUT = re.compile(r"<!-- output of docs/video_example.py -->\n```\n(.*?)```", re.DOTALL)


def test_the_example_prints_what_the_page_says(real_server: ServerProcess) -> None:
    buckets = real_server.data_dir / "buckets"
    command = [sys.executable, str(DOCS / "video_example.py"), real_server.url, str(buckets)]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    documented = OUTPUT.search((DOCS / "video.md").read_text())
    assert documented is not None
    assert printed == documented[1]
