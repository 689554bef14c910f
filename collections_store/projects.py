"""Projects of Custom Labels and of moderation adapters."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, false, insert, select, update
from sqlalchemy.exc import IntegrityError

from openrekog.collections_store.errors import AlreadyExists, InUse, NotFound
from openrekog.collections_store.records import (
    AutoUpdate,
    Feature,
    Page,
    Position,
    Project,
    Scope,
)
from openrekog.collections_store.session import Session, page_of
from openrekog.collections_store.tables import project_versions, projects


@dataclass(frozen=True, slots=True)
class Projects:
    session: Session

    def create(
        self, scope: Scope, name: str, feature: Feature, auto_update: AutoUpdate | None
    ) -> Project:
        values = {
            "account_id": scope.account_id,
            "region": scope.region,
            "name": name,
            "stamp": milliseconds(self.session.now),
            "feature": feature,
            "auto_update": auto_update,
            "created_at": self.session.now,
            "deleted": False,
        }
        if self._one(_living(scope), projects.c.name == name) is not None:
            raise AlreadyExists("project", name)
        try:
            made = insert(projects).values(values).returning(projects)
            return _project(self.session.connection.execute(made).one())
        except IntegrityError as error:
            # On PostgreSQL another transaction can create it between our two statements.
            raise AlreadyExists("project", name) from error

    def get(self, scope: Scope, name: str, stamp: int) -> Project:
        row = self._one(_living(scope), projects.c.name == name, projects.c.stamp == stamp)
        if row is None:
            raise NotFound("project", name)
        return _project(row)

    def named(self, scope: Scope, name: str) -> Project:
        row = self._one(_living(scope), projects.c.name == name)
        if row is None:
            raise NotFound("project", name)
        return _project(row)

    def list(
        self,
        scope: Scope,
        limit: int,
        after: Position | None = None,
        *,
        features: Sequence[str],
        names: Sequence[str] | None = None,
    ) -> Page[Project]:
        """In the order of creation."""
        wanted = select(projects).where(
            _living(scope), projects.c.feature.in_(features), projects.c.key > (after or 0)
        )
        if names is not None:
            wanted = wanted.where(projects.c.name.in_(names))
        ordered = wanted.order_by(projects.c.key).limit(limit + 1)
        return page_of(self.session.connection.execute(ordered).all(), limit, after, _project)

    def delete(self, project: Project) -> None:
        """Hides it at once; InUse while it has versions."""
        versions = select(project_versions.c.key).where(
            project_versions.c.project == project.key, project_versions.c.deleted == false()
        )
        if self.session.connection.execute(versions.limit(1)).first() is not None:
            raise InUse(f"project {project.name!r} has versions")
        self.session.connection.execute(
            update(projects).where(projects.c.key == project.key).values(deleted=True)
        )

    def _one(self, *which: ColumnElement[bool]) -> Row[Any] | None:
        wanted = select(projects).where(*which)
        # On PostgreSQL another transaction could delete it before this one writes to it.
        wanted = wanted.with_for_update() if self.session.writing else wanted
        return self.session.connection.execute(wanted).one_or_none()


def milliseconds(seconds: float) -> int:
    return int(seconds * 1000)


def _living(scope: Scope) -> ColumnElement[bool]:
    return and_(
        projects.c.account_id == scope.account_id,
        projects.c.region == scope.region,
        projects.c.deleted == false(),
    )


def _project(row: Row[Any]) -> Project:
    return Project(
        row.key,
        Scope(row.account_id, row.region),
        row.name,
        row.stamp,
        row.feature,
        row.auto_update,
        row.created_at,
    )
