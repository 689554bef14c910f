"""The page of annotated pictures says what the server says now."""

import subprocess
import sys
from pathlib import Path

from tests.acceptance.servers import ServerProcess

DOCS = Path(__file__).parents[2] / "docs"
LARGEST = 150_000


def test_the_tables_of_the_pictures_are_what_the_server_answers(real_server: ServerProcess) -> None:
    command = [sys.executable, str(DOCS / "pictures.py"), real_server.url, "--check"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_every_annotated_picture_is_small_shown_and_has_its_source() -> None:
    page = (DOCS / "pictures.md").read_text()
    sources = (DOCS / "images" / "SOURCES.md").read_text()
    pictures = sorted((DOCS / "images" / "annotated").iterdir())
    assert [picture.name for picture in pictures if picture.stat().st_size > LARGEST] == []
    shown = [f"images/annotated/{picture.name}" for picture in pictures]
    assert [path for path in shown if page.count(path) != 1] == []
    assert [path for path in shown if path.removeprefix("images/") not in sources] == []
    assert len(shown) == page.count("<!-- answers: ")
