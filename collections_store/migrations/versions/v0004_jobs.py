"""Background jobs and what they find."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "jobs",
        sa.Column("key", KEY, autoincrement=True, nullable=False),
        sa.Column("account_id", sa.String(64), nullable=False),
        sa.Column("region", sa.String(64), nullable=False),
        sa.Column("job_id", sa.String(64), nullable=False),
        sa.Column("operation", sa.String(64), nullable=False),
        sa.Column("request", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("tag", sa.String(1024)),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("message", sa.Text),
        sa.Column("detail", sa.Text),
        sa.Column("leader", sa.String(64)),
        sa.Column("parts", sa.Integer, nullable=False),
        sa.Column("carry", sa.LargeBinary),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("ended_at", sa.Double),
        sa.PrimaryKeyConstraint("key", name="pk_jobs"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_jobs_job_id", "jobs", ["job_id"], unique=True)
    op.create_index("ix_jobs_leader", "jobs", ["leader"])
    op.create_index("ix_jobs_created_at", "jobs", ["created_at"])
    op.create_index("ix_jobs_account_id_status", "jobs", ["account_id", "status"])
    op.create_table(
        "findings",
        sa.Column("key", KEY, autoincrement=True, nullable=False),
        sa.Column("job", KEY, nullable=False),
        sa.Column("view", sa.String(16), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("rank", sa.Double, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_findings"),
        sa.ForeignKeyConstraint(["job"], ["jobs.key"], name="fk_findings_job"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_findings_time", "findings", ["job", "view", "at", "key"])
    op.create_index("ix_findings_name", "findings", ["job", "view", "name", "rank", "key"])
    op.create_table(
        "workers",
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("seen_at", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_workers"),
    )
