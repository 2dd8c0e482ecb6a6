"""Forgetting what can no longer be counted, so that the file stops growing.

Ids of messages are kept until the stream's horizon has passed them: rows sent before it are never
counted, whichever page brings them back.
"""

from sqlalchemy import Connection, and_, delete, select, update

from exporter.ledger import streams
from exporter.ledger.schema import GIVEN_UP, PENDING, message, pending_phone
from exporter.ledger.streams import Stream


ABANDON_AFTER = 3 * 86400
"""Seconds after sending at which a message still pending is no longer waited for."""
BATCH = 5000
"""Rows deleted in one transaction at most."""


def prune(
    connection: Connection, known: Stream, *, now: float, retention: float
) -> tuple[int, bool]:
    """One round of forgetting.

    Gives the seconds of gaps given up for good, and whether more rounds are needed.
    """
    cutoff = int(now - retention)
    lost = streams.give_up_before(connection, known.id, cutoff)
    known.horizon = max(known.horizon, min(cutoff, _oldest_gap(connection, known.id, cutoff)))
    streams.save(connection, known)
    _abandon(connection, known, int(now - ABANDON_AFTER))
    gone = _forget(connection, known)
    return lost, gone >= BATCH


def _oldest_gap(connection: Connection, stream_id: int, otherwise: int) -> int:
    lower = (g.lower_time for g in streams.open_gaps(connection, stream_id) if not g.baseline)
    return min(lower, default=otherwise)


def _abandon(connection: Connection, known: Stream, before: int) -> None:
    stale = and_(
        message.c.stream_id == known.id,
        message.c.state == PENDING,
        message.c.send_time < before,
    )
    ids = select(message.c.int_id).where(stale)
    mine = pending_phone.c.account_id == known.account_id
    connection.execute(delete(pending_phone).where(mine, pending_phone.c.int_id.in_(ids)))
    connection.execute(update(message).where(stale).values(state=GIVEN_UP, due=None))


def _forget(connection: Connection, known: Stream) -> int:
    old = (
        select(message.c.int_id)
        .where(message.c.stream_id == known.id, message.c.send_time < known.horizon)
        .limit(BATCH)
    )
    mine = message.c.account_id == known.account_id
    return connection.execute(delete(message).where(mine, message.c.int_id.in_(old))).rowcount
