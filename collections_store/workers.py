"""Which processes work on jobs, and when each was last heard of."""

from dataclasses import dataclass

from sqlalchemy import delete, insert, select, update

from openrekog.collections_store.session import Session
from openrekog.collections_store.tables import workers


@dataclass(frozen=True, slots=True)
class Workers:
    session: Session

    def beat(self, name: str) -> None:
        """Notes that a worker is alive."""
        connection, now = self.session.connection, self.session.now
        known = connection.execute(
            update(workers).where(workers.c.name == name).values(seen_at=now)
        )
        if not known.rowcount:
            connection.execute(insert(workers).values(name=name, seen_at=now))

    def silent(self, seconds: float) -> list[str]:
        """Workers that were not heard of for so long."""
        before = self.session.now - seconds
        return [
            *self.session.connection.scalars(
                select(workers.c.name).where(workers.c.seen_at < before)
            )
        ]

    def forget(self, name: str) -> bool:
        """Whether the worker was known: of several who notice, one does."""
        gone = self.session.connection.execute(delete(workers).where(workers.c.name == name))
        return bool(gone.rowcount)
