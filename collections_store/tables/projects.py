"""Projects, their policies and versions, and what versions are learnt from."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    false,
)

from openrekog.collections_store.tables.shared import Key, Message, metadata, partial_index

# A project's ARN ends in `stamp`, the milliseconds at which it was made, so that one made again
# under a deleted one's name is another one. A deleted row stays, hidden, until its datasets have
# been swept away in small transactions.
projects = Table(
    "projects",
    metadata,
    Column("key", Key, primary_key=True, autoincrement=True),
    Column("account_id", String(64), nullable=False),
    Column("region", String(64), nullable=False),
    Column("name", String(255), nullable=False),
    Column("stamp", BigInteger, nullable=False),
    Column("feature", String(32), nullable=False),
    Column("auto_update", String(16)),
    Column("created_at", Double, nullable=False),
    Column("deleted", Boolean, nullable=False),
    sqlite_autoincrement=True,
)
partial_index(
    "ux_projects_live",
    projects.c.account_id,
    projects.c.region,
    projects.c.name,
    where=projects.c.deleted == false(),
    unique=True,
)

project_policies = Table(
    "project_policies",
    metadata,
    Column("key", Key, primary_key=True, autoincrement=True),
    Column("project", Key, ForeignKey("projects.key"), nullable=False),
    Column("name", String(128), nullable=False),
    Column("revision", String(64), nullable=False),
    Column("document", Text, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("updated_at", Double, nullable=False),
    sqlite_autoincrement=True,
)
Index("ux_project_policies_name", project_policies.c.project, project_policies.c.name, unique=True)

# A version of a project's model. `request` is what CreateProjectVersion or CopyProjectVersion was
# asked, `outputs` where files were left; both are JSON, and so is `evaluation`. `kind` is known
# once the training data was read. A deleted row stays, hidden, until all that belongs to it has
# been swept away.
project_versions = Table(
    "project_versions",
    metadata,
    Column("key", Key, primary_key=True, autoincrement=True),
    Column("project", Key, ForeignKey("projects.key"), nullable=False, index=True),
    Column("name", String(255), nullable=False),
    Column("stamp", BigInteger, nullable=False),
    Column("status", String(32), nullable=False, index=True),
    Column("message", Message),
    Column("request", Text, nullable=False),
    Column("kind", String(16)),
    Column("description", String(255)),
    Column("source_arn", Text),
    Column("base_model_version", String(64)),
    Column("progress", Double, nullable=False),
    Column("billable_seconds", Double, nullable=False),
    Column("evaluation", Text),
    Column("outputs", Text),
    Column("min_units", Integer),
    Column("max_units", Integer),
    Column("created_at", Double, nullable=False),
    Column("ended_at", Double),
    Column("used_at", Double),
    Column("deleted", Boolean, nullable=False),
    sqlite_autoincrement=True,
)
partial_index(
    "ux_project_versions_live",
    project_versions.c.project,
    project_versions.c.name,
    where=project_versions.c.deleted == false(),
    unique=True,
)

# In the database, so that every machine and every restart finds it. While a version is being
# trained, it is what was learnt in the round before.
trained_models = Table(
    "trained_models",
    metadata,
    Column("version", Key, ForeignKey("project_versions.key"), primary_key=True),
    Column("content", LargeBinary, nullable=False),
)

# What a version is learnt from, copied, since datasets and manifests may change meanwhile. `line`
# is its number in the manifest, `document` the line as it was read, with what is wrong in it;
# `fault` is what is wrong with the picture. `seen` and `found` are what a learner and its model
# made of it.
training_images = Table(
    "training_images",
    metadata,
    Column("key", Key, primary_key=True, autoincrement=True),
    Column("version", Key, ForeignKey("project_versions.key"), nullable=False),
    Column("part", String(8), nullable=False),
    Column("line", Integer, nullable=False),
    Column("source_ref", Text, nullable=False),
    Column("document", Text, nullable=False),
    Column("usable", Boolean, nullable=False),
    Column("fault", String(64)),
    Column("seen", LargeBinary),
    Column("found", Text),
    sqlite_autoincrement=True,
)
Index(
    "ix_training_images_part",
    training_images.c.version,
    training_images.c.part,
    training_images.c.key,
)
