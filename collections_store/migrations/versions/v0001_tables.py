"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "secrets",
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("value", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_secrets"),
    )
    op.create_table(
        "collections",
        sa.Column("key", KEY, autoincrement=True, nullable=False),
        sa.Column("account_id", sa.String(64), nullable=False),
        sa.Column("region", sa.String(64), nullable=False),
        sa.Column("collection_id", sa.String(255), nullable=False),
        sa.Column("face_model", sa.String(255), nullable=False),
        sa.Column("face_model_version", sa.String(64), nullable=False),
        sa.Column("dimension", sa.Integer, nullable=False),
        sa.Column("face_count", sa.BigInteger, nullable=False),
        sa.Column("user_count", sa.BigInteger, nullable=False),
        sa.Column("revision", sa.BigInteger, nullable=False),
        sa.Column("purged", sa.BigInteger, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("deleted", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_collections"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ux_collections_live",
        "collections",
        ["account_id", "region", "collection_id"],
        unique=True,
        sqlite_where=sa.text("deleted = 0"),
        postgresql_where=sa.text("deleted = false"),
    )
    op.create_table(
        "users",
        sa.Column("key", KEY, autoincrement=True, nullable=False),
        sa.Column("collection", KEY, nullable=False),
        sa.Column("user_id", sa.String(128), nullable=False),
        sa.Column("face_count", sa.Integer, nullable=False),
        sa.Column("vector", sa.LargeBinary),
        sa.Column("revision", sa.BigInteger, nullable=False),
        sa.Column("deleted_at", sa.Double),
        sa.PrimaryKeyConstraint("key", name="pk_users"),
        sa.ForeignKeyConstraint(["collection"], ["collections.key"], name="fk_users_collection"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ux_users_live",
        "users",
        ["collection", "user_id"],
        unique=True,
        sqlite_where=sa.text("deleted_at IS NULL"),
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_index("ix_users_collection_key", "users", ["collection", "key"])
    op.create_index("ix_users_collection_revision", "users", ["collection", "revision"])
    op.create_table(
        "faces",
        sa.Column("key", KEY, autoincrement=True, nullable=False),
        sa.Column("collection", KEY, nullable=False),
        sa.Column("face_id", sa.String(36), nullable=False),
        sa.Column("image_id", sa.String(36), nullable=False),
        sa.Column("external_image_id", sa.String(255)),
        sa.Column("left", sa.Double, nullable=False),
        sa.Column("top", sa.Double, nullable=False),
        sa.Column("width", sa.Double, nullable=False),
        sa.Column("height", sa.Double, nullable=False),
        sa.Column("confidence", sa.Double, nullable=False),
        sa.Column("user", KEY),
        sa.Column("vector", sa.LargeBinary),
        sa.Column("revision", sa.BigInteger, nullable=False),
        sa.Column("deleted_at", sa.Double),
        sa.PrimaryKeyConstraint("key", name="pk_faces"),
        sa.ForeignKeyConstraint(["collection"], ["collections.key"], name="fk_faces_collection"),
        sa.ForeignKeyConstraint(["user"], ["users.key"], name="fk_faces_user"),
        sqlite_autoincrement=True,
    )
    op.create_index("ux_faces_collection_face_id", "faces", ["collection", "face_id"], unique=True)
    op.create_index("ix_faces_collection_image_id", "faces", ["collection", "image_id"])
    op.create_index("ix_faces_collection_key", "faces", ["collection", "key"])
    op.create_index("ix_faces_collection_revision", "faces", ["collection", "revision"])
    op.create_index("ix_faces_user", "faces", ["user"])
    op.create_table(
        "tags",
        sa.Column("arn", sa.String(2048), nullable=False),
        sa.Column("key", sa.String(128), nullable=False),
        sa.Column("value", sa.String(256), nullable=False),
        sa.PrimaryKeyConstraint("arn", "key", name="pk_tags"),
    )
    op.create_table(
        "requests",
        sa.Column("account_id", sa.String(64), nullable=False),
        sa.Column("region", sa.String(64), nullable=False),
        sa.Column("operation", sa.String(64), nullable=False),
        sa.Column("token", sa.String(64), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("response", sa.Text, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("account_id", "region", "operation", "token", name="pk_requests"),
    )
    op.create_index("ix_requests_created_at", "requests", ["created_at"])
