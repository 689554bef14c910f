"""Why a job failed, as a code, and a quick way to an account's newest jobs."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("jobs", sa.Column("failure_code", sa.String(32)))
    op.create_index("ix_jobs_listing", "jobs", ["account_id", "region", "operation", "key"])
