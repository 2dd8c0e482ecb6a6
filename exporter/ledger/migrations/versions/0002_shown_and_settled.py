"""Which series were shown at their value; up to where streams are settled, and when gaps are.

Revision ID: 0002
"""

import sqlalchemy as sa
from alembic import op


revision = "0002"
down_revision = "0001"

WHOLE = sa.Integer().with_variant(sa.BigInteger(), "postgresql")


def upgrade() -> None:
    """Add the columns; whatever has been counted so far has been shown."""
    for table in ("total", "distribution"):
        shown: sa.Column[bool] = sa.Column(
            "shown", sa.Boolean(), server_default=sa.true(), nullable=False
        )
        op.add_column(table, shown)
    op.add_column("stream", sa.Column("settled_id", sa.Text(), nullable=True))
    op.add_column("stream", sa.Column("settled_time", WHOLE, nullable=True))
    op.add_column("gap", sa.Column("settles_at", sa.Float(), nullable=True))
    op.add_column("account", sa.Column("learnt", sa.Text(), nullable=True))
