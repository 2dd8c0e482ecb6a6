"""Which process polls which account, kept in a shared ledger.

A process is a replica for as long as it is heard of: each time for a span, by the database's own
clock. Whoever polls an account holds its lease; the lease of a replica that is no longer heard of
is free. Taking and leaving is done by one replica at a time, and never while a transaction of the
holder goes on: that one holds the lease's row.
"""

import json
from collections.abc import Collection, Mapping

import msgspec
from sqlalchemy import ColumnElement, Connection, Float, cast, delete, func, insert, select, update

from exporter.ledger.dialects import POSTGRESQL, ignoring
from exporter.ledger.errors import LedgerBusy
from exporter.ledger.schema import lease, replica


class Standing(msgspec.Struct, frozen=True):
    """Who is there, and who polls what."""

    replicas: Mapping[str, frozenset[int]]
    """Session of each replica that is alive to the accounts it can poll."""
    holders: Mapping[int, str | None]
    """Account to the session that holds it."""


def database_time() -> ColumnElement[float]:
    """Unix seconds by the database's clock, at the moment of asking."""
    return cast(func.extract("epoch", func.clock_timestamp()), Float)


def join(
    connection: Connection, session: str, name: str, span: float, accounts: Collection[int]
) -> None:
    """Become a replica, or say anew which accounts it can poll.

    Raises:
        LedgerBusy: another process of this name is alive.

    """
    other = select(replica.c.session, replica.c.until > database_time()).where(
        replica.c.name == name, replica.c.session != session
    )
    found = connection.execute(other).first()
    if found is not None and found[1]:
        message = (
            f"replica {name} is another process that is alive; give each its own ledger.replica, "
            "or wait if that one has just ended"
        )
        raise LedgerBusy(message)
    if found is not None:
        _bury(connection, [found[0]])
    connection.execute(delete(replica).where(replica.c.session == session))
    values = {"session": session, "name": name, "accounts": json.dumps(sorted(accounts))}
    connection.execute(insert(replica).values(until=database_time() + span, **values))
    rows = [{"account_id": account} for account in accounts]
    if rows:
        connection.execute(ignoring(POSTGRESQL, lease), rows)


def renew(connection: Connection, session: str, span: float) -> bool:
    """Be heard of; False when the replica was taken for dead meanwhile."""
    mine = replica.c.session == session
    made = connection.execute(update(replica).where(mine).values(until=database_time() + span))
    return bool(made.rowcount)


def sweep(connection: Connection) -> None:
    """Free what dead replicas held, but for what a transaction of theirs still holds."""
    dead = select(replica.c.session).where(replica.c.until <= database_time())
    _bury(connection, connection.scalars(dead).all())


def standing(connection: Connection) -> Standing:
    """Who is there, and who polls what."""
    alive = connection.execute(
        select(replica.c.session, replica.c.accounts).where(replica.c.until > database_time())
    )
    held = connection.execute(select(lease.c.account_id, lease.c.session))
    return Standing(
        {session: frozenset(json.loads(text)) for session, text in alive},
        dict(iter(held)),
    )


def take(connection: Connection, session: str, accounts: Collection[int]) -> Collection[int]:
    """Take the leases of these accounts that are free; gives which those were."""
    free = (
        select(lease.c.account_id)
        .where(lease.c.account_id.in_(accounts), lease.c.session.is_(None))
        .with_for_update(skip_locked=True)
    )
    found = connection.scalars(free).all()
    _hand(connection, found, session)
    return found


def release(connection: Connection, session: str, accounts: Collection[int]) -> None:
    """Let leases go."""
    mine = lease.c.account_id.in_(accounts) & (lease.c.session == session)
    connection.execute(update(lease).where(mine).values(session=None))


def leave(connection: Connection, session: str) -> None:
    """End as a replica, letting everything go."""
    connection.execute(update(lease).where(lease.c.session == session).values(session=None))
    connection.execute(delete(replica).where(replica.c.session == session))


def is_held(connection: Connection, session: str, account_id: int) -> bool:
    """Whether the account is the session's, which it then stays to the end of the transaction."""
    query = select(lease.c.session).where(lease.c.account_id == account_id).with_for_update()
    return connection.scalar(query) == session


def names(connection: Connection) -> Mapping[int, str]:
    """Account to the name of the replica that polls it."""
    both = lease.join(replica, replica.c.session == lease.c.session)
    rows = connection.execute(select(lease.c.account_id, replica.c.name).select_from(both))
    return dict(iter(rows))


def _bury(connection: Connection, sessions: Collection[str]) -> None:
    if not sessions:
        return
    theirs = select(lease.c.account_id).where(lease.c.session.in_(sessions))
    free = connection.scalars(theirs.with_for_update(skip_locked=True)).all()
    _hand(connection, free, None)
    left = select(lease.c.session).where(lease.c.session.is_not(None))
    gone = replica.c.session.in_(sessions) & replica.c.session.not_in(left)
    connection.execute(delete(replica).where(gone))


def _hand(connection: Connection, accounts: Collection[int], session: str | None) -> None:
    if accounts:
        mine = lease.c.account_id.in_(accounts)
        connection.execute(update(lease).where(mine).values(session=session))
