"""How many messages of a stream are waited for, read from the indexes that hold nothing else."""

from collections.abc import Sequence

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    Select,
    and_,
    case,
    cast,
    func,
    literal,
    literal_column,
    select,
)

from exporter.ledger.labels import LabelBook
from exporter.ledger.schema import FINAL, PENDING, PENDING_STREAM, message
from exporter.ledger.snapshot import Labels


HOUR = 3600
AGES = ((300, "0-5m"), (HOUR, "5m-1h"), (24 * HOUR, "1h-24h"))
"""Upper ages (s) of the pending gauge's classes; older ones are 24h+."""
QUEUED = -1
STATES = {-2: "stopped", QUEUED: "queued", 0: "accepted"}


def is_pending(stream_id: int) -> ColumnElement[bool]:
    """Pending messages of a stream, said so that the index of just these is used."""
    pending = message.c.state == literal_column(str(PENDING), Integer)
    return and_(PENDING_STREAM == stream_id, pending)  # noqa: SIM300  no constant but a column


def tracked(connection: Connection, stream_id: int) -> int:
    """Messages of which something is still to come: pending, or with a deadline ahead."""
    waiting = select(func.count()).select_from(message).where(is_pending(stream_id))
    maturing = select(func.count()).where(
        message.c.stream_id == stream_id, message.c.state == FINAL, message.c.due.is_not(None)
    )
    return (connection.scalar(waiting) or 0) + (connection.scalar(maturing) or 0)


def overdue(
    connection: Connection, stream_id: int, deadlines: Sequence[tuple[int, str]], now: float
) -> dict[str, int]:
    """Pending messages past a deadline that no reading has matured, by its name."""
    query = (
        select(message.c.matured, func.count())
        .where(message.c.stream_id == stream_id, message.c.state == PENDING, message.c.due <= now)
        .group_by(message.c.matured)
    )
    counted = {name: 0 for _, name in deadlines}
    for matured, count in connection.execute(query):
        name = next((name for seconds, name in deadlines if seconds > matured), None)
        if name is not None:
            counted[name] += count
    return counted


def pending(
    connection: Connection, stream_id: int, book: LabelBook, now: float
) -> dict[Labels, int]:
    """Pending messages sent by ``now``: (channel, country, operator, state, age) to how many.

    A queued one is as old as it was when last read: it may have been passed on since.
    """
    since_sending = literal(int(now)) - message.c.send_time
    when_read = cast(message.c.read_at, Integer) - message.c.send_time
    is_queued = message.c.status == QUEUED
    counted: dict[Labels, int] = {}
    for which, age in ((~is_queued, since_sending), (is_queued, when_read)):
        for row in connection.execute(_by_age(stream_id, now, age).where(which)):
            state = STATES.get(row.status, "queued")
            labels = (*book[row.label_set_id].route[1:], state, row.age)
            counted[labels] = counted.get(labels, 0) + row.messages
    return counted


def _by_age(
    stream_id: int, now: float, age: ColumnElement[int]
) -> Select[tuple[int, int, str, int]]:
    classes = case(*((age < limit, literal(name)) for limit, name in AGES), else_=literal("24h+"))
    return (
        select(
            message.c.label_set_id,
            message.c.status,
            classes.label("age"),
            func.count().label("messages"),
        )
        .where(is_pending(stream_id), message.c.send_time <= int(now))
        .group_by(message.c.label_set_id, message.c.status, literal_column("age"))
    )
