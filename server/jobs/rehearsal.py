"""Tries the next part of a job in a process of its own: whether it ends that one proves what the
deaths of a server, which has much else to do, do not."""

import signal
import subprocess
import sys

import structlog

log = structlog.get_logger(__name__)

PROGRAM = "openrekog.server.rehearsal"
"""A server in small, whose rooms are above this one."""

LONGEST_SECONDS = 300.0

# SIGKILL is none of them: beside the server's own models there may be no memory for it.
FAULTS = (signal.SIGSEGV, signal.SIGBUS, signal.SIGILL, signal.SIGFPE, signal.SIGABRT)


def survives(settings: bytes, job_id: str) -> bool:
    """False where the process dies by a fault of its own; one that lasts too long, or is ended by
    somebody, proves nothing. `settings` are JSON."""
    log.warning("a job is tried in a process of its own", job_id=job_id)
    try:
        ended = subprocess.run(  # noqa: S603 - our own interpreter, and a number of ours
            [sys.executable, "-m", PROGRAM, job_id],
            input=settings,
            timeout=LONGEST_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return True
    return -ended.returncode not in FAULTS
