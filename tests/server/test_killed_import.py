"""An import killed before any of its writes leaves each person as before, or as after."""

import json
import subprocess
import sys
from pathlib import Path

from tests.acceptance.photos import person
from tests.acceptance.servers import clean_environment

SCRIPT = Path(__file__).with_name("killed_import.py")

# Name, licence, faces as the user's row counts them, whether there is a pooled vector, faces.
BEFORE = ["Ann", "old", 2, 1, 2]
AFTER = ["Ann", "new", 2, 1, 2]
BOB = ["Bob", "new", 1, 1, 1]
NO_STRAYS = [0, 0, 0]


def test_everybody_is_whole_or_absent(tmp_path: Path) -> None:
    (tmp_path / "ann").mkdir()
    for number in (1, 2, 3):
        (tmp_path / "ann" / f"{number}.png").write_bytes(person(number))
    (tmp_path / "bob.png").write_bytes(person(4))
    done = subprocess.run(
        [sys.executable, str(SCRIPT), str(tmp_path)],
        env=clean_environment(),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    rounds = [json.loads(line) for line in done.stdout.splitlines()]
    assert not rounds[-1]["killed"]
    seen = []
    for each in rounds:
        assert each["left"]["people"] in ([BEFORE], [AFTER], [AFTER, BOB])
        assert each["left"]["strays"] == NO_STRAYS
        assert each["then"] in (None, {"people": [AFTER, BOB], "strays": NO_STRAYS})
        if each["left"]["people"] not in seen:
            seen.append(each["left"]["people"])
    # Each of the states was met, and in this order.
    assert seen == [[BEFORE], [AFTER], [AFTER, BOB]]
    assert sum(each["killed"] for each in rounds) > 20
    assert sum(each["then"] is not None for each in rounds) > 4
