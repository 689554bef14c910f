"""The entries of datasets: one for each image, with the labels that it has."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    bindparam,
    cast,
    delete,
    distinct,
    func,
    insert,
    literal,
    select,
    update,
)

from openrekog.collections_store.records import (
    Dataset,
    DatasetCounts,
    EntryFilter,
    LabelCount,
    NewEntry,
    Page,
    Position,
)
from openrekog.collections_store.session import MOST_PARAMETERS, Session, page_of, rows_in
from openrekog.collections_store.tables import dataset_entries as entries
from openrekog.collections_store.tables import dataset_labels as labels

COPIED = (
    entries.c.source_ref,
    entries.c.image,
    entries.c.document,
    entries.c.labeled,
    entries.c.faulty,
)


@dataclass(frozen=True, slots=True)
class DatasetEntries:
    session: Session

    def add(self, dataset: Dataset, new: Sequence[NewEntry]) -> int:
        """Adds the entries of images that the dataset does not have; how many they are."""
        unknown = self._split(dataset, new)[0]
        self._insert(dataset, unknown)
        return len(unknown)

    def put(self, dataset: Dataset, new: Sequence[NewEntry]) -> None:
        """Adds entries, or replaces those of the same image; of one image the last counts."""
        last = {entry.source_ref: entry for entry in new}
        unknown, known = self._split(dataset, list(last.values()))
        self._insert(dataset, unknown)
        self._replace(dataset, known)

    def count(self, dataset: Dataset) -> DatasetCounts:
        found = self.session.connection.execute(
            select(
                func.count(),
                func.coalesce(func.sum(cast(entries.c.labeled, Integer)), 0),
                func.coalesce(func.sum(cast(entries.c.faulty, Integer)), 0),
            ).where(entries.c.dataset == dataset.key)
        ).one()
        names = select(func.count(distinct(labels.c.name))).where(labels.c.dataset == dataset.key)
        return DatasetCounts(*found, self.session.connection.scalar(names) or 0)

    def total(self, dataset: Dataset) -> int:
        wanted = select(func.count()).where(entries.c.dataset == dataset.key)
        return int(self.session.connection.scalar(wanted) or 0)

    def labels(
        self, dataset: Dataset, limit: int, after: Position | None = None
    ) -> Page[LabelCount]:
        """In the order in which they first appear."""
        first = func.min(labels.c.key)
        wanted = (
            select(
                first.label("key"),
                labels.c.name,
                func.count().label("entries"),
                func.sum(cast(labels.c.boxed, Integer)).label("boxed"),
            )
            .where(labels.c.dataset == dataset.key)
            .group_by(labels.c.name)
            .having(first > (after or 0))
            .order_by(first)
            .limit(limit + 1)
        )
        rows = self.session.connection.execute(wanted).all()
        return page_of(rows, limit, after, lambda row: LabelCount(row.name, row.entries, row.boxed))

    def copy(self, source: Dataset, dataset: Dataset) -> None:
        """Gives an empty dataset all entries of another one."""
        connection = self.session.connection
        rows = select(literal(dataset.key), *COPIED).where(entries.c.dataset == source.key)
        columns = ["dataset", *(column.name for column in COPIED)]
        connection.execute(insert(entries).from_select(columns, rows.order_by(entries.c.key)))
        old, new = entries.alias("old"), entries.alias("new")
        found = (
            select(literal(dataset.key), new.c.key, labels.c.name, labels.c.boxed)
            .join(old, old.c.key == labels.c.entry)
            .join(new, (new.c.dataset == dataset.key) & (new.c.image == old.c.image))
            .where(labels.c.dataset == source.key)
            .order_by(labels.c.key)
        )
        names = ["dataset", "entry", "name", "boxed"]
        connection.execute(insert(labels).from_select(names, found))

    def move(self, source: Dataset, dataset: Dataset, count: int) -> None:
        """Moves so many entries to an empty dataset: always the same ones of the same images, but
        spread as if by chance, since they are taken in the order of their hashes."""
        connection = self.session.connection
        chosen = select(entries.c.key).where(entries.c.dataset == source.key)
        chosen = chosen.order_by(entries.c.image).limit(count)
        connection.execute(
            update(entries).where(entries.c.key.in_(chosen)).values(dataset=dataset.key)
        )
        moved = select(entries.c.key).where(entries.c.dataset == dataset.key)
        connection.execute(
            update(labels)
            .where(labels.c.dataset == source.key, labels.c.entry.in_(moved))
            .values(dataset=dataset.key)
        )

    def _split(
        self, dataset: Dataset, new: Sequence[NewEntry]
    ) -> tuple[list[NewEntry], list[NewEntry]]:
        """Those whose images the dataset does not have, the first of each; and those it has."""
        keys = self._keys(dataset, new)
        unknown: dict[str, NewEntry] = {}
        known = []
        for entry in new:
            if _hash(entry.source_ref) in keys:
                known.append(entry)
            else:
                unknown.setdefault(entry.source_ref, entry)
        return list(unknown.values()), known

    def _insert(self, dataset: Dataset, new: Sequence[NewEntry]) -> None:
        if new:
            rows = [{"dataset": dataset.key, **_columns(entry)} for entry in new]
            self.session.connection.execute(insert(entries), rows)
            self._label(dataset, new)

    def _replace(self, dataset: Dataset, new: Sequence[NewEntry]) -> None:
        if not new:
            return
        keys = list(self._keys(dataset, new).values())
        for start in range(0, len(keys), MOST_PARAMETERS):
            part = keys[start : start + MOST_PARAMETERS]
            self.session.connection.execute(delete(labels).where(labels.c.entry.in_(part)))
        self.session.connection.execute(
            update(entries)
            .where(entries.c.dataset == dataset.key, entries.c.image == bindparam("this_image"))
            .values({name: bindparam(f"new_{name}") for name in ("document", "labeled", "faulty")}),
            [
                {
                    "this_image": _hash(entry.source_ref),
                    "new_document": entry.document,
                    "new_labeled": bool(entry.labels),
                    "new_faulty": entry.faulty,
                }
                for entry in new
            ],
        )
        self._label(dataset, new)

    def _label(self, dataset: Dataset, new: Sequence[NewEntry]) -> None:
        keys = self._keys(dataset, new)
        rows = [
            {
                "dataset": dataset.key,
                "entry": keys[_hash(entry.source_ref)],
                "name": name,
                "boxed": boxed,
            }
            for entry in new
            for name, boxed in entry.labels.items()
        ]
        if rows:
            self.session.connection.execute(insert(labels), rows)

    def _keys(self, dataset: Dataset, new: Sequence[NewEntry]) -> dict[str, int]:
        """The keys of the entries that the dataset has of these images, by the images' hashes."""
        wanted = select(entries.c.image, entries.c.key).where(entries.c.dataset == dataset.key)
        images = [_hash(entry.source_ref) for entry in new]
        rows = rows_in(self.session.connection, wanted, entries.c.image, images)
        return {row.image: row.key for row in rows}

    def list(
        self, dataset: Dataset, shown: EntryFilter, limit: int, after: Position | None = None
    ) -> Page[str]:
        """The documents of the entries, in the order in which they were added."""
        wanted: Select[Any] = select(entries.c.key, entries.c.document).where(
            entries.c.dataset == dataset.key, entries.c.key > (after or 0), *_conditions(shown)
        )
        rows = self.session.connection.execute(wanted.order_by(entries.c.key).limit(limit + 1))
        return page_of(rows.all(), limit, after, lambda row: str(row.document))


def _hash(source_ref: str) -> str:
    return hashlib.sha256(source_ref.encode()).hexdigest()


def _columns(entry: NewEntry) -> dict[str, Any]:
    return {
        "source_ref": entry.source_ref,
        "image": _hash(entry.source_ref),
        "document": entry.document,
        "labeled": bool(entry.labels),
        "faulty": entry.faulty,
    }


def _conditions(shown: EntryFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if shown.labels is not None:
        named = select(labels.c.entry).where(labels.c.name.in_(shown.labels))
        conditions.append(named.where(labels.c.entry == entries.c.key).exists())
    if shown.source_ref_part is not None:
        # LIKE takes no heed of case on SQLite; replacing does, on both databases.
        without = func.replace(entries.c.source_ref, shown.source_ref_part, "")
        conditions.append(without != entries.c.source_ref)
    for column, value in ((entries.c.labeled, shown.labeled), (entries.c.faulty, shown.faulty)):
        if value is not None:
            conditions.append(column if value else ~column)
    return conditions
