"""Streams in the ledger: how far each has been read, its gaps, and how it looks from outside."""

from collections.abc import Sequence

import msgspec
from sqlalchemy import (
    Connection,
    and_,
    delete,
    insert,
    select,
    update,
)

from exporter.ledger import gaps, tallies
from exporter.ledger.gaps import Frontier, Gap
from exporter.ledger.labels import LabelBook
from exporter.ledger.queries import Pending
from exporter.ledger.records import StreamView
from exporter.ledger.rows import new_id
from exporter.ledger.schema import gap, message, stream
from exporter.ledger.snapshot import StreamState


HOUR = 3600
DAY = 24 * HOUR


class Stream(msgspec.Struct):
    """One row of `schema.stream`."""

    id: int
    account_id: int
    channel: str
    baseline: float
    horizon: int
    sync_pages: int
    synced: bool
    newest_id: str | None
    newest_time: int | None
    head_started: float | None
    last_success: float | None
    settled_id: str | None = None
    settled_time: int | None = None

    def frontier(self, settle: float) -> Frontier:
        """The end of what is known towards the present, of rows that settle in so many seconds."""
        return Frontier(
            self.newest_id,
            self.newest_time,
            self.horizon,
            self.head_started,
            self.settled_id,
            self.settled_time,
            settle,
        )

    def advance(self, change: gaps.Change) -> None:
        """Move the frontier by a page."""
        if change.newest is not None:
            self.newest_id = change.newest.int_id
            self.newest_time = change.newest.send_time
        if change.settled is not None:
            self.settled_id = change.settled.int_id
            self.settled_time = change.settled.send_time


def load(connection: Connection, stream_id: int) -> Stream:
    """The stream as stored."""
    return Stream(*connection.execute(select(stream).where(stream.c.id == stream_id)).one())


def find(connection: Connection, account_id: int, channel: str) -> int | None:
    """The stream's id; None before its first start."""
    return connection.scalar(
        select(stream.c.id).where(stream.c.account_id == account_id, stream.c.channel == channel)
    )


def view(
    connection: Connection, channel: str, stream_id: int, pending: Sequence[Pending]
) -> StreamView:
    """The stream as a planner sees it."""
    known = load(connection, stream_id)
    return StreamView(
        channel=channel,
        synced=known.synced,
        newest_id=known.newest_id,
        head_started=known.head_started,
        gaps=open_gaps(connection, stream_id),
        pending=tuple(pending),
    )


def find_or_make(
    connection: Connection, account_id: int, channel: str, *, now: float, lookback: float
) -> int:
    """The stream's id; a new stream has its baseline now and its horizon ``lookback`` s before."""
    known = find(connection, account_id, channel)
    if known is not None:
        return known
    made = connection.execute(
        insert(stream).values(
            account_id=account_id, channel=channel, baseline=now, horizon=int(now - lookback)
        )
    )
    return new_id(made)


def open_gaps(connection: Connection, stream_id: int) -> tuple[Gap, ...]:
    """Gaps that can still be closed, newest first."""
    query = select(gap).where(gap.c.stream_id == stream_id, gap.c.given_up.is_(False))
    return tuple(_gap(row) for row in connection.execute(query.order_by(gap.c.upper_time.desc())))


def apply_change(
    connection: Connection, known: Stream, before: Sequence[Gap], change: gaps.Change
) -> None:
    """Store what a page did to the stream's gaps, which were ``before``."""
    for closed in change.closed:
        connection.execute(delete(gap).where(gap.c.id == closed.id))
    for kept in change.kept:
        if kept not in before:
            connection.execute(update(gap).where(gap.c.id == kept.id).values(**_values(kept)))
    for opened in change.opened:
        values = _values(opened)
        connection.execute(insert(gap).values(stream_id=known.id, given_up=False, **values))
    _join_settling(connection, known.id)
    known.advance(change)


def _join_settling(connection: Connection, stream_id: int) -> None:
    """Keep few settling gaps."""
    while True:
        settling = [one for one in open_gaps(connection, stream_id) if one.settles_at is not None]
        pair = gaps.joined(settling)
        if pair is None:
            return
        below, whole = pair
        connection.execute(delete(gap).where(gap.c.id == below.id))
        connection.execute(update(gap).where(gap.c.id == whole.id).values(**_values(whole)))


def save(connection: Connection, known: Stream) -> None:
    """Store the stream."""
    values = msgspec.structs.asdict(known)
    del values["id"]
    connection.execute(update(stream).where(stream.c.id == known.id).values(**values))


def give_up_before(connection: Connection, stream_id: int, cutoff: int) -> tuple[Gap, ...]:
    """Give up what of the gaps lies before ``cutoff``; gives what is lost by that, newest first."""
    lost: list[Gap] = []
    for old in open_gaps(connection, stream_id):
        if old.lower_time >= cutoff:
            continue
        if old.settles_at is None:
            gone = msgspec.structs.replace(old, upper_time=min(old.upper_time, cutoff))
            lost += [] if old.baseline else [gone]
            _keep_as_lost(connection, stream_id, gone)
        if old.upper_time <= cutoff:
            connection.execute(delete(gap).where(gap.c.id == old.id))
        else:
            rest = msgspec.structs.replace(old, lower_id=None, lower_time=cutoff)
            connection.execute(update(gap).where(gap.c.id == old.id).values(**_values(rest)))
    forgotten = gap.c.upper_time < cutoff - DAY
    connection.execute(
        delete(gap).where(gap.c.stream_id == stream_id, gap.c.given_up.is_(True), forgotten)
    )
    return tuple(lost)


def _keep_as_lost(connection: Connection, stream_id: int, lost: Gap) -> None:
    connection.execute(insert(gap).values(stream_id=stream_id, given_up=True, **_values(lost)))


def forget_future(connection: Connection, known: Stream, now: float) -> None:
    """Readings dated after ``now`` were made before the clock was set back: they are not later."""
    ahead = and_(message.c.stream_id == known.id, message.c.read_at > now)
    connection.execute(update(message).where(ahead).values(read_at=now))
    if known.head_started is not None:
        known.head_started = min(known.head_started, now)


def describe(
    connection: Connection,
    account: str,
    known: Stream,
    book: LabelBook,
    deadlines: Sequence[tuple[int, str]],
    now: float,
) -> StreamState:
    """The stream as the exposition shows it, as of ``now``: the time of its last good page."""
    opened = [g for g in open_gaps(connection, known.id) if g.settles_at is None]
    return StreamState(
        account=account,
        channel=known.channel,
        synced=known.synced,
        last_success=known.last_success,
        watermark=_watermark(known, opened),
        gaps=sum(not g.baseline for g in opened),
        gap_seconds=float(sum(g.seconds for g in opened if not g.baseline)),
        earlier_seconds=known.baseline - known.horizon,
        earlier_unread=_earlier_unread(known, opened),
        coverage=_coverage(connection, known, now),
        tracked=tallies.tracked(connection, known.id),
        overdue=tallies.overdue(connection, known.id, deadlines, now),
        pending=tallies.pending(connection, known.id, book, now),
    )


def _earlier_unread(known: Stream, opened: Sequence[Gap]) -> float:
    """How much of the history before the first start is still to be read, in seconds."""
    if known.head_started is None:
        return known.baseline - known.horizon
    return float(sum(g.seconds for g in opened if g.baseline))


def _watermark(known: Stream, opened: Sequence[Gap]) -> float | None:
    if known.head_started is None:
        return None
    return min((float(g.lower_time) for g in opened if not g.baseline), default=known.head_started)


def _coverage(connection: Connection, known: Stream, now: float) -> float | None:
    if known.head_started is None:
        return None
    since = max(now - DAY, known.baseline)
    unread = max(0.0, now - max(since, known.head_started))
    query = select(gap.c.lower_time, gap.c.upper_time).where(
        gap.c.stream_id == known.id, gap.c.settles_at.is_(None)
    )
    for row in connection.execute(query):
        unread += max(0.0, min(row.upper_time, now) - max(row.lower_time, since))
    return max(0.0, 1 - unread / max(now - since, HOUR))


def _gap(row: object) -> Gap:
    return msgspec.convert(row, Gap, from_attributes=True)


def _values(known: Gap) -> dict[str, object]:
    values = msgspec.structs.asdict(known)
    del values["id"]
    return values
