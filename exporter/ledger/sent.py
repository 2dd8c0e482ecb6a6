"""What the ledger keeps of the messages that were sent in a stretch of time."""

import json
from collections.abc import Collection, Mapping
from decimal import Decimal

import msgspec
from sqlalchemy import Connection, and_, or_, select

from exporter.ledger import accounts, streams
from exporter.ledger.dialects import listed
from exporter.ledger.schema import message
from exporter.ledger.store import Store


class Kept(msgspec.Struct, frozen=True, gc=False):
    """A message as the ledger knows it; times are Unix seconds."""

    int_id: str
    send_time: int
    status: int
    cost: Decimal | None
    read_at: float
    """When the last page that showed it was asked for."""


class Gap(msgspec.Struct, frozen=True):
    """A stretch of sending times that is known to hold rows never read."""

    lower: int
    upper: int


class Coverage(msgspec.Struct, frozen=True, kw_only=True):
    """Of which messages of a stream the ledger can tell; times are Unix seconds."""

    baseline: float
    """Messages sent before it are not counted."""
    horizon: int
    """Messages sent before it are forgotten."""
    head_started: float | None
    """When the last page with the newest rows was asked for; None before any."""
    gaps: tuple[Gap, ...]


def coverage(store: Store, account: str, channel: str) -> Coverage | None:
    """Of which messages the ledger can tell; None for a stream that was never polled.

    Raises:
        LedgerError: it can't be read.

    """
    with store.reading() as connection:
        stream_id = _stream(connection, account, channel)
        if stream_id is None:
            return None
        known = streams.load(connection, stream_id)
        gaps = (g for g in streams.open_gaps(connection, stream_id) if g.settles_at is None)
        return Coverage(
            baseline=known.baseline,
            horizon=known.horizon,
            head_started=known.head_started,
            gaps=tuple(Gap(gap.lower_time, gap.upper_time) for gap in gaps),
        )


def sent(
    store: Store, account: str, channel: str, since: int, until: int, ids: Collection[str]
) -> Mapping[str, Kept]:
    """Messages sent from ``since`` to ``until``, and those of these ids, by their id.

    Raises:
        LedgerError: it can't be read.

    """
    with store.reading() as connection:
        stream_id = _stream(connection, account, channel)
        if stream_id is None:
            return {}
        account_id = accounts.find(connection, account)
        named = message.c.int_id.in_(listed("ids"))
        query = select(
            message.c.int_id,
            message.c.send_time,
            message.c.status,
            message.c.cost,
            message.c.read_at,
        ).where(
            or_(
                and_(message.c.stream_id == stream_id, message.c.send_time.between(since, until)),
                and_(message.c.account_id == account_id, named),
            )
        )
        rows = connection.execute(query, {"ids": json.dumps(list(ids))})
        return {row.int_id: _kept(*row) for row in rows}


def _kept(int_id: str, send_time: int, status: int, cost: str | None, read_at: float) -> Kept:
    return Kept(int_id, send_time, status, None if cost is None else Decimal(cost), read_at)


def _stream(connection: Connection, account: str, channel: str) -> int | None:
    account_id = accounts.find(connection, account)
    return None if account_id is None else streams.find(connection, account_id, channel)
