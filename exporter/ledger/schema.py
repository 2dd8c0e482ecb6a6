"""Tables of the ledger.

Times are Unix seconds. Money and totals are decimal text, because SQLite has no exact decimals.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    false,
    literal_column,
    text,
    true,
)


metadata = MetaData()

Whole = Integer().with_variant(BigInteger(), "postgresql")
"""As wide on PostgreSQL as SQLite's integers are."""

PENDING, FINAL, GIVEN_UP = 0, 1, 2
"""``message.state``: waiting for a final status, final, or pending for so long that it is left."""

meta = Table(
    "meta",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

account = Table(
    "account",
    metadata,
    Column("id", Whole, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("learned_limit", Whole),
    Column("learned_at", Float),
    Column("not_before", Float, nullable=False, server_default=text("0")),
    Column("pause", Float, nullable=False, server_default=text("0")),
    Column("state", Text, nullable=False, server_default=text("'starting'")),
    Column("detail", Text, nullable=False, server_default=text("''")),
    Column("credentials_mark", Whole),
    Column("learnt", Text),
)
"""``credentials_mark``: 16 bits of a keyed digest: enough to notice a change, too few to guess;
``learnt``: what planning learnt of the account, in its own words."""

balance = Table(
    "balance",
    metadata,
    Column("account_id", Whole, primary_key=True, autoincrement=False),
    Column("amount", Text),
    Column("credit", Text),
    Column("currency", Text),
    Column("read_at", Float),
    Column("read_mark", Whole),
    Column("not_before", Float, nullable=False),
    Column("pause", Float, nullable=False),
    Column("state", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("credentials_mark", Whole),
)
"""The last reading, ``read_mark`` being the mark of the credentials it was made with, and how
balance calls stand, as in ``account``."""

stream = Table(
    "stream",
    metadata,
    Column("id", Whole, primary_key=True),
    Column("account_id", Whole, nullable=False),
    Column("channel", Text, nullable=False),
    Column("baseline", Float, nullable=False),
    Column("horizon", Whole, nullable=False),
    Column("sync_pages", Whole, nullable=False, server_default=text("0")),
    Column("synced", Boolean, nullable=False, server_default=false()),
    Column("newest_id", Text),
    Column("newest_time", Whole),
    Column("head_started", Float),
    Column("last_success", Float),
    Column("settled_id", Text),
    Column("settled_time", Whole),
    UniqueConstraint("account_id", "channel"),
)
"""``horizon``: rows sent before it are never counted, so their ids need not be kept."""

label_set = Table(
    "label_set",
    metadata,
    Column("account_id", Whole, nullable=False),
    Column("id", Whole, nullable=False),
    Column("channel", Text, nullable=False),
    Column("country", Text, nullable=False),
    Column("operator", Text, nullable=False),
    Column("sender", Text, nullable=False),
    PrimaryKeyConstraint("account_id", "id"),
    UniqueConstraint("account_id", "channel", "country", "operator", "sender"),
)

region = Table(
    "region",
    metadata,
    Column("account_id", Whole, nullable=False),
    Column("name", Text, nullable=False),
    PrimaryKeyConstraint("account_id", "name"),
)

network = Table(
    "network",
    metadata,
    Column("operator", Text, nullable=False),
    Column("country", Text, nullable=False),
    Column("mccmnc", Text, nullable=False),
    PrimaryKeyConstraint("operator", "country", "mccmnc"),
)

message = Table(
    "message",
    metadata,
    Column("account_id", Whole, nullable=False),
    Column("int_id", Text, nullable=False),
    Column("stream_id", Whole, nullable=False),
    Column("label_set_id", Whole, nullable=False),
    Column("send_time", Whole, nullable=False),
    Column("status", Whole, nullable=False),
    Column("status_time", Whole),
    Column("state", Whole, nullable=False),
    Column("final_seen", Boolean, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("cost", Text),
    Column("region", Text, nullable=False),
    Column("matured", Whole, nullable=False),
    Column("due", Float),
    Column("read_at", Float, nullable=False),
    Column("after_id", Text),
    PrimaryKeyConstraint("account_id", "int_id"),
    Index(
        "message_due",
        "stream_id",
        "state",
        "due",
        sqlite_where=text("due IS NOT NULL"),
        postgresql_where=text("due IS NOT NULL"),
    ),
    Index(
        "message_pending",
        text("(stream_id + 0)"),
        "label_set_id",
        "status",
        "send_time",
        sqlite_where=text("state = 0"),
        postgresql_where=text("state = 0"),
    ),
    Index("message_sent", "stream_id", "send_time"),
    sqlite_with_rowid=False,
)
"""``matured``: the largest deadline (s) counted; ``due``: when the next can be; ``after_id``: the
row above it in the page, where a window that begins with this message is anchored.

``message_pending`` is by an expression so that only queries that name it (`PENDING_STREAM`) use it
and these use no other: by the bare stream, all of its final messages would be gone through, too."""

PENDING_STREAM = message.c.stream_id + literal_column("0", Integer)

pending_phone = Table(
    "pending_phone",
    metadata,
    Column("account_id", Whole, nullable=False),
    Column("int_id", Text, nullable=False),
    Column("phone", Text, nullable=False),
    PrimaryKeyConstraint("account_id", "int_id"),
    sqlite_with_rowid=False,
)
"""Numbers of pending messages, deleted with the final status; empty without ``track_phones``."""

total = Table(
    "total",
    metadata,
    Column("account_id", Whole, nullable=False),
    Column("family", Text, nullable=False),
    Column("labels", Text, nullable=False),
    Column("value", Text, nullable=False),
    Column("shown", Boolean, nullable=False, server_default=true()),
    PrimaryKeyConstraint("account_id", "family", "labels"),
    sqlite_with_rowid=False,
)
"""``shown``: the series may have been shown at its value, so it must never be shown at 0 again;
``account_id``: 0 where the first label names a replica, not an account."""

distribution = Table(
    "distribution",
    metadata,
    Column("account_id", Whole, nullable=False),
    Column("family", Text, nullable=False),
    Column("labels", Text, nullable=False),
    Column("counts", Text, nullable=False),
    Column("sum", Text, nullable=False),
    Column("shown", Boolean, nullable=False, server_default=true()),
    PrimaryKeyConstraint("account_id", "family", "labels"),
    sqlite_with_rowid=False,
)

gap = Table(
    "gap",
    metadata,
    Column("id", Whole, primary_key=True),
    Column("stream_id", Whole, nullable=False),
    Column("upper_id", Text, nullable=False),
    Column("upper_time", Whole, nullable=False),
    Column("lower_id", Text),
    Column("lower_time", Whole, nullable=False),
    Column("opened_at", Float, nullable=False),
    Column("baseline", Boolean, nullable=False),
    Column("announced", Boolean, nullable=False),
    Column("given_up", Boolean, nullable=False),
    Column("settles_at", Float),
    Index("gap_stream", "stream_id"),
)

permit = Table(
    "permit",
    metadata,
    Column("id", Whole, primary_key=True),
    Column("account_id", Whole, nullable=False),
    Column("kind", Text, nullable=False),
    Column("fingerprint", Text),
    Column("spent_at", Float, nullable=False),
    Column("free_at", Float, nullable=False),
    Column("identical_free_at", Float, nullable=False),
    Column("finished_at", Float),
    Column("result", Text),
    Column("code", Whole),
    Column("duration", Float),
    Column("credentials_mark", Whole),
    Column("counted", Boolean, nullable=False, server_default=false()),
    Column("doubtful", Boolean, nullable=False, server_default=true()),
    Index("permit_free", "account_id", "free_at"),
    Index(
        "permit_doubtful",
        "spent_at",
        sqlite_where=text("doubtful = 1"),
        postgresql_where=text("doubtful"),
    ),
    sqlite_autoincrement=True,
)
"""``free_at``: when it stops counting against the hour, reckoned from the latest moment at which
the call can have reached the gateway.; ``doubtful``: it was refused as a failed
log-in, or may have been."""

replica = Table(
    "replica",
    metadata,
    Column("session", Text, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("until", Float, nullable=False),
    Column("accounts", Text, nullable=False),
)
"""Processes that share the ledger. ``session`` is drawn anew at each start; ``until``, by the
database's clock, is when it is taken for dead unless it is heard of again; ``accounts``: the ids of
those it can poll."""

lease = Table(
    "lease",
    metadata,
    Column("account_id", Whole, primary_key=True, autoincrement=False),
    Column("session", Text),
)
"""Who polls an account; nobody where ``session`` is empty. A transaction that counts for an account
holds its row, so the lease can't change hands before it is through."""
