"""Versions of projects' models: how each stands, and what was learnt."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, delete, false, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from openrekog.collections_store.errors import AlreadyExists, NotFound
from openrekog.collections_store.projects import milliseconds
from openrekog.collections_store.records import (
    ModelKind,
    NewVersion,
    Page,
    Position,
    Project,
    ProjectVersion,
    Scope,
    VersionStatus,
)
from openrekog.collections_store.session import Session, page_of
from openrekog.collections_store.tables import project_versions as versions
from openrekog.collections_store.tables import projects, trained_models

COLUMNS = [versions.c[field.name] for field in fields(ProjectVersion)]


@dataclass(frozen=True, slots=True)
class ProjectVersions:
    session: Session

    def create(self, project: Project, new: NewVersion) -> ProjectVersion:
        """AlreadyExists if the project has a version of this name."""
        if self._one(_living(project), versions.c.name == new.name) is not None:
            raise AlreadyExists("version", new.name)
        values = {
            "project": project.key,
            "stamp": milliseconds(self.session.now),
            "progress": 0.0,
            "billable_seconds": 0.0,
            "created_at": self.session.now,
            "deleted": False,
            **asdict(new),
        }
        try:
            made = insert(versions).values(values).returning(*COLUMNS)
            return _version(self.session.connection.execute(made).one())
        except IntegrityError as error:
            # On PostgreSQL another transaction can create it between our two statements.
            raise AlreadyExists("version", new.name) from error

    def get(self, project: Project, name: str, stamp: int) -> ProjectVersion:
        row = self._one(_living(project), versions.c.name == name, versions.c.stamp == stamp)
        if row is None:
            raise NotFound("version", name)
        return _version(row)

    def by_key(self, key: int) -> ProjectVersion | None:
        """Whoever's it is: for the workers."""
        row = self._one(versions.c.key == key, versions.c.deleted == false())
        return None if row is None else _version(row)

    def with_status(self, statuses: Collection[VersionStatus]) -> list[ProjectVersion]:
        """Of all accounts, oldest first: for the workers."""
        wanted = select(*COLUMNS).where(
            versions.c.status.in_(statuses), versions.c.deleted == false()
        )
        rows = self.session.connection.execute(wanted.order_by(versions.c.key))
        return [_version(row) for row in rows]

    def count(self, scope: Scope, statuses: Collection[VersionStatus]) -> int:
        """How many versions of an account's projects in a region have one of these statuses; to a
        writer, no other one of the scope is told before it has ended."""
        self.session.take_turn(f"versions of {scope.account_id} in {scope.region}")
        wanted = (
            select(func.count())
            .select_from(versions)
            .join(projects, projects.c.key == versions.c.project)
            .where(
                projects.c.account_id == scope.account_id,
                projects.c.region == scope.region,
                versions.c.status.in_(statuses),
                versions.c.deleted == false(),
            )
        )
        return int(self.session.connection.scalar(wanted) or 0)

    def become(
        self,
        version: ProjectVersion,
        expected: Collection[VersionStatus],
        status: VersionStatus,
        message: str | None = None,
    ) -> bool:
        """Changes the status if it is one of the expected; whether it was."""
        changed = self.session.connection.execute(
            update(versions)
            .where(_this(version), versions.c.status.in_(expected), versions.c.deleted == false())
            .values(status=status, message=message)
        )
        return bool(changed.rowcount)

    def set_units(self, version: ProjectVersion, least: int, most: int | None) -> None:
        """The inference units with which a model was started."""
        self._set(version, min_units=least, max_units=most)

    def set_kind(
        self, version: ProjectVersion, kind: ModelKind, base_model_version: str | None
    ) -> None:
        self._set(version, kind=kind, base_model_version=base_model_version)

    def advance(
        self, version: ProjectVersion, progress: float, message: str, seconds: float
    ) -> None:
        """How far a training is; `seconds` were worked for it since this was last told."""
        billable = versions.c.billable_seconds + seconds
        self._set(version, progress=progress, message=message, billable_seconds=billable)

    def conclude(self, version: ProjectVersion, evaluation: str, outputs: str) -> None:
        """What came of a training, as JSON."""
        self._set(version, evaluation=evaluation, outputs=outputs, progress=1.0)

    def keep_outputs(self, version: ProjectVersion, outputs: str) -> None:
        self._set(version, outputs=outputs)

    def end(self, version: ProjectVersion, status: VersionStatus, message: str) -> bool:
        """Ends a training; whether it was this call that did."""
        ended = self.become(version, ["TRAINING_IN_PROGRESS"], status, message)
        if ended:
            self._set(version, ended_at=self.session.now)
        return ended

    def used(self, version: ProjectVersion) -> None:
        """Notes that the model was asked something now."""
        self._set(version, used_at=self.session.now)

    def content(self, version: ProjectVersion) -> bytes:
        """The model's file; NotFound while there is none."""
        wanted = select(trained_models.c.content).where(trained_models.c.version == version.key)
        found = self.session.connection.scalar(wanted)
        if found is None:
            raise NotFound("model", version.name)
        return bytes(found)

    def put_content(self, version: ProjectVersion, content: bytes) -> None:
        """Keeps the model's file, in the place of one that is there."""
        connection = self.session.connection
        connection.execute(delete(trained_models).where(trained_models.c.version == version.key))
        connection.execute(insert(trained_models).values(version=version.key, content=content))

    def delete(self, version: ProjectVersion) -> None:
        """Hides it at once; its model and images are swept away afterwards."""
        self._set(version, status="DELETING", deleted=True)

    def list(
        self,
        project: Project,
        limit: int,
        after: Position | None = None,
        *,
        names: Sequence[str] | None = None,
    ) -> Page[ProjectVersion]:
        """Newest first."""
        wanted = select(*COLUMNS).where(_living(project))
        if after is not None:
            wanted = wanted.where(versions.c.key < after)
        if names is not None:
            wanted = wanted.where(versions.c.name.in_(names))
        ordered = wanted.order_by(versions.c.key.desc()).limit(limit + 1)
        return page_of(self.session.connection.execute(ordered).all(), limit, after, _version)

    def _set(self, version: ProjectVersion, **values: Any) -> None:
        self.session.connection.execute(update(versions).where(_this(version)).values(values))

    def _one(self, *which: ColumnElement[bool]) -> Row[Any] | None:
        wanted = select(*COLUMNS).where(*which)
        # On PostgreSQL another transaction could change it before this one does.
        wanted = wanted.with_for_update() if self.session.writing else wanted
        return self.session.connection.execute(wanted).one_or_none()


def _living(project: Project) -> ColumnElement[bool]:
    return and_(versions.c.project == project.key, versions.c.deleted == false())


def _this(version: ProjectVersion) -> ColumnElement[bool]:
    return versions.c.key == version.key


def _version(row: Row[Any]) -> ProjectVersion:
    return ProjectVersion(**row._mapping)
