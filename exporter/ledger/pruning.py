"""Forgetting what can no longer be counted, so that the file stops growing.

Ids of messages are kept until the stream's horizon has passed them: rows sent before it are never
counted, whichever page brings them back.
"""

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection, and_, delete, or_, select, update

from exporter.ledger import streams
from exporter.ledger.gaps import Gap
from exporter.ledger.schema import FINAL, GIVEN_UP, PENDING, message, pending_phone
from exporter.ledger.streams import Stream


ABANDON_AFTER = 3 * 86400
"""Seconds after sending at which a message still pending is no longer waited for."""
BATCH = 5000
"""Rows deleted in one transaction at most."""


class Pruned(msgspec.Struct, frozen=True, kw_only=True):
    """What one round forgot."""

    lost: tuple[Gap, ...]
    """Stretches given up for good, the newest first."""
    phones: int
    more: bool
    """Another round is needed."""


def prune(connection: Connection, known: Stream, *, now: float, retention: float) -> Pruned:
    """One round of forgetting."""
    cutoff = int(now - retention)
    lost = streams.give_up_before(connection, known.id, cutoff)
    known.horizon = max(known.horizon, min(cutoff, _oldest_gap(connection, known.id, cutoff)))
    streams.save(connection, known)
    phones = _abandon(connection, known, max(int(now - ABANDON_AFTER), known.horizon))
    gone = _forget(connection, known)
    return Pruned(lost=lost, phones=phones, more=gone >= BATCH)


def forget_phones(connection: Connection, tracking: Sequence[int]) -> None:
    """Forget the numbers of all accounts but those that track them."""
    connection.execute(delete(pending_phone).where(pending_phone.c.account_id.not_in(tracking)))


def _oldest_gap(connection: Connection, stream_id: int, otherwise: int) -> int:
    lower = (g.lower_time for g in streams.open_gaps(connection, stream_id) if not g.baseline)
    return min(lower, default=otherwise)


def _abandon(connection: Connection, known: Stream, before: int) -> int:
    """Stop waiting for messages sent before a moment; gives how many numbers went with them."""
    stale = and_(
        message.c.stream_id == known.id,
        message.c.state == PENDING,
        message.c.send_time < before,
    )
    ids = select(message.c.int_id).where(stale)
    mine = and_(pending_phone.c.account_id == known.account_id, pending_phone.c.int_id.in_(ids))
    phones = connection.execute(delete(pending_phone).where(mine)).rowcount
    connection.execute(update(message).where(stale).values(state=GIVEN_UP))
    return phones


def _forget(connection: Connection, known: Stream) -> int:
    """Forget ids that can't be counted again, but not final messages still to mature."""
    old = (
        select(message.c.int_id)
        .where(
            message.c.stream_id == known.id,
            message.c.send_time < known.horizon,
            or_(message.c.state != FINAL, message.c.due.is_(None)),
        )
        .limit(BATCH)
    )
    mine = message.c.account_id == known.account_id
    return connection.execute(delete(message).where(mine, message.c.int_id.in_(old))).rowcount
