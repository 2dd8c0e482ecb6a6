"""The first schema.

Revision ID: 0001
"""

import sqlalchemy as sa
from alembic import op


revision = "0001"
down_revision = None

WHOLE = sa.Integer().with_variant(sa.BigInteger(), "postgresql")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "account",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("learned_limit", WHOLE, nullable=True),
        sa.Column("learned_at", sa.Float(), nullable=True),
        sa.Column("not_before", sa.Float(), server_default=sa.text("0"), nullable=False),
        sa.Column("pause", sa.Float(), server_default=sa.text("0"), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'starting'"), nullable=False),
        sa.Column("detail", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("credentials_mark", WHOLE, nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
    )
    op.create_table(
        "distribution",
        sa.Column("family", sa.Text(), nullable=False),
        sa.Column("labels", sa.Text(), nullable=False),
        sa.Column("counts", sa.Text(), nullable=False),
        sa.Column("sum", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("family", "labels"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "gap",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("stream_id", WHOLE, nullable=False),
        sa.Column("upper_id", sa.Text(), nullable=False),
        sa.Column("upper_time", WHOLE, nullable=False),
        sa.Column("lower_id", sa.Text(), nullable=True),
        sa.Column("lower_time", WHOLE, nullable=False),
        sa.Column("opened_at", sa.Float(), nullable=False),
        sa.Column("baseline", sa.Boolean(), nullable=False),
        sa.Column("announced", sa.Boolean(), nullable=False),
        sa.Column("given_up", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("gap_stream", "gap", ["stream_id"], unique=False)
    op.create_table(
        "label_set",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("account_id", WHOLE, nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("operator", sa.Text(), nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("account_id", "channel", "country", "operator", "sender"),
    )
    op.create_table(
        "message",
        sa.Column("account_id", WHOLE, nullable=False),
        sa.Column("int_id", sa.Text(), nullable=False),
        sa.Column("stream_id", WHOLE, nullable=False),
        sa.Column("label_set_id", WHOLE, nullable=False),
        sa.Column("send_time", WHOLE, nullable=False),
        sa.Column("status", WHOLE, nullable=False),
        sa.Column("status_time", WHOLE, nullable=True),
        sa.Column("state", WHOLE, nullable=False),
        sa.Column("final_seen", sa.Boolean(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("cost", sa.Text(), nullable=True),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("matured", WHOLE, nullable=False),
        sa.Column("due", sa.Float(), nullable=True),
        sa.Column("read_at", sa.Float(), nullable=False),
        sa.Column("after_id", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("account_id", "int_id"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "message_due",
        "message",
        ["stream_id", "state", "due"],
        unique=False,
        sqlite_where=sa.text("due IS NOT NULL"),
        postgresql_where=sa.text("due IS NOT NULL"),
    )
    op.create_index(
        "message_pending",
        "message",
        ["stream_id", "label_set_id", "status", "send_time"],
        unique=False,
        sqlite_where=sa.text("state = 0"),
        postgresql_where=sa.text("state = 0"),
    )
    op.create_index("message_sent", "message", ["stream_id", "send_time"], unique=False)
    op.create_table(
        "meta",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "network",
        sa.Column("operator", sa.Text(), nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("mccmnc", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("operator", "country", "mccmnc"),
    )
    op.create_table(
        "pending_phone",
        sa.Column("account_id", WHOLE, nullable=False),
        sa.Column("int_id", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "int_id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "permit",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("account_id", WHOLE, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=True),
        sa.Column("spent_at", sa.Float(), nullable=False),
        sa.Column("free_at", sa.Float(), nullable=False),
        sa.Column("identical_free_at", sa.Float(), nullable=False),
        sa.Column("finished_at", sa.Float(), nullable=True),
        sa.Column("result", sa.Text(), nullable=True),
        sa.Column("code", WHOLE, nullable=True),
        sa.Column("duration", sa.Float(), nullable=True),
        sa.Column("credentials_mark", WHOLE, nullable=True),
        sa.Column("counted", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("permit_free", "permit", ["account_id", "free_at"], unique=False)
    op.create_table(
        "region",
        sa.Column("account_id", WHOLE, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "name"),
    )
    op.create_table(
        "stream",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("account_id", WHOLE, nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("baseline", sa.Float(), nullable=False),
        sa.Column("horizon", WHOLE, nullable=False),
        sa.Column("sync_pages", WHOLE, server_default=sa.text("0"), nullable=False),
        sa.Column("synced", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("newest_id", sa.Text(), nullable=True),
        sa.Column("newest_time", WHOLE, nullable=True),
        sa.Column("head_started", sa.Float(), nullable=True),
        sa.Column("last_success", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("account_id", "channel"),
    )
    op.create_table(
        "total",
        sa.Column("family", sa.Text(), nullable=False),
        sa.Column("labels", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("family", "labels"),
        sqlite_with_rowid=False,
    )
