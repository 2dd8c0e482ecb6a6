"""Which pending messages are worth reading again."""

import msgspec
from sqlalchemy import Connection, and_, select

from exporter.ledger.schema import PENDING, message
from exporter.ledger.tallies import is_pending


class Pending(msgspec.Struct, frozen=True):
    """A pending message and the row above it, below which a window that shows it begins."""

    int_id: str
    send_time: int
    due: float | None
    """When its next deadline can mature; in the past: overdue."""
    read_at: float
    after_id: str | None


class Targets:
    """Pending messages of one stream."""

    def __init__(self, connection: Connection, stream_id: int) -> None:
        self._connection = connection
        self._stream_id = stream_id

    def urgent(self, now: float, head_started: float | None, limit: int) -> tuple[Pending, ...]:
        """Messages that the last head page didn't show: overdue ones first, then the least lately
        read; scheduled ones wait for their time.
        """
        columns = (
            message.c.int_id,
            message.c.send_time,
            message.c.due,
            message.c.read_at,
            message.c.after_id,
        )
        query = select(*columns).where(
            message.c.send_time <= int(now), message.c.read_at < (head_started or now)
        )
        mine = and_(message.c.stream_id == self._stream_id, message.c.state == PENDING)
        overdue = query.where(mine, message.c.due <= now).order_by(message.c.due).limit(limit)
        found = [Pending(*row) for row in self._connection.execute(overdue)]
        if len(found) < limit:
            rest = query.where(is_pending(self._stream_id))
            rest = rest.where(message.c.due.is_(None) | (message.c.due > now))
            rows = self._connection.execute(
                rest.order_by(message.c.read_at).limit(limit - len(found))
            )
            found.extend(Pending(*row) for row in rows)
        return tuple(found)
