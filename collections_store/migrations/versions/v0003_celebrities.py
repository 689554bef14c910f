"""The gallery of celebrities."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "celebrities",
        sa.Column("celebrity_id", sa.String(32), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("wikidata_id", sa.String(32)),
        sa.Column("urls", sa.Text),
        sa.Column("known_gender", sa.String(16)),
        sa.Column("licence", sa.Text),
        sa.Column("consent", sa.Text),
        sa.Column("source", sa.Text),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("celebrity_id", name="pk_celebrities"),
    )
    op.create_index("ix_celebrities_name", "celebrities", ["name"])
    op.create_index("ux_celebrities_wikidata_id", "celebrities", ["wikidata_id"], unique=True)
