"""A program that stands in for `yolo` of ultralytics: it notes how it was called and what it was
to learn from, and exports a graph that finds what is bright."""

import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.models.premium_graphs import yolo

PYTHON = sys.executable  # before a test hides it, and with it what lies beside it

PROGRAM = """\
#!{python} -I
import json, os, shutil, subprocess, sys, time
from pathlib import Path

told = dict(word.split("=", 1) for word in sys.argv[1:] if "=" in word)
with open({calls!r}, "a") as calls:
    print(json.dumps([sys.argv[1:], dict(os.environ)]), file=calls)
print("standing in for \\x1b[1myolo\\x1b[0m")
if "export" in sys.argv:
    shutil.copyfile({graph!r}, told["model"].replace(".pt", ".onnx"))
else:
    shutil.copytree(Path(told["data"]).parent, {pictures!r}, dirs_exist_ok=True)
    {training}
    weights = Path(told["project"], told["name"], "weights")
    weights.mkdir(parents=True)
    (weights / "last.pt").write_bytes(b"PK tuned")
"""

ENDLESS = """child = subprocess.Popen(["sleep", "1000"])
    Path({pids!r}).write_text(f"{{os.getpid()}} {{child.pid}}")
    time.sleep(1000)"""


@dataclass(frozen=True)
class Yolo:
    """In `folder`, which is to be first on the PATH, or whose `program` is called by its place."""

    folder: Path
    classes: int = 1
    training: str = "pass"
    side: int = 320

    def write(self) -> "Yolo":
        self.folder.mkdir(exist_ok=True)
        graph = yolo(self.folder / "graph.onnx", self.side, self.classes)
        text = PROGRAM.format(
            python=PYTHON,
            calls=str(self.calls),
            graph=str(graph),
            pictures=str(self.pictures),
            training=self.training.format(pids=str(self.pids)),
        )
        self.program.write_text(text)
        self.program.chmod(0o755)
        self.weights.write_bytes(b"PK not tuned")
        return self

    @property
    def program(self) -> Path:
        return self.folder / "yolo"

    @property
    def weights(self) -> Path:
        return self.folder / "weights.pt"

    @property
    def calls(self) -> Path:
        return self.folder / "calls"

    @property
    def pictures(self) -> Path:
        return self.folder / "pictures"

    @property
    def pids(self) -> Path:
        """Where an endless program says which processes it has."""
        return self.folder / "pids"

    def called(self) -> list[tuple[list[str], dict[str, Any]]]:
        """Arguments and environment of each call."""
        return [tuple(json.loads(line)) for line in self.calls.read_text().splitlines()]


def wait_until(condition: Callable[[], bool], what: str) -> None:
    give_up = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < give_up, f"{what} does not come about"
        time.sleep(0.02)


def lives(pid: int) -> bool:
    """Whether a process is there, and no zombie that nobody has waited for."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] != "Z"
    except FileNotFoundError:
        return False


def processes(program: Yolo) -> list[int]:
    """The program and its child, once it has begun to train."""
    wait_until(lambda: program.pids.exists() and " " in program.pids.read_text(), "a training")
    return [int(pid) for pid in program.pids.read_text().split()]
