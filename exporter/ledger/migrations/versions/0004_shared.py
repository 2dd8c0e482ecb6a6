"""Rows that several processes can share: each account's apart, and who polls which.

Revision ID: 0004
"""

import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from alembic import op


revision = "0004"
down_revision = "0003"

WHOLE = sa.Integer().with_variant(sa.BigInteger(), "postgresql")
OVERFLOW, DURATION = "exporter_label_overflow", "api_request_duration_seconds"
Rows = list[dict[str, Any]]


def upgrade() -> None:
    """Rebuild the tables whose key changes, and add those of replicas."""
    _label_sets()
    accounts = _accounts()
    _counts("total", ("value",), _summed, accounts)
    _counts("distribution", ("counts", "sum"), list, accounts)
    op.drop_index("message_pending", "message")
    op.create_index(
        "message_pending",
        "message",
        [sa.text("(stream_id + 0)"), "label_set_id", "status", "send_time"],
        sqlite_where=sa.text("state = 0"),
        postgresql_where=sa.text("state = 0"),
    )
    op.add_column(
        "permit", sa.Column("doubtful", sa.Boolean(), server_default=sa.true(), nullable=False)
    )
    op.create_index(
        "permit_doubtful",
        "permit",
        ["spent_at"],
        sqlite_where=sa.text("doubtful = 1"),
        postgresql_where=sa.text("doubtful"),
    )
    op.create_table(
        "replica",
        sa.Column("session", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("until", sa.Float(), nullable=False),
        sa.Column("accounts", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("session"),
        sa.UniqueConstraint("name"),
    )
    op.create_table(
        "lease",
        sa.Column("account_id", WHOLE, autoincrement=False, nullable=False),
        sa.Column("session", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("account_id"),
    )


def _accounts() -> Mapping[str, int]:
    account = sa.table("account", sa.column("id", WHOLE), sa.column("name", sa.Text))
    return {name: number for number, name in op.get_bind().execute(sa.select(account))}


def _label_sets() -> None:
    """The key becomes the account's number and one of its own."""
    texts = ("channel", "country", "operator", "sender")
    rows = _taken("label_set", ("id", "account_id", *texts))
    made = op.create_table(
        "label_set",
        sa.Column("account_id", WHOLE, nullable=False),
        sa.Column("id", WHOLE, nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in texts),
        sa.PrimaryKeyConstraint("account_id", "id"),
        sa.UniqueConstraint("account_id", *texts),
    )
    op.bulk_insert(made, rows)


def _counts(name: str, values: tuple[str, ...], merge: Any, accounts: Mapping[str, int]) -> None:
    """Each row gets its account's number; 0 and an empty label for what is the process's own."""
    rows = _taken(name, ("family", "labels", *values, "shown"))
    made = op.create_table(
        name,
        sa.Column("account_id", WHOLE, nullable=False),
        sa.Column("family", sa.Text(), nullable=False),
        sa.Column("labels", sa.Text(), nullable=False),
        *(sa.Column(value, sa.Text(), nullable=False) for value in values),
        sa.Column("shown", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "family", "labels"),
        sqlite_with_rowid=False,
    )
    op.bulk_insert(made, merge(_placed(row, accounts) for row in rows))


def _placed(row: dict[str, Any], accounts: Mapping[str, int]) -> dict[str, Any]:
    labels = json.loads(row["labels"])
    if row["family"] == OVERFLOW:
        labels = ["", *labels[1:]]
    elif row["family"] == DURATION:
        labels = ["", *labels]
    text = json.dumps(labels, ensure_ascii=False, separators=(",", ":"))
    return {**row, "labels": text, "account_id": accounts.get(labels[0], 0)}


def _summed(rows: Iterable[dict[str, Any]]) -> Rows:
    """Rows that came to have the same key as one."""
    summed: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in rows:
        before = summed.setdefault((row["family"], row["labels"]), {**row, "value": "0"})
        before["value"] = str(Decimal(before["value"]) + Decimal(row["value"]))
        before["shown"] = before["shown"] or row["shown"]
    return list(summed.values())


def _taken(name: str, columns: tuple[str, ...]) -> Rows:
    """The rows of a table, which is dropped."""
    table = sa.table(name, *(sa.column(column) for column in columns))
    rows = [dict(row) for row in op.get_bind().execute(sa.select(table)).mappings()]
    op.drop_table(name)
    return rows
