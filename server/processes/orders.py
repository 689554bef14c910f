"""What the supervisor tells a server process, and which share of the settings is its own."""

import os
from collections.abc import Mapping

from pydantic import BaseModel

from openrekog.server.settings import Settings

READY = b"ready"
"""What a process answers when it can take connections; any other answer is why it cannot."""

# What bounds the server as a whole: each process gets its part, rounded up.
DIVIDED = (
    "max_queued_requests",
    "max_pending_body_bytes",
    "max_pending_pixels",
    "index_memory_bytes",
    "index_gpu_memory_bytes",
    "custom_model_memory_bytes",
    "request_threads",
)


class Orders(BaseModel):
    settings: Settings
    keys_required: bool
    """Whether there ever were keys: a process that starts later must not be open after all."""


def process_count(settings: Settings) -> int:
    return settings.processes or len(os.sched_getaffinity(0))


def share_of(settings: Settings) -> Settings:
    """The settings of each of the processes, which together keep the bounds of one server."""
    processes = process_count(settings)
    parts = {name: -(-getattr(settings, name) // processes) for name in DIVIDED}
    least = least_of(settings)
    return settings.model_copy(
        update={
            **{name: max(part, least.get(name, 0)) for name, part in parts.items()},
            "processes": processes,
            "rate_limits": {name: rate / processes for name, rate in settings.rate_limits.items()},
        }
    )


def least_of(settings: Settings) -> Mapping[str, int]:
    """Below these a request would never fit that one process alone would take: the largest body,
    and two of the largest pictures."""
    return {
        "max_pending_body_bytes": min(settings.max_pending_body_bytes, settings.max_body_bytes),
        "max_pending_pixels": min(settings.max_pending_pixels, 2 * settings.max_image_pixels),
    }
