"""Balances of accounts.

Revision ID: 0003
"""

import sqlalchemy as sa
from alembic import op


revision = "0003"
down_revision = "0002"

WHOLE = sa.Integer().with_variant(sa.BigInteger(), "postgresql")


def upgrade() -> None:
    """Add the table; every balance is unknown until it is asked for."""
    op.create_table(
        "balance",
        sa.Column("account_id", WHOLE, nullable=False),
        sa.Column("amount", sa.Text(), nullable=True),
        sa.Column("credit", sa.Text(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("read_at", sa.Float(), nullable=True),
        sa.Column("read_mark", WHOLE, nullable=True),
        sa.Column("not_before", sa.Float(), nullable=False),
        sa.Column("pause", sa.Float(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("credentials_mark", WHOLE, nullable=True),
        sa.PrimaryKeyConstraint("account_id"),
    )
