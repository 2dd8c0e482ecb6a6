"""The log of permits: spent in the ledger before the call leaves, whatever comes back.

The gateway judges a call when it arrives, which the caller can't see. So a permit counts from the
latest moment at which its call can have arrived: the end of the call, or for a call whose end was
never seen (a crash) its time-out.
"""

from collections.abc import Sequence

import msgspec
from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)

from exporter.ledger.rows import new_id
from exporter.ledger.schema import account, permit


MARGIN = 1.0
"""Seconds added to every window: the gateway's clock may tick in whole seconds."""
LOGIN_WINDOW = 1800.0
"""Seconds in which the gateway counts failed log-ins before it blocks the address."""
LOGIN_FAILURES = 3
"""Failed log-ins we allow ourselves in that time, and one more of an account that was accepted; the
fifth would block the address."""
TURNED_ACCOUNTS = 2
"""Accepted accounts that must turn refused before the others hold back."""
RECHECK = 60.0
"""Seconds after which an account that holds back looks again."""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What may be spent now; ``requests`` is after back-off and reserve."""

    requests: int
    window: float
    identical: int
    identical_window: float
    concurrency: int
    call_timeout: float
    """Longest a call can take, seconds."""


class Denied(msgspec.Struct, frozen=True, kw_only=True):
    """No permit now."""

    reason: str
    """budget, identical, concurrency, login or pause."""
    until: float
    """Unix seconds at which asking again makes sense."""


class Usage(msgspec.Struct, frozen=True):
    """Permits that count against the hour: when each is free, ascending, and how many are out."""

    free_at: tuple[float, ...]
    open: int


def usage(connection: Connection, account_id: int, now: float) -> Usage:
    """What the account has spent as of ``now``."""
    spent = _counting(connection, account_id, now)
    unfinished = sum(row.finished_at is None for row in spent)
    return Usage(tuple(row.free_at for row in spent), unfinished)


def denial(
    connection: Connection,
    account_id: int,
    fingerprint: str,
    limits: Limits,
    now: float,
    *,
    mark: int,
) -> Denied | None:
    """Why no permit can be had now, or None.

    ``mark`` tells the credentials: only calls made with the present ones count as failed log-ins.
    """
    since = now - limits.call_timeout - MARGIN
    spent = _counting(connection, account_id, now)
    if len(spent) >= limits.requests:
        over = len(spent) - limits.requests
        return Denied(reason="budget", until=spent[min(over, len(spent) - 1)].free_at)
    alike = _identical_free_at(connection, account_id, fingerprint, now)
    if len(alike) >= limits.identical:
        return Denied(reason="identical", until=alike[len(alike) - limits.identical])
    running = sum(row.finished_at is None and row.spent_at > since for row in spent)
    if running >= limits.concurrency:
        return Denied(reason="concurrency", until=now + MARGIN)
    return _login_denial(connection, account_id, limits, now, mark)


def book(
    connection: Connection,
    account_id: int,
    kind: str,
    fingerprint: str,
    limits: Limits,
    now: float,
    *,
    mark: int,
) -> int:
    """Spend a permit; gives its number."""
    _forget(connection, now)
    latest = now + limits.call_timeout + MARGIN
    result = connection.execute(
        insert(permit).values(
            account_id=account_id,
            kind=kind,
            fingerprint=fingerprint,
            spent_at=now,
            free_at=latest + limits.window,
            identical_free_at=latest + limits.identical_window,
            credentials_mark=mark,
        )
    )
    return new_id(result)


def finish(
    connection: Connection,
    permit_id: int,
    limits: Limits,
    *,
    finished_at: float,
    result: str,
    code: int | None,
    duration: float,
) -> None:
    """Note how a call ended; its permit is free a window after that."""
    connection.execute(
        update(permit)
        .where(permit.c.id == permit_id)
        .values(
            finished_at=finished_at,
            free_at=finished_at + MARGIN + limits.window,
            identical_free_at=finished_at + MARGIN + limits.identical_window,
            result=result,
            code=code,
            duration=duration,
        )
    )


class Finished(msgspec.Struct, frozen=True):
    """A call to be counted in the totals."""

    kind: str
    result: str | None
    code: int | None
    duration: float | None


def collect(connection: Connection, account_id: int, lost_before: float) -> Sequence[Finished]:
    """Calls of this account not yet in the totals, marking them as counted.

    Those without an end are taken once they are older than ``lost_before``: their process died.
    """
    ready = and_(
        permit.c.account_id == account_id,
        permit.c.counted.is_(False),
        or_(permit.c.finished_at.is_not(None), permit.c.spent_at < lost_before),
    )
    columns = (permit.c.kind, permit.c.result, permit.c.code, permit.c.duration)
    rows = [Finished(*row) for row in connection.execute(select(*columns).where(ready))]
    if rows:
        connection.execute(update(permit).where(ready).values(counted=True))
    return rows


class _Spent(msgspec.Struct, frozen=True):
    """A permit that counts against the hour."""

    free_at: float
    spent_at: float
    finished_at: float | None


def _counting(connection: Connection, account_id: int, now: float) -> Sequence[_Spent]:
    """Permits that count against the hour, in the order in which they are free again."""
    query = select(permit.c.free_at, permit.c.spent_at, permit.c.finished_at).where(
        permit.c.account_id == account_id, permit.c.free_at > now
    )
    return [_Spent(*row) for row in connection.execute(query.order_by(permit.c.free_at))]


def _identical_free_at(
    connection: Connection, account_id: int, fingerprint: str, now: float
) -> Sequence[float]:
    alike = and_(
        permit.c.account_id == account_id,
        permit.c.fingerprint == fingerprint,
        permit.c.identical_free_at > now,
    )
    column = permit.c.identical_free_at
    return connection.scalars(select(column).where(alike).order_by(column)).all()


def _login_denial(
    connection: Connection, account_id: int, limits: Limits, now: float, mark: int
) -> Denied | None:
    """Keep all accounts together, behind one address, below the failures that block it.

    An account that the gateway accepted stays free while others are refused, unless accepted
    accounts turn refused one after the other: then the address itself is no longer welcome. While
    anybody is refused, calls under way count as if they will be.
    """
    lapse = LOGIN_WINDOW + limits.call_timeout + MARGIN
    recent = permit.c.spent_at + lapse > now
    suspects = _suspects(connection, recent)
    if not suspects:
        return None
    accepted = _accepted(connection, recent)
    refused = [suspect for suspect in suspects if suspect.code == 2]
    failures = [s for s in suspects if s.code == 2 or s.login not in accepted]
    since = now - limits.call_timeout - MARGIN
    running = sum(s.code is None and s.spent_at > since for s in suspects if s.login in accepted)
    logins = {suspect.login for suspect in refused}
    trusted = (account_id, mark) in accepted - logins
    turned = len(logins & accepted) >= TURNED_ACCOUNTS
    if trusted and turned and _last_success(connection) <= refused[-1].spent_at:
        return Denied(reason="login", until=now + RECHECK)
    most = LOGIN_FAILURES + trusted - _is_refused(connection, account_id, mark)
    if not failures or (len(failures) < most and len(failures) + running <= LOGIN_FAILURES):
        return None
    if len(failures) < most:
        return Denied(reason="login", until=now + MARGIN)
    oldest = failures[-most]
    if oldest.code is None and oldest.spent_at > since:
        return Denied(reason="login", until=now + MARGIN)
    return Denied(reason="login", until=oldest.spent_at + lapse)


def _is_refused(connection: Connection, account_id: int, mark: int) -> bool:
    """Whether these credentials were refused when they were last tried, however long ago.

    They leave one failure to credentials of which more is to be hoped for.
    """
    refused = select(account.c.id).where(
        account.c.id == account_id,
        account.c.state == "refused",
        account.c.credentials_mark == mark,
    )
    return connection.scalar(refused) is not None


class _Suspect(msgspec.Struct, frozen=True):
    """A call that was refused, or whose end isn't known."""

    login: tuple[int, int | None]
    """Account and mark of its credentials."""
    spent_at: float
    code: int | None


def _suspects(connection: Connection, recent: ColumnElement[bool]) -> Sequence[_Suspect]:
    columns = (permit.c.account_id, permit.c.credentials_mark, permit.c.spent_at, permit.c.code)
    suspect = or_(permit.c.code == 2, permit.c.finished_at.is_(None))
    rows = connection.execute(select(*columns).where(recent, suspect).order_by(permit.c.spent_at))
    return [_Suspect((account_id, mark), at, code) for account_id, mark, at, code in rows]


def _accepted(connection: Connection, recent: ColumnElement[bool]) -> set[tuple[int, int | None]]:
    """Accounts, each with the mark of the credentials, that the gateway let in of late."""
    columns = (permit.c.account_id, permit.c.credentials_mark)
    rows = connection.execute(select(*columns).where(permit.c.result == "ok", recent).distinct())
    return {(account_id, mark) for account_id, mark in rows}


def _last_success(connection: Connection) -> float:
    return (
        connection.scalar(select(func.max(permit.c.spent_at)).where(permit.c.result == "ok")) or 0.0
    )


def _forget(connection: Connection, now: float) -> None:
    old = and_(permit.c.free_at <= now, permit.c.spent_at <= now - 2 * LOGIN_WINDOW)
    connection.execute(delete(permit).where(old, permit.c.counted.is_(True)))
    stale = and_(permit.c.identical_free_at <= now, permit.c.fingerprint.is_not(None))
    connection.execute(update(permit).where(stale).values(fingerprint=None))
