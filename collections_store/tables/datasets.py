"""Datasets of projects: the entries, and the labels of each."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    String,
    Table,
    Text,
    false,
)

from openrekog.collections_store.tables.shared import Key, Message, metadata, partial_index

datasets = Table(
    "datasets",
    metadata,
    Column("key", Key, primary_key=True, autoincrement=True),
    Column("project", Key, ForeignKey("projects.key"), nullable=False, index=True),
    Column("type", String(8), nullable=False),
    Column("stamp", BigInteger, nullable=False),
    Column("status", String(32), nullable=False),
    Column("code", String(16), nullable=False),
    Column("message", Message, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("updated_at", Double, nullable=False),
    Column("deleted", Boolean, nullable=False),
    sqlite_autoincrement=True,
)
partial_index(
    "ux_datasets_live",
    datasets.c.project,
    datasets.c.type,
    where=datasets.c.deleted == false(),
    unique=True,
)

# `image` is the SHA-256 of `source_ref`, which may be longer than an index of PostgreSQL takes.
dataset_entries = Table(
    "dataset_entries",
    metadata,
    Column("key", Key, primary_key=True, autoincrement=True),
    Column("dataset", Key, ForeignKey("datasets.key"), nullable=False),
    Column("source_ref", Text, nullable=False),
    Column("image", String(64), nullable=False),
    Column("document", Text, nullable=False),
    Column("labeled", Boolean, nullable=False),
    Column("faulty", Boolean, nullable=False),
    sqlite_autoincrement=True,
)
Index("ux_dataset_entries_image", dataset_entries.c.dataset, dataset_entries.c.image, unique=True)
Index("ix_dataset_entries_key", dataset_entries.c.dataset, dataset_entries.c.key)
# What is counted is in the index.
Index(
    "ix_dataset_entries_state",
    dataset_entries.c.dataset,
    dataset_entries.c.labeled,
    dataset_entries.c.faulty,
)

# The labels of an entry, each once; `boxed` where a bounding box has it.
dataset_labels = Table(
    "dataset_labels",
    metadata,
    Column("key", Key, primary_key=True, autoincrement=True),
    Column("dataset", Key, ForeignKey("datasets.key"), nullable=False),
    Column("entry", Key, ForeignKey("dataset_entries.key"), nullable=False),
    Column("name", String(255), nullable=False),
    Column("boxed", Boolean, nullable=False),
    sqlite_autoincrement=True,
)
Index("ix_dataset_labels_entry", dataset_labels.c.entry, dataset_labels.c.name)
Index(
    "ix_dataset_labels_name",
    dataset_labels.c.dataset,
    dataset_labels.c.name,
    dataset_labels.c.boxed,
)
