"""Which networks each server runs, so that one leaves to others the models that it cannot run."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "servers",
        sa.Column("name", sa.String(512), nullable=False),
        sa.Column("network", sa.String(255), nullable=False),
        sa.Column("seen_at", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("name", "network", name="pk_servers"),
    )
