"""Tables of the ledger.

Times are Unix seconds. Money and totals are decimal text, because SQLite has no exact decimals.
"""

from sqlalchemy import (
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
    text,
)


metadata = MetaData()

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
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("learned_limit", Integer),
    Column("learned_at", Float),
    Column("not_before", Float, nullable=False, server_default=text("0")),
    Column("pause", Float, nullable=False, server_default=text("0")),
    Column("state", Text, nullable=False, server_default=text("'starting'")),
    Column("detail", Text, nullable=False, server_default=text("''")),
    Column("credentials_mark", Integer),
    Column("learnt", Text),
)
"""``credentials_mark``: 16 bits of a keyed digest: enough to notice a change, too few to guess;
``learnt``: what planning learnt of the account, in its own words."""

balance = Table(
    "balance",
    metadata,
    Column("account_id", Integer, primary_key=True),
    Column("amount", Text),
    Column("credit", Text),
    Column("currency", Text),
    Column("read_at", Float),
    Column("read_mark", Integer),
    Column("not_before", Float, nullable=False),
    Column("pause", Float, nullable=False),
    Column("state", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("credentials_mark", Integer),
)
"""The last reading, ``read_mark`` being the mark of the credentials it was made with, and how
balance calls stand, as in ``account``."""

stream = Table(
    "stream",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("account_id", Integer, nullable=False),
    Column("channel", Text, nullable=False),
    Column("baseline", Float, nullable=False),
    Column("horizon", Integer, nullable=False),
    Column("sync_pages", Integer, nullable=False, server_default=text("0")),
    Column("synced", Boolean, nullable=False, server_default=text("0")),
    Column("newest_id", Text),
    Column("newest_time", Integer),
    Column("head_started", Float),
    Column("last_success", Float),
    Column("settled_id", Text),
    Column("settled_time", Integer),
    UniqueConstraint("account_id", "channel"),
)
"""``horizon``: rows sent before it are never counted, so their ids need not be kept."""

label_set = Table(
    "label_set",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("account_id", Integer, nullable=False),
    Column("channel", Text, nullable=False),
    Column("country", Text, nullable=False),
    Column("operator", Text, nullable=False),
    Column("sender", Text, nullable=False),
    UniqueConstraint("account_id", "channel", "country", "operator", "sender"),
)

region = Table(
    "region",
    metadata,
    Column("account_id", Integer, nullable=False),
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
    Column("account_id", Integer, nullable=False),
    Column("int_id", Text, nullable=False),
    Column("stream_id", Integer, nullable=False),
    Column("label_set_id", Integer, nullable=False),
    Column("send_time", Integer, nullable=False),
    Column("status", Integer, nullable=False),
    Column("status_time", Integer),
    Column("state", Integer, nullable=False),
    Column("final_seen", Boolean, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("cost", Text),
    Column("region", Text, nullable=False),
    Column("matured", Integer, nullable=False),
    Column("due", Float),
    Column("read_at", Float, nullable=False),
    Column("after_id", Text),
    PrimaryKeyConstraint("account_id", "int_id"),
    Index("message_due", "stream_id", "state", "due", sqlite_where=text("due IS NOT NULL")),
    Index(
        "message_pending",
        "stream_id",
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
row above it in the page, where a window that begins with this message is anchored."""

pending_phone = Table(
    "pending_phone",
    metadata,
    Column("account_id", Integer, nullable=False),
    Column("int_id", Text, nullable=False),
    Column("phone", Text, nullable=False),
    PrimaryKeyConstraint("account_id", "int_id"),
    sqlite_with_rowid=False,
)
"""Numbers of pending messages, deleted with the final status; empty without ``track_phones``."""

total = Table(
    "total",
    metadata,
    Column("family", Text, nullable=False),
    Column("labels", Text, nullable=False),
    Column("value", Text, nullable=False),
    Column("shown", Boolean, nullable=False, server_default=text("1")),
    PrimaryKeyConstraint("family", "labels"),
    sqlite_with_rowid=False,
)
"""``shown``: the series may have been shown at its value, so it must never be shown at 0 again."""

distribution = Table(
    "distribution",
    metadata,
    Column("family", Text, nullable=False),
    Column("labels", Text, nullable=False),
    Column("counts", Text, nullable=False),
    Column("sum", Text, nullable=False),
    Column("shown", Boolean, nullable=False, server_default=text("1")),
    PrimaryKeyConstraint("family", "labels"),
    sqlite_with_rowid=False,
)

gap = Table(
    "gap",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("stream_id", Integer, nullable=False),
    Column("upper_id", Text, nullable=False),
    Column("upper_time", Integer, nullable=False),
    Column("lower_id", Text),
    Column("lower_time", Integer, nullable=False),
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
    Column("id", Integer, primary_key=True),
    Column("account_id", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("fingerprint", Text),
    Column("spent_at", Float, nullable=False),
    Column("free_at", Float, nullable=False),
    Column("identical_free_at", Float, nullable=False),
    Column("finished_at", Float),
    Column("result", Text),
    Column("code", Integer),
    Column("duration", Float),
    Column("credentials_mark", Integer),
    Column("counted", Boolean, nullable=False, server_default=text("0")),
    Index("permit_free", "account_id", "free_at"),
    sqlite_autoincrement=True,
)
"""``free_at``: when it stops counting against the hour, reckoned from the latest moment at which
the call can have reached the gateway."""
