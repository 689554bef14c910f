"""Tags of resources, by ARN."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import delete, insert, select

from openrekog.collections_store.errors import QuotaExceeded
from openrekog.collections_store.session import Session
from openrekog.collections_store.tables import tags

TAGS_PER_RESOURCE = 200


@dataclass(frozen=True, slots=True)
class Tags:
    session: Session

    def get(self, arn: str) -> dict[str, str]:
        rows = self.session.connection.execute(
            select(tags.c.key, tags.c.value).where(tags.c.arn == arn).order_by(tags.c.key)
        )
        return {row.key: row.value for row in rows}

    def put(self, arn: str, new: Mapping[str, str], max_tags: int = TAGS_PER_RESOURCE) -> None:
        """Adds tags, or replaces the values of those that are there."""
        if not new:
            return
        self.remove(arn, new.keys())
        rows = [{"arn": arn, "key": key, "value": value} for key, value in new.items()]
        self.session.connection.execute(insert(tags), rows)
        if len(self.get(arn)) > max_tags:
            raise QuotaExceeded("tags of a resource", max_tags)

    def remove(self, arn: str, keys: Collection[str]) -> None:
        self.session.connection.execute(
            delete(tags).where(tags.c.arn == arn, tags.c.key.in_(list(keys)))
        )

    def clear(self, arn: str) -> None:
        self.session.connection.execute(delete(tags).where(tags.c.arn == arn))
