"""Every table, in portable SQL. The migrations build the same; a test compares them."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    false,
    text,
)

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)

# SQLite only counts an INTEGER primary key up by itself.
Key = BigInteger().with_variant(Integer, "sqlite")


class Message(TypeDecorator[str]):
    """What somebody is told, which may repeat what he gave: PostgreSQL stores no NUL."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Any) -> str | None:  # noqa: ARG002
        return None if value is None else value.replace("\0", "\N{REPLACEMENT CHARACTER}")


secrets = Table(
    "secrets",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("value", LargeBinary, nullable=False),
)

# `revision` is raised by every write to the collection, in the same transaction. A deleted row
# stays, hidden, until its faces and users have been swept away in small transactions.
# `purged` is the newest revision whose tombstones are gone: an index that is older starts afresh.
collections = Table(
    "collections",
    metadata,
    Column("key", Key, primary_key=True, autoincrement=True),
    Column("account_id", String(64), nullable=False),
    Column("region", String(64), nullable=False),
    Column("collection_id", String(255), nullable=False),
    Column("face_model", String(255), nullable=False),
    Column("face_model_version", String(64), nullable=False),
    Column("dimension", Integer, nullable=False),
    Column("face_count", BigInteger, nullable=False),
    Column("user_count", BigInteger, nullable=False),
    Column("revision", BigInteger, nullable=False),
    Column("purged", BigInteger, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("deleted", Boolean, nullable=False),
    # Keys are never reused, so that an index of a deleted collection never fits a new one.
    sqlite_autoincrement=True,
)
Index(
    "ux_collections_live",
    collections.c.account_id,
    collections.c.region,
    collections.c.collection_id,
    unique=True,
    sqlite_where=collections.c.deleted == false(),
    postgresql_where=collections.c.deleted == false(),
)

users = Table(
    "users",
    metadata,
    Column("key", Key, primary_key=True, autoincrement=True),
    Column("collection", Key, ForeignKey("collections.key"), nullable=False),
    Column("user_id", String(128), nullable=False),
    Column("face_count", Integer, nullable=False),
    # The pooled vector of the user's faces; null while there are none, and in a tombstone.
    Column("vector", LargeBinary),
    # The collection's revision when the vector last changed: what an index reads.
    Column("revision", BigInteger, nullable=False),
    # When the row became a tombstone; null in a living row.
    Column("deleted_at", Double),
    sqlite_autoincrement=True,
)
Index(
    "ux_users_live",
    users.c.collection,
    users.c.user_id,
    unique=True,
    sqlite_where=users.c.deleted_at.is_(None),
    postgresql_where=users.c.deleted_at.is_(None),
)
Index("ix_users_collection_key", users.c.collection, users.c.key)
Index("ix_users_collection_revision", users.c.collection, users.c.revision)
# Tombstones only, so that sweeping them away does not read every living row.
Index(
    "ix_users_tombstones",
    users.c.collection,
    users.c.deleted_at,
    sqlite_where=users.c.deleted_at.is_not(None),
    postgresql_where=users.c.deleted_at.is_not(None),
)

faces = Table(
    "faces",
    metadata,
    Column("key", Key, primary_key=True, autoincrement=True),
    Column("collection", Key, ForeignKey("collections.key"), nullable=False),
    Column("face_id", String(36), nullable=False),
    Column("image_id", String(36), nullable=False),
    Column("external_image_id", String(255)),
    Column("left", Double, nullable=False),
    Column("top", Double, nullable=False),
    Column("width", Double, nullable=False),
    Column("height", Double, nullable=False),
    Column("confidence", Double, nullable=False),
    Column("user", Key, ForeignKey("users.key")),
    Column("vector", LargeBinary),
    Column("revision", BigInteger, nullable=False),
    Column("deleted_at", Double),
    sqlite_autoincrement=True,
)
Index("ux_faces_collection_face_id", faces.c.collection, faces.c.face_id, unique=True)
Index("ix_faces_collection_image_id", faces.c.collection, faces.c.image_id)
Index("ix_faces_collection_key", faces.c.collection, faces.c.key)
Index("ix_faces_collection_revision", faces.c.collection, faces.c.revision)
Index("ix_faces_user", faces.c.user)
Index(
    "ix_faces_tombstones",
    faces.c.collection,
    faces.c.deleted_at,
    sqlite_where=faces.c.deleted_at.is_not(None),
    postgresql_where=faces.c.deleted_at.is_not(None),
)

# What is said of the people whose faces RecognizeCelebrities knows. Their faces are those of the
# user of the same id in the collections of the gallery, one for each model (`celebrities.py`).
celebrities = Table(
    "celebrities",
    metadata,
    Column("celebrity_id", String(32), primary_key=True),
    Column("name", String(255), nullable=False, index=True),
    Column("wikidata_id", String(32)),
    # A JSON list; null where nobody said.
    Column("urls", Text),
    Column("known_gender", String(16)),
    Column("licence", Text),
    Column("consent", Text),
    Column("source", Text),
    Column("created_at", Double, nullable=False),
)
Index("ux_celebrities_wikidata_id", celebrities.c.wikidata_id, unique=True)

tags = Table(
    "tags",
    metadata,
    Column("arn", String(2048), primary_key=True),
    Column("key", String(128), primary_key=True),
    Column("value", String(256), nullable=False),
)

requests = Table(
    "requests",
    metadata,
    Column("account_id", String(64), primary_key=True),
    Column("region", String(64), primary_key=True),
    Column("operation", String(64), primary_key=True),
    Column("token", String(64), primary_key=True),
    Column("fingerprint", String(64), nullable=False),
    Column("response", Text, nullable=False),
    Column("created_at", Double, nullable=False, index=True),
)

# A job is a row; whatever queues it carries its id alone. `leader` is the job in whose run this one
# is done: jobs of one source are done together.
jobs = Table(
    "jobs",
    metadata,
    Column("key", Key, primary_key=True, autoincrement=True),
    Column("account_id", String(64), nullable=False),
    Column("region", String(64), nullable=False),
    Column("job_id", String(64), nullable=False),
    Column("operation", String(64), nullable=False),
    Column("request", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("tag", String(1024)),
    Column("status", String(16), nullable=False),
    Column("failure_code", String(32)),
    Column("message", Message),
    Column("detail", Text),
    Column("leader", String(64), index=True),
    Column("parts", Integer, nullable=False),
    # The processes that began the next part; one that was finished counts anew.
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("carry", LargeBinary),
    Column("created_at", Double, nullable=False, index=True),
    Column("ended_at", Double),
    sqlite_autoincrement=True,
)
Index("ix_jobs_job_id", jobs.c.job_id, unique=True)
Index("ix_jobs_account_id_status", jobs.c.account_id, jobs.c.status)
Index("ix_jobs_listing", jobs.c.account_id, jobs.c.region, jobs.c.operation, jobs.c.key)

findings = Table(
    "findings",
    metadata,
    Column("key", Key, primary_key=True, autoincrement=True),
    Column("job", Key, ForeignKey("jobs.key"), nullable=False),
    Column("view", String(16), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("name", String(255), nullable=False),
    Column("rank", Double, nullable=False),
    Column("document", Text, nullable=False),
    sqlite_autoincrement=True,
)
Index("ix_findings_time", findings.c.job, findings.c.view, findings.c.at, findings.c.key)
Index(
    "ix_findings_name",
    findings.c.job,
    findings.c.view,
    findings.c.name,
    findings.c.rank,
    findings.c.key,
)

# A worker that falls silent has died for good, and others go on with its jobs.
workers = Table(
    "workers",
    metadata,
    Column("name", String(255), primary_key=True),
    Column("seen_at", Double, nullable=False),
)

servers = Table(
    "servers",
    metadata,
    Column("name", String(512), primary_key=True),
    Column("network", String(255), primary_key=True),
    Column("seen_at", Double, nullable=False),
)

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
Index(
    "ux_projects_live",
    projects.c.account_id,
    projects.c.region,
    projects.c.name,
    unique=True,
    sqlite_where=projects.c.deleted == false(),
    postgresql_where=projects.c.deleted == false(),
)

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
Index(
    "ux_project_versions_live",
    project_versions.c.project,
    project_versions.c.name,
    unique=True,
    sqlite_where=project_versions.c.deleted == false(),
    postgresql_where=project_versions.c.deleted == false(),
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
Index(
    "ux_datasets_live",
    datasets.c.project,
    datasets.c.type,
    unique=True,
    sqlite_where=datasets.c.deleted == false(),
    postgresql_where=datasets.c.deleted == false(),
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
