"""Datasets of projects, and the state of each."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, false, insert, select, update
from sqlalchemy.exc import IntegrityError

from openrekog.collections_store.errors import AlreadyExists, NotFound
from openrekog.collections_store.projects import milliseconds
from openrekog.collections_store.records import (
    Dataset,
    DatasetState,
    DatasetType,
    Project,
)
from openrekog.collections_store.session import Session
from openrekog.collections_store.tables import datasets


@dataclass(frozen=True, slots=True)
class Datasets:
    session: Session

    def create(self, project: Project, kind: DatasetType, state: DatasetState) -> Dataset:
        """A project has one dataset of each type at most."""
        if self._one(_living(project), datasets.c.type == kind) is not None:
            raise AlreadyExists("dataset", kind)
        values = {
            "project": project.key,
            "type": kind,
            "stamp": milliseconds(self.session.now),
            "created_at": self.session.now,
            "updated_at": self.session.now,
            "deleted": False,
            **_columns(state),
        }
        try:
            made = insert(datasets).values(values).returning(datasets)
            return _dataset(self.session.connection.execute(made).one())
        except IntegrityError as error:
            # On PostgreSQL another transaction can create it between our two statements.
            raise AlreadyExists("dataset", kind) from error

    def get(self, project: Project, kind: DatasetType, stamp: int) -> Dataset:
        row = self._one(_living(project), datasets.c.type == kind, datasets.c.stamp == stamp)
        if row is None:
            raise NotFound("dataset", kind)
        return _dataset(row)

    def of(self, project: Project) -> list[Dataset]:
        wanted = select(datasets).where(_living(project)).order_by(datasets.c.key)
        return [_dataset(row) for row in self.session.connection.execute(wanted)]

    def become(self, dataset: Dataset, state: DatasetState) -> None:
        self.session.connection.execute(
            update(datasets)
            .where(datasets.c.key == dataset.key)
            .values(updated_at=self.session.now, **_columns(state))
        )

    def delete(self, dataset: Dataset) -> None:
        """Hides it at once; its entries are swept away afterwards."""
        self.session.connection.execute(
            update(datasets).where(datasets.c.key == dataset.key).values(deleted=True)
        )

    def _one(self, *which: ColumnElement[bool]) -> Row[Any] | None:
        wanted: Select[Any] = select(datasets).where(*which)
        # On PostgreSQL another transaction could change it before this one does.
        wanted = wanted.with_for_update() if self.session.writing else wanted
        return self.session.connection.execute(wanted).one_or_none()


def _living(project: Project) -> ColumnElement[bool]:
    return and_(datasets.c.project == project.key, datasets.c.deleted == false())


def _columns(state: DatasetState) -> dict[str, str]:
    return {"status": state.status, "code": state.code, "message": state.message}


def _dataset(row: Row[Any]) -> Dataset:
    return Dataset(
        row.key,
        row.project,
        row.type,
        row.stamp,
        DatasetState(row.status, row.code, row.message),
        row.created_at,
        row.updated_at,
    )
