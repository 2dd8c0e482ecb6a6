"""What a planner starts from: every pending message of a stream, and how busy its history was."""

import math
from collections.abc import Iterator

import msgspec
from sqlalchemy import Connection, and_, func, literal_column, select

from exporter.ledger import streams
from exporter.ledger.schema import label_set, message, pending_phone
from exporter.ledger.tallies import is_pending


BUCKET = 10
"""Seconds of send time by which rows are counted."""


class Waiting(msgspec.Struct, frozen=True, gc=False):
    """A pending message. Times are Unix seconds."""

    int_id: str
    send_time: int
    read_at: float
    """When the last page that showed it was asked for."""
    channel: str
    operator: str
    after_id: str | None
    """The row above it in a page; None when no contiguous page showed it below another."""
    phone: str | None
    """Its number; None without ``track_phones``."""


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """What the ledger knows of a stream."""

    waiting: tuple[Waiting, ...] = ()
    rows: tuple[tuple[int, int], ...] = ()
    """(send time divided by `BUCKET`, messages known of it), the oldest first."""
    unread: tuple[tuple[float, float], ...] = ()
    """Stretches of send time of which nothing is known."""
    head_started: float | None = None
    """When the last head page was asked for."""


def known(connection: Connection, stream_id: int, since: int) -> Known:
    """The stream's pending messages, and its messages sent from ``since`` on, counted."""
    head_started = streams.load(connection, stream_id).head_started
    return Known(
        waiting=tuple(_waiting(connection, stream_id)),
        rows=tuple(_rows(connection, stream_id, since)),
        unread=tuple(_unread(connection, stream_id, head_started)),
        head_started=head_started,
    )


def _unread(
    connection: Connection, stream_id: int, head_started: float | None
) -> Iterator[tuple[float, float]]:
    for gap in streams.open_gaps(connection, stream_id):
        if gap.kind == "gap":
            yield gap.lower_time, gap.upper_time
    if head_started is not None:
        yield head_started, math.inf


def _waiting(connection: Connection, stream_id: int) -> Iterator[Waiting]:
    mine = message.outerjoin(
        label_set,
        and_(
            label_set.c.account_id == message.c.account_id,
            label_set.c.id == message.c.label_set_id,
        ),
    ).outerjoin(
        pending_phone,
        and_(
            pending_phone.c.account_id == message.c.account_id,
            pending_phone.c.int_id == message.c.int_id,
        ),
    )
    query = (
        select(
            message.c.int_id,
            message.c.send_time,
            message.c.read_at,
            func.coalesce(label_set.c.channel, ""),
            func.coalesce(label_set.c.operator, ""),
            message.c.after_id,
            pending_phone.c.phone,
        )
        .select_from(mine)
        .where(is_pending(stream_id))
        .order_by(message.c.send_time, message.c.int_id)
    )
    return (Waiting(*row) for row in connection.execute(query))


def _rows(connection: Connection, stream_id: int, since: int) -> Iterator[tuple[int, int]]:
    place = (message.c.send_time // BUCKET).label("bucket")
    query = (
        select(place, func.count())
        .where(message.c.stream_id == stream_id, message.c.send_time >= since)
        .group_by(literal_column("bucket"))
        .order_by(literal_column("bucket"))
    )
    return ((row[0], row[1]) for row in connection.execute(query))
