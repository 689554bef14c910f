"""Tries the next part of a job in a process of its own: whether it ends that one proves what the
deaths of a server, which has much else to do, do not."""

import signal
import subprocess
import sys
from contextlib import suppress

import structlog

log = structlog.get_logger(__name__)

PROGRAM = "openrekog.server.rehearsal"
"""A server in small, whose rooms are above this one."""

LONGEST_SECONDS = 300.0

# SIGKILL is none of them: beside the server's own models there may be no memory for it.
FAULTS = (signal.SIGSEGV, signal.SIGBUS, signal.SIGILL, signal.SIGFPE, signal.SIGABRT)


def survives(settings: bytes, job_id: str) -> bool:
    """False where the process dies by a fault of its own; one that lasts too long, or is ended by
    somebody, proves nothing. `settings` are a line of JSON."""
    log.warning("a job is tried in a process of its own", job_id=job_id)
    command = [sys.executable, "-m", PROGRAM, job_id]
    # Its input stays open: the end of it, which comes with any end of this process, is its own.
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:  # noqa: S603 - all of it ours
        assert process.stdin is not None
        with suppress(BrokenPipeError):
            process.stdin.write(settings + b"\n")
            process.stdin.flush()
        try:
            return -process.wait(LONGEST_SECONDS) not in FAULTS
        except subprocess.TimeoutExpired:
            process.kill()
            return True
