"""Policies of projects, each change of which makes a new revision."""

import secrets
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from openrekog.collections_store.errors import AlreadyExists, NotFound, Stale
from openrekog.collections_store.records import Page, Position, Project, ProjectPolicy
from openrekog.collections_store.session import Session, page_of
from openrekog.collections_store.tables import project_policies


@dataclass(frozen=True, slots=True)
class ProjectPolicies:
    session: Session

    def create(self, project: Project, name: str, document: str) -> str:
        """The revision of a new policy; AlreadyExists if there is one of this name."""
        revision = new_revision()
        try:
            self.session.connection.execute(
                insert(project_policies).values(
                    project=project.key,
                    name=name,
                    revision=revision,
                    document=document,
                    created_at=self.session.now,
                    updated_at=self.session.now,
                )
            )
        except IntegrityError as error:
            raise AlreadyExists("policy", name) from error
        return revision

    def update(self, project: Project, name: str, document: str, revision: str) -> str:
        """The next revision; Stale if the policy has another one than `revision`, or is gone."""
        following = new_revision()
        changed = self.session.connection.execute(
            update(project_policies)
            .where(_named(project, name), project_policies.c.revision == revision)
            .values(document=document, revision=following, updated_at=self.session.now)
        )
        if not changed.rowcount:
            raise Stale(f"policy {name!r} has no revision {revision}")
        return following

    def delete(self, project: Project, name: str, revision: str | None) -> None:
        """NotFound without such a policy, Stale if it has another revision than a given one."""
        which = _named(project, name)
        found = self.session.connection.execute(
            select(project_policies.c.revision).where(which)
        ).one_or_none()
        if found is None:
            raise NotFound("policy", name)
        if revision is not None and revision != found.revision:
            raise Stale(f"policy {name!r} has no revision {revision}")
        self.session.connection.execute(delete(project_policies).where(which))

    def clear(self, project: Project) -> None:
        self.session.connection.execute(
            delete(project_policies).where(project_policies.c.project == project.key)
        )

    def list(
        self, project: Project, limit: int, after: Position | None = None
    ) -> Page[ProjectPolicy]:
        rows = self.session.connection.execute(
            select(project_policies)
            .where(project_policies.c.project == project.key, project_policies.c.key > (after or 0))
            .order_by(project_policies.c.key)
            .limit(limit + 1)
        ).all()
        return page_of(rows, limit, after, _policy)


def new_revision() -> str:
    return secrets.token_hex(16)


def _named(project: Project, name: str) -> ColumnElement[bool]:
    return and_(project_policies.c.project == project.key, project_policies.c.name == name)


def _policy(row: Row[Any]) -> ProjectPolicy:
    return ProjectPolicy(**row._mapping)
