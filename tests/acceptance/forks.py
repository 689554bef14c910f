"""Runs `openrekog` commands as forks of one process that has loaded what they load: that takes a
processor two seconds, and the tests start more than a hundred servers.

From then on a fork is a process like every other. What is promised of loading itself is tested with
the command: tests/server/test_cli.py, and the servers that the tests share.
"""

import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

LOADED = (
    "openrekog.server.cli",
    "openrekog.server.gallery.imports",
    "openrekog.server.logs",
    "openrekog.server.processes.listening",
    "openrekog.server.processes.serving",
    "openrekog.server.processes.starting",
    "tests.acceptance.forks",
)
# It would pass in silence over a module that is called otherwise by now, and be slow.
assert all(find_spec(name) for name in LOADED)

CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(list(LOADED))


class Fork:
    """As much of a Popen as tests ask for."""

    def __init__(
        self,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        out: Path,
        err: Path | None = None,
    ) -> None:
        """What it says goes to files, which are empty when this returns."""
        files = (out, err or out)
        for path in files:
            path.write_bytes(b"")
        self._arguments = arguments
        self._process = CONTEXT.Process(target=run, args=(arguments, environment, files))
        self._process.start()

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        self._process.join(timeout)
        if (status := self.poll()) is None:
            raise subprocess.TimeoutExpired(list(self._arguments), timeout or 0)
        return status

    def send_signal(self, number: signal.Signals) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def run(arguments: Sequence[str], environment: Mapping[str, str], files: tuple[Path, Path]) -> None:
    """What a fork does: it takes the place of a command, and begins."""
    for descriptor, path in enumerate(files, start=1):
        opened = os.open(path, os.O_WRONLY | os.O_APPEND)
        os.dup2(opened, descriptor)
        os.close(opened)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["openrekog", *arguments]
    from openrekog.server.cli import main

    main()
