"""Nobody waits for a job: what is too busy or away for a request comes later."""

import time
from collections.abc import Callable
from typing import TypeVar

from openrekog.api_spec import errors
from openrekog.models.batching import BusyError
from openrekog.server.media.objects import Unreachable

R = TypeVar("R")

# Seconds between tries at what may be only busy or away for a moment.
PAUSES = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0)

# The object store is away, and not only for a blink: the whole part is done when it is back.
LONGEST_BLINK = 3.0


BUSY = "The server is busy with requests; the job waits."


def patiently(attempt: Callable[[], R], longest: float = PAUSES[-1]) -> R:
    """Raises what the last of some tries raises; `longest` is for a server that is busy."""
    for pause in PAUSES:
        try:
            return attempt()
        except (errors.ProvisionedThroughputExceeded, BusyError):
            if pause > longest:
                raise
            time.sleep(pause)
        except Unreachable:
            if pause > LONGEST_BLINK:
                raise
            time.sleep(pause)
    return attempt()
