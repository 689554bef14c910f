"""Which networks the servers on this database run that custom models are learnt on, and when each
server was last heard of."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import delete, exists, insert, select, update

from openrekog.collections_store.session import Session
from openrekog.collections_store.tables import servers

FORGOTTEN_AFTER = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Servers:
    session: Session

    def beat(self, name: str, networks: Collection[str]) -> None:
        """Notes that a server is alive, and which networks it runs from now on."""
        connection, now = self.session.connection, self.session.now
        for network in networks:
            this = (servers.c.name == name) & (servers.c.network == network)
            known = connection.execute(update(servers).where(this).values(seen_at=now))
            if not known.rowcount:
                connection.execute(insert(servers).values(name=name, network=network, seen_at=now))
        others = (servers.c.name == name) & servers.c.network.not_in(networks)
        old = servers.c.seen_at < now - FORGOTTEN_AFTER
        connection.execute(delete(servers).where(others | old))

    def run(self, network: str, seconds: float) -> bool:
        """Whether a server that was heard of within so long runs a network."""
        heard = servers.c.seen_at >= self.session.now - seconds
        found = exists().where(servers.c.network == network, heard)
        return bool(self.session.connection.scalar(select(found)))
