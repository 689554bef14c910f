"""Programs that run for hours: they end in time, and with whoever wanted them to run."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from openrekog.models.custom.fine_tuning import FineTuning, FineTuningLearner
from openrekog.models.custom.labels import TrueLabel
from openrekog.models.custom.learning import CannotLearnError, Looked
from openrekog.models.custom.leash import Leash, ProgramError, StoppedError
from openrekog.models.custom.yolo_dataset import encode
from openrekog.models.results import Box
from tests.models.yolo_program import ENDLESS, Yolo, lives, processes, wait_until

PICTURE = encode(np.zeros((64, 64, 3), np.uint8))
PICTURES = [Looked((TrueLabel("bee", Box(0.25, 0.5, 0.5, 0.25)),), PICTURE)]

SERVER = """
import os, sys
from pathlib import Path
from openrekog.models.custom.leash import Leash
Leash().run(sys.argv[2:], 1000, Path(sys.argv[1]), dict(os.environ))
"""


def learner_of(program: Yolo, seconds: float = 1000) -> FineTuningLearner:
    terms = FineTuning(str(program.program), program.weights, 1, program.side, seconds)
    return FineTuningLearner(terms)


def test_a_program_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    program = Yolo(tmp_path / "program", training=ENDLESS).write()
    with pytest.raises(CannotLearnError, match="longer than the 1 seconds"):
        learner_of(program, 1.0).learn(PICTURES)
    assert not any(map(lives, processes(program)))


def test_what_a_program_says_of_its_failure_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    program = Yolo(tmp_path / "program", training='sys.exit("no CUDA here")').write()
    with pytest.raises(ProgramError, match=r"status 1:\n(?s:.*)no CUDA here"):
        learner_of(program).learn(PICTURES)
    assert "yolo: standing in for yolo" in caplog.messages  # without colours


def test_a_closed_learner_ends_its_program(tmp_path: Path) -> None:
    program = Yolo(tmp_path / "program", training=ENDLESS).write()
    learner = learner_of(program)
    ended: list[BaseException] = []

    def learn() -> None:
        try:
            learner.learn(PICTURES)
        except StoppedError as error:
            ended.append(error)

    thread = threading.Thread(target=learn)
    thread.start()
    found = processes(program)
    learner.close()
    thread.join(20)
    assert ended
    assert not any(map(lives, found))
    with pytest.raises(StoppedError):
        learner.learn(PICTURES)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM], ids=["killed", "ended"])
def test_a_program_ends_with_its_server_and_leaves_nothing(
    how: signal.Signals, tmp_path: Path
) -> None:
    program = Yolo(tmp_path / "program", training=ENDLESS).write()
    (work := tmp_path / "work").mkdir()
    (work / "picture.jpg").write_bytes(b"of somebody")
    train = ["train", f"data={work / 'picture.jpg'}", "project=p", "name=n"]
    server = subprocess.Popen([sys.executable, "-c", SERVER, work, program.program, *train])
    found = processes(program)
    os.kill(server.pid, how)
    server.wait()
    wait_until(lambda: not any(map(lives, found)), "the end of the program")
    wait_until(lambda: not work.exists(), "an empty place")


def test_a_program_outlives_signals_that_are_for_its_server(tmp_path: Path) -> None:
    """As when a service manager ends all processes of a service: the server says when."""
    script = tmp_path / "script"
    script.write_text("#!/bin/sh\nkill -TERM $$ $PPID\nsleep 0.2\ntouch done\n")
    script.chmod(0o755)
    Leash().run([str(script)], 20, tmp_path, dict(os.environ))
    assert (tmp_path / "done").exists()
