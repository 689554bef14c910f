"""Versions of models in full, with what they are learnt from and what was learnt."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    # No release that made this table could make a row of it.
    op.drop_table("project_versions")
    _versions()
    _models()
    _images()


def _versions() -> None:
    living = sa.text("deleted = false")
    op.create_table(
        "project_versions",
        sa.Column("key", KEY, autoincrement=True, nullable=False),
        sa.Column("project", KEY, nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("stamp", sa.BigInteger, nullable=False),
        sa.Column("status", sa.String(32), nullable=False),
        sa.Column("message", sa.Text),
        sa.Column("request", sa.Text, nullable=False),
        sa.Column("kind", sa.String(16)),
        sa.Column("description", sa.String(255)),
        sa.Column("source_arn", sa.Text),
        sa.Column("base_model_version", sa.String(64)),
        sa.Column("progress", sa.Double, nullable=False),
        sa.Column("billable_seconds", sa.Double, nullable=False),
        sa.Column("evaluation", sa.Text),
        sa.Column("outputs", sa.Text),
        sa.Column("min_units", sa.Integer),
        sa.Column("max_units", sa.Integer),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("ended_at", sa.Double),
        sa.Column("used_at", sa.Double),
        sa.Column("deleted", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_project_versions"),
        sa.ForeignKeyConstraint(["project"], ["projects.key"], name="fk_project_versions_project"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ux_project_versions_live",
        "project_versions",
        ["project", "name"],
        unique=True,
        sqlite_where=living,
        postgresql_where=living,
    )
    op.create_index("ix_project_versions_project", "project_versions", ["project"])
    op.create_index("ix_project_versions_status", "project_versions", ["status"])


def _models() -> None:
    op.create_table(
        "trained_models",
        sa.Column("version", KEY, nullable=False, autoincrement=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("version", name="pk_trained_models"),
        sa.ForeignKeyConstraint(
            ["version"], ["project_versions.key"], name="fk_trained_models_version"
        ),
    )


def _images() -> None:
    op.create_table(
        "training_images",
        sa.Column("key", KEY, autoincrement=True, nullable=False),
        sa.Column("version", KEY, nullable=False),
        sa.Column("part", sa.String(8), nullable=False),
        sa.Column("line", sa.Integer, nullable=False),
        sa.Column("source_ref", sa.Text, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("usable", sa.Boolean, nullable=False),
        sa.Column("fault", sa.String(64)),
        sa.Column("seen", sa.LargeBinary),
        sa.Column("found", sa.Text),
        sa.PrimaryKeyConstraint("key", name="pk_training_images"),
        sa.ForeignKeyConstraint(
            ["version"], ["project_versions.key"], name="fk_training_images_version"
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_training_images_part", "training_images", ["version", "part", "key"])
