"""The servers on one database, which need not have the same packs: who runs which network."""

import socket
import time
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from openrekog.collections_store.store import Store

log = structlog.get_logger(__name__)

SECONDS_BETWEEN_BEATS = 10.0

SILENCE = 300.0
"""Seconds for which a server that is not heard of may be only about to start again: as long a model
that it has is left to it."""


@dataclass(slots=True)
class Neighbours:
    store: Store
    name: str
    networks: Collection[str]
    """That this server runs and custom models are learnt on."""
    _next_beat: float = 0.0
    _told: set[int] = field(default_factory=set)

    def beat(self) -> None:
        """Tells the others now and then; the first time at once."""
        if time.monotonic() >= self._next_beat:
            with self.store.write() as rows:
                rows.servers.beat(self.name, self.networks)
            self._next_beat = time.monotonic() + SECONDS_BETWEEN_BEATS

    def have(self, network: str, version: int) -> bool:
        """Whether another server runs a network, so that a model is left to it; says so once."""
        with self.store.read() as rows:
            found = rows.servers.run(network, SILENCE)
        if found and version not in self._told:
            self._told.add(version)
            log.warning("model is left to the servers that have its pack", version=version)
        return found


def name_of_server(data_dir: Path) -> str:
    """The same over restarts and for all processes of a server, which run the same packs."""
    return f"{socket.gethostname()}:{data_dir.absolute()}"[-512:]
