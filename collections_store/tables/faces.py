"""Collections, their faces and users, and who of them is a celebrity."""

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

from openrekog.collections_store.tables.shared import Key, metadata, partial_index

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
partial_index(
    "ux_collections_live",
    collections.c.account_id,
    collections.c.region,
    collections.c.collection_id,
    where=collections.c.deleted == false(),
    unique=True,
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
partial_index(
    "ux_users_live",
    users.c.collection,
    users.c.user_id,
    where=users.c.deleted_at.is_(None),
    unique=True,
)
Index("ix_users_collection_key", users.c.collection, users.c.key)
Index("ix_users_collection_revision", users.c.collection, users.c.revision)
# Tombstones only, so that sweeping them away does not read every living row.
partial_index(
    "ix_users_tombstones",
    users.c.collection,
    users.c.deleted_at,
    where=users.c.deleted_at.is_not(None),
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
partial_index(
    "ix_faces_tombstones",
    faces.c.collection,
    faces.c.deleted_at,
    where=faces.c.deleted_at.is_not(None),
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
