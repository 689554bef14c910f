"""Projects of Custom Labels, with their versions, datasets and policies."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _projects()
    _datasets()


def _projects() -> None:
    living = sa.text("deleted = false")
    op.create_table(
        "projects",
        sa.Column("key", KEY, autoincrement=True, nullable=False),
        sa.Column("account_id", sa.String(64), nullable=False),
        sa.Column("region", sa.String(64), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("stamp", sa.BigInteger, nullable=False),
        sa.Column("feature", sa.String(32), nullable=False),
        sa.Column("auto_update", sa.String(16)),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("deleted", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_projects"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ux_projects_live",
        "projects",
        ["account_id", "region", "name"],
        unique=True,
        sqlite_where=living,
        postgresql_where=living,
    )
    op.create_table(
        "project_versions",
        sa.Column("key", KEY, autoincrement=True, nullable=False),
        sa.Column("project", KEY, nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("stamp", sa.BigInteger, nullable=False),
        sa.Column("status", sa.String(32), nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_project_versions"),
        sa.ForeignKeyConstraint(["project"], ["projects.key"], name="fk_project_versions_project"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ux_project_versions_name", "project_versions", ["project", "name"], unique=True
    )
    op.create_table(
        "project_policies",
        sa.Column("key", KEY, autoincrement=True, nullable=False),
        sa.Column("project", KEY, nullable=False),
        sa.Column("name", sa.String(128), nullable=False),
        sa.Column("revision", sa.String(64), nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("updated_at", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_project_policies"),
        sa.ForeignKeyConstraint(["project"], ["projects.key"], name="fk_project_policies_project"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ux_project_policies_name", "project_policies", ["project", "name"], unique=True
    )


def _datasets() -> None:
    living = sa.text("deleted = false")
    op.create_table(
        "datasets",
        sa.Column("key", KEY, autoincrement=True, nullable=False),
        sa.Column("project", KEY, nullable=False),
        sa.Column("type", sa.String(8), nullable=False),
        sa.Column("stamp", sa.BigInteger, nullable=False),
        sa.Column("status", sa.String(32), nullable=False),
        sa.Column("code", sa.String(16), nullable=False),
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("updated_at", sa.Double, nullable=False),
        sa.Column("deleted", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_datasets"),
        sa.ForeignKeyConstraint(["project"], ["projects.key"], name="fk_datasets_project"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ux_datasets_live",
        "datasets",
        ["project", "type"],
        unique=True,
        sqlite_where=living,
        postgresql_where=living,
    )
    op.create_index("ix_datasets_project", "datasets", ["project"])
    op.create_table(
        "dataset_entries",
        sa.Column("key", KEY, autoincrement=True, nullable=False),
        sa.Column("dataset", KEY, nullable=False),
        sa.Column("source_ref", sa.Text, nullable=False),
        sa.Column("image", sa.String(64), nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("labeled", sa.Boolean, nullable=False),
        sa.Column("faulty", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_dataset_entries"),
        sa.ForeignKeyConstraint(["dataset"], ["datasets.key"], name="fk_dataset_entries_dataset"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ux_dataset_entries_image", "dataset_entries", ["dataset", "image"], unique=True
    )
    op.create_index("ix_dataset_entries_key", "dataset_entries", ["dataset", "key"])
    op.create_index("ix_dataset_entries_state", "dataset_entries", ["dataset", "labeled", "faulty"])
    op.create_table(
        "dataset_labels",
        sa.Column("key", KEY, autoincrement=True, nullable=False),
        sa.Column("dataset", KEY, nullable=False),
        sa.Column("entry", KEY, nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("boxed", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_dataset_labels"),
        sa.ForeignKeyConstraint(["dataset"], ["datasets.key"], name="fk_dataset_labels_dataset"),
        sa.ForeignKeyConstraint(["entry"], ["dataset_entries.key"], name="fk_dataset_labels_entry"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_dataset_labels_entry", "dataset_labels", ["entry", "name"])
    op.create_index("ix_dataset_labels_name", "dataset_labels", ["dataset", "name", "boxed"])
