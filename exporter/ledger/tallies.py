"""How many messages of a stream are waited for, read from the indexes that hold nothing else."""

from collections.abc import Sequence

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    and_,
    case,
    cast,
    func,
    literal,
    literal_column,
    select,
)

from exporter.ledger.labels import LabelBook
from exporter.ledger.schema import FINAL, PENDING, message
from exporter.ledger.snapshot import Labels


HOUR = 3600
AGES = ((300, "0-5m"), (HOUR, "5m-1h"), (24 * HOUR, "1h-24h"))
"""Upper ages (s) of the pending gauge's classes; older ones are 24h+."""
STATES = {-2: "stopped", -1: "queued", 0: "accepted"}


def is_pending(stream_id: int) -> ColumnElement[bool]:
    """Pending messages of a stream, said so that the index of just these is used."""
    # Any index by the bare stream would lead through all of its final messages, too.
    unindexed = message.c.stream_id + 0
    return and_(unindexed == stream_id, message.c.state == literal_column(str(PENDING), Integer))


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
    """Pending messages sent by ``now``: (channel, country, operator, state, age) to how many."""
    age = cast(literal(int(now)) - message.c.send_time, Integer)
    age_class = case(
        *((age < limit, literal(name)) for limit, name in AGES), else_=literal("24h+")
    ).label("age")
    query = (
        select(message.c.label_set_id, message.c.status, age_class, func.count().label("messages"))
        .where(is_pending(stream_id), message.c.send_time <= int(now))
        .group_by(message.c.label_set_id, message.c.status, age_class)
    )
    counted: dict[Labels, int] = {}
    for row in connection.execute(query):
        labels = (*book[row.label_set_id].route[1:], STATES.get(row.status, "queued"), row.age)
        counted[labels] = counted.get(labels, 0) + row.messages
    return counted
