"""Runs a program that takes hours, and neither outlives its server nor a time limit.

Between both stands a small process, `python -m` this module: it waits for the program and for the
end of its own input, which comes with the end of the server, however that ends.
"""

import logging
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

log = logging.getLogger(__name__)

LATE = 124
"""Exit status after the time limit, as of timeout(1)."""

LINES_TOLD = 40
COLOURS = re.compile(r"\x1b\[[\d;]*[A-Za-z]")
NICENESS = 10


class ProgramError(Exception):
    """The program failed; the message ends with what it printed last."""


class LateError(Exception):
    """The program took longer than it may."""


class StoppedError(Exception):
    """The server is about to end, and the program did with it."""


@dataclass(slots=True)
class Leash:
    """Runs one program at a time, whoever asks."""

    _turn: threading.Lock = field(default_factory=threading.Lock)
    _process: "subprocess.Popen[str] | None" = None
    _closed: bool = False

    def run(
        self, command: Sequence[str], seconds: float, folder: Path, environment: Mapping[str, str]
    ) -> None:
        """In the folder, which is removed if the server ends first. Each line that is printed is
        logged. Raises ProgramError, LateError or StoppedError."""
        with self._turn:
            with _start(command, seconds, folder, environment) as self._process:
                if self._closed:
                    self.close()
                lines = _read(self._process, Path(command[0]).name)
            status = self._process.returncode
        if self._closed:
            raise StoppedError
        if status == LATE:
            raise LateError
        if status:
            said = "\n".join(lines)
            raise ProgramError(f"`{' '.join(command)}` failed with status {status}:\n{said}")

    def close(self) -> None:
        """Ends what runs, and what would be run."""
        self._closed = True
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()


def _start(
    command: Sequence[str], seconds: float, folder: Path, environment: Mapping[str, str]
) -> "subprocess.Popen[str]":
    return subprocess.Popen(  # noqa: S603 - our own interpreter, and the operator's program
        [sys.executable, "-m", __name__, str(seconds), *command],
        cwd=folder,
        env=dict(environment),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )


def _read(process: "subprocess.Popen[str]", name: str) -> Sequence[str]:
    """The last lines that were printed."""
    assert process.stdout is not None
    last: deque[str] = deque(maxlen=LINES_TOLD)
    with process.stdout:
        for line in process.stdout:
            if text := COLOURS.sub("", line).strip():
                last.append(text)
                log.info("%s: %s", name, text)
    return last


def main(seconds: str, *command: str) -> int:
    _survive_signals()
    program = subprocess.Popen(  # noqa: S603 - as above
        command, stdin=subprocess.DEVNULL, start_new_session=True
    )
    alone = threading.Event()
    threading.Thread(target=_watch_server, args=(program.pid, alone), daemon=True).start()
    try:
        status = program.wait(float(seconds))
    except subprocess.TimeoutExpired:
        status = LATE
    _kill(program.pid)
    program.wait()
    if alone.is_set():
        shutil.rmtree(Path.cwd(), ignore_errors=True)
    return status if status >= 0 else 128 - status


def _survive_signals() -> None:
    """A signal to all processes of a server must not look like a failure of the program, which
    takes over what is ignored here; and where memory runs out, the program is to go first."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")
    os.nice(NICENESS)  # requests come first


def _watch_server(group: int, alone: threading.Event) -> None:
    os.read(0, 1)  # nothing is ever written
    alone.set()
    _kill(group)


def _kill(group: int) -> None:
    """The program and all that it started."""
    with suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
