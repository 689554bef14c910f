"""The example of docs/custom_labels.md runs, and prints what the page says it prints."""

import re
import subprocess
import sys
from pathlib import Path

from tests.acceptance.servers import ServerProcess

DOCS = Path(__file__).parents[2] / "docs"
OUTPUT = re.compile(r"<!-- output of docs/custom_labels_example.py -->\n```\n(.*?)```", re.DOTALL)
MADE_AT = re.compile(r"(?<=project/textures/)\d+")


def test_the_example_prints_what_the_page_says(real_server: ServerProcess) -> None:
    command = [sys.executable, str(DOCS / "custom_labels_example.py"), real_server.url]
    printed = subprocess.run(
        [*command, str(real_server.data_dir)], check=True, stdout=subprocess.PIPE, text=True
    ).stdout
    documented = OUTPUT.search((DOCS / "custom_labels.md").read_text())
    assert documented is not None
    assert MADE_AT.sub("N", printed) == MADE_AT.sub("N", documented[1])
