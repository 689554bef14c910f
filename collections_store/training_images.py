"""What versions are learnt from and tested on: one row for each line of their manifests."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Row,
    and_,
    bindparam,
    func,
    insert,
    literal,
    select,
    true,
    update,
)

from openrekog.collections_store.records import (
    Dataset,
    DatasetType,
    NewTrainingImage,
    Page,
    Position,
    ProjectVersion,
    TrainingImage,
)
from openrekog.collections_store.session import MOST_PARAMETERS, Session, page_of
from openrekog.collections_store.tables import dataset_entries as entries
from openrekog.collections_store.tables import training_images as images

COLUMNS = [images.c[field.name] for field in fields(TrainingImage)]
LIGHT = [column for column in COLUMNS if column is not images.c.seen]


@dataclass(frozen=True, slots=True)
class TrainingImages:
    session: Session

    def add(
        self, version: ProjectVersion, part: DatasetType, new: Sequence[NewTrainingImage]
    ) -> None:
        rows = [{"version": version.key, "part": part, **asdict(image)} for image in new]
        if rows:
            self.session.connection.execute(insert(images), rows)

    def page(
        self,
        version: ProjectVersion,
        part: DatasetType,
        limit: int,
        after: Position | None = None,
        *,
        usable: bool | None = None,
        seen: bool = False,
    ) -> Page[TrainingImage]:
        """In the order of the manifest; `usable` leaves out those that are not, or have faults;
        `seen` reads what was seen of them, too, which may be large."""
        wanted = select(*(COLUMNS if seen else LIGHT)).where(
            _of(version, part), images.c.key > (after or 0)
        )
        if usable:
            wanted = wanted.where(_usable())
        rows = self.session.connection.execute(wanted.order_by(images.c.key).limit(limit + 1))
        return page_of(rows.all(), limit, after, _image)

    def count(self, version: ProjectVersion, part: DatasetType, *, usable: bool = False) -> int:
        wanted = select(func.count()).select_from(images).where(_of(version, part))
        wanted = wanted.where(_usable()) if usable else wanted
        return int(self.session.connection.scalar(wanted) or 0)

    def copy(self, version: ProjectVersion, part: DatasetType, dataset: Dataset) -> None:
        """Takes all entries of a dataset as they are now."""
        numbered = func.row_number().over(order_by=entries.c.key)
        columns = ["version", "part", "line", "source_ref", "document", "usable"]
        rows = select(
            literal(version.key),
            literal(part),
            numbered,
            entries.c.source_ref,
            entries.c.document,
            true(),
        ).where(entries.c.dataset == dataset.key)
        self.session.connection.execute(
            insert(images).from_select(columns, rows.order_by(entries.c.key))
        )

    def move_to_test(self, keys: Sequence[int]) -> None:
        self._set(keys, part="TEST")

    def leave_out(self, keys: Sequence[int]) -> None:
        """Notes that lines cannot be learnt from or tested with."""
        self._set(keys, usable=False)

    def _set(self, keys: Sequence[int], **values: Any) -> None:
        for start in range(0, len(keys), MOST_PARAMETERS):
            part = keys[start : start + MOST_PARAMETERS]
            self.session.connection.execute(
                update(images).where(images.c.key.in_(part)).values(values)
            )

    def keep(self, looked: Sequence[TrainingImage]) -> None:
        """Stores what became known of pictures: their faults, what was seen and found."""
        if not looked:
            return
        known: Mapping[str, Any] = {
            name: bindparam(f"new_{name}") for name in ("fault", "seen", "found")
        }
        self.session.connection.execute(
            update(images).where(images.c.key == bindparam("this")).values(known),
            [
                {
                    "this": image.key,
                    "new_fault": image.fault,
                    "new_seen": image.seen,
                    "new_found": image.found,
                }
                for image in looked
            ],
        )


def _of(version: ProjectVersion, part: DatasetType) -> ColumnElement[bool]:
    return and_(images.c.version == version.key, images.c.part == part)


def _usable() -> ColumnElement[bool]:
    return and_(images.c.usable, images.c.fault.is_(None))


def _image(row: Row[Any]) -> TrainingImage:
    return TrainingImage(**{"seen": None, **row._mapping})
