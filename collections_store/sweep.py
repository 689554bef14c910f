"""Clears away what nobody can see any more, a little at a time, so that no writer waits long."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Table, delete, func, select, true, update

from openrekog.collections_store.jobs import Jobs
from openrekog.collections_store.requests import Requests
from openrekog.collections_store.session import Session
from openrekog.collections_store.tables import (
    collections,
    dataset_entries,
    dataset_labels,
    datasets,
    faces,
    project_versions,
    projects,
    trained_models,
    training_images,
    users,
)

# Rows deleted in one transaction: some tens of milliseconds.
PART = 5000

# Of rows with what was seen of pictures, some of which is large.
HEAVY_PART = 100

# An index that was not asked for so long is built anew from the rows if it is asked again.
TOMBSTONES_KEPT_FOR = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Sweep:
    session: Session

    def step(self) -> bool:
        """One part; whether there may be more."""
        return (
            self._deleted_collection()
            or self._tombstones()
            or self._deleted_dataset()
            or self._training_images()
            or self._deleted_version()
            or self._deleted_project()
            or self._jobs()
            or self._requests()
        )

    def _deleted_collection(self) -> bool:
        connection = self.session.connection
        key = connection.scalar(
            select(collections.c.key).where(collections.c.deleted == true()).limit(1)
        )
        if key is None:
            return False
        # Faces first: they refer to users, and both to the collection.
        for table in (faces, users):
            if self._delete_part(table, table.c.collection == key):
                return True
        connection.execute(delete(collections).where(collections.c.key == key))
        return True

    def _tombstones(self) -> bool:
        return any(self._bury_for_good(table) for table in (faces, users))

    def _bury_for_good(self, table: Table) -> bool:
        """Removes old tombstones of one collection, and notes up to which revision."""
        old = table.c.deleted_at <= self.session.now - TOMBSTONES_KEPT_FOR
        connection = self.session.connection
        key = connection.scalar(select(table.c.collection).where(old).limit(1))
        if key is None:
            return False
        newest = connection.scalar(
            select(func.max(table.c.revision)).where(old, table.c.collection == key)
        )
        connection.execute(
            update(collections)
            .where(collections.c.key == key, collections.c.purged < newest)
            .values(purged=newest)
        )
        return self._delete_part(table, old & (table.c.collection == key))

    def _delete_part(self, table: Table, which: Any, size: int = PART) -> bool:
        part = select(table.c.key).where(which).limit(size)
        done = self.session.connection.execute(delete(table).where(table.c.key.in_(part)))
        return done.rowcount > 0

    def _deleted_dataset(self) -> bool:
        connection = self.session.connection
        key = connection.scalar(select(datasets.c.key).where(datasets.c.deleted == true()).limit(1))
        if key is None:
            return False
        # Labels first: they refer to entries, and both to the dataset.
        for table in (dataset_labels, dataset_entries):
            if self._delete_part(table, table.c.dataset == key):
                return True
        connection.execute(delete(datasets).where(datasets.c.key == key))
        return True

    def _training_images(self) -> bool:
        """Of trainings that have ended: what is told of them is in their owners' buckets."""
        ended = select(project_versions.c.key).where(
            project_versions.c.status != "TRAINING_IN_PROGRESS"
        )
        return self._delete_part(training_images, training_images.c.version.in_(ended), HEAVY_PART)

    def _deleted_version(self) -> bool:
        """Its images were those of an ended training, and are gone by now."""
        gone = project_versions.c.deleted == true()
        connection = self.session.connection
        key = connection.scalar(select(project_versions.c.key).where(gone).limit(1))
        if key is None:
            return False
        connection.execute(delete(trained_models).where(trained_models.c.version == key))
        connection.execute(delete(project_versions).where(project_versions.c.key == key))
        return True

    def _deleted_project(self) -> bool:
        """Its versions were deleted before it, its datasets with it; all are gone by now."""
        return self._delete_part(projects, projects.c.deleted == true())

    def _jobs(self) -> bool:
        return Jobs(self.session).forget_old(PART)

    def _requests(self) -> bool:
        Requests(self.session).forget_old()
        return False
