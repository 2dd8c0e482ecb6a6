"""The log of permits: spent in the ledger before the call leaves, whatever comes back.

Balance calls are in it beside history calls: the gateway counts failed log-ins of both together.

The gateway judges a call when it arrives, which the caller can't see. So a permit counts from the
latest moment at which its call can have arrived: the end of the call, or for a call whose end was
never seen (a crash) its time-out.
"""

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection, and_, delete, insert, or_, select, update

from exporter.ledger import logins
from exporter.ledger.lately import Call
from exporter.ledger.rows import new_id
from exporter.ledger.schema import permit


BALANCE = "balance"
"""Kind of balance calls, which are no history calls and have a limit of their own."""
AT_ONCE = 14
"""Calls of all kinds that may be under way under one login; the gateway refuses the fifteenth."""
MARGIN = 1.0
"""Seconds added to every window: the gateway's clock may tick in whole seconds."""


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
    """budget, share, identical, concurrency, login or pause."""
    until: float
    """Unix seconds at which asking again makes sense."""


class Share(msgspec.Struct, frozen=True):
    """How many permits of a window calls of one kind may take."""

    kind: str
    permits: int


class Usage(msgspec.Struct, frozen=True):
    """Permits that count against the hour: when each is free, ascending, and how many are out."""

    free_at: tuple[float, ...]
    open: int
    calls: tuple[Call, ...] = ()
    """What they were spent on, in the same order."""


def usage(connection: Connection, account_id: int, now: float) -> Usage:
    """The history calls that the account has spent as of ``now``."""
    spent = _of_history(_counting(connection, account_id, now))
    unfinished = sum(row.finished_at is None for row in spent)
    return Usage(
        tuple(row.free_at for row in spent), unfinished, tuple(row.as_call() for row in spent)
    )


def denial(
    connection: Connection,
    account_id: int,
    fingerprint: str,
    limits: Limits,
    now: float,
    *,
    mark: int,
    share: Share | None = None,
) -> Denied | None:
    """Why no history call can be made now, or None; ``share`` bounds the kind that is asked for.

    ``mark`` tells the credentials: only calls made with the present ones count as failed log-ins.
    """
    counting = _counting(connection, account_id, now)
    spent = _of_history(counting)
    if over := _over_budget(spent, limits):
        return over
    of_kind = [] if share is None else [row for row in spent if row.kind == share.kind]
    if share is not None and len(of_kind) >= share.permits:
        return Denied(reason="share", until=of_kind[len(of_kind) - share.permits].free_at)
    alike = _identical_free_at(connection, account_id, fingerprint, now)
    if len(alike) >= limits.identical:
        return Denied(reason="identical", until=alike[len(alike) - limits.identical])
    longest = limits.call_timeout + MARGIN
    if _is_crowded(spent, counting, limits.concurrency, now - longest):
        return Denied(reason="concurrency", until=now + MARGIN)
    held_until = logins.held_until(connection, account_id, now, mark=mark, longest=longest)
    return None if held_until is None else Denied(reason="login", until=held_until)


def balance_denial(
    connection: Connection, account_id: int, limits: Limits, now: float, *, mark: int, tried: bool
) -> Denied | None:
    """Why no balance call can be made now, or None.

    ``tried``: the last one made with the credentials that ``mark`` tells was let in.
    """
    counting = _counting(connection, account_id, now)
    spent = [row for row in counting if row.kind == BALANCE]
    if over := _over_budget(spent, limits):
        return over
    longest = limits.call_timeout + MARGIN
    if _is_crowded(spent, counting, limits.concurrency, now - longest):
        return Denied(reason="concurrency", until=now + MARGIN)
    held_until = logins.side_call_held_until(
        connection, account_id, now, mark=mark, longest=longest, tried=tried
    )
    return None if held_until is None else Denied(reason="login", until=held_until)


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
    _forget(connection, account_id, now)
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
    """Note how a call ended; its permit is free a window after that.

    ``result`` begins with `logins.UNJUDGED` where that is known.
    """
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
            doubtful=logins.is_doubtful(result, code),
        )
    )


def is_finished(connection: Connection, permit_id: int) -> bool:
    """Whether it was noted how the call ended."""
    ended = select(permit.c.id).where(permit.c.id == permit_id, permit.c.finished_at.is_not(None))
    return connection.scalar(ended) is not None


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
    rows = [_as_shown(*row) for row in connection.execute(select(*columns).where(ready))]
    if rows:
        connection.execute(update(permit).where(ready).values(counted=True))
    return rows


def _as_shown(kind: str, result: str | None, code: int | None, duration: float | None) -> Finished:
    return Finished(kind, _plain(result), code, duration)


def _plain(result: str | None) -> str | None:
    """A stored result without what it says of log-ins."""
    return None if result is None else result.removeprefix(logins.UNJUDGED)


class _Spent(msgspec.Struct, frozen=True):
    """A permit that counts against a limit."""

    free_at: float
    spent_at: float
    finished_at: float | None
    kind: str
    result: str | None

    def as_call(self) -> Call:
        """As a person sees it."""
        return Call(self.kind, self.spent_at, _plain(self.result))


def _counting(connection: Connection, account_id: int, now: float) -> Sequence[_Spent]:
    """Permits that count against a limit, in the order in which they are free again."""
    columns = (
        permit.c.free_at,
        permit.c.spent_at,
        permit.c.finished_at,
        permit.c.kind,
        permit.c.result,
    )
    query = select(*columns).where(permit.c.account_id == account_id, permit.c.free_at > now)
    return [_Spent(*row) for row in connection.execute(query.order_by(permit.c.free_at))]


def _of_history(spent: Sequence[_Spent]) -> list[_Spent]:
    return [row for row in spent if row.kind != BALANCE]


def _over_budget(spent: Sequence[_Spent], limits: Limits) -> Denied | None:
    over = len(spent) - limits.requests
    if over < 0:
        return None
    return Denied(reason="budget", until=spent[min(over, len(spent) - 1)].free_at)


def _is_crowded(
    mine: Sequence[_Spent], everybodys: Sequence[_Spent], most: int, since: float
) -> bool:
    """Whether as many calls are under way as may be, of one kind or of all."""
    running = [
        sum(row.finished_at is None and row.spent_at > since for row in rows)
        for rows in (mine, everybodys)
    ]
    return running[0] >= most or running[1] >= AT_ONCE


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


def _forget(connection: Connection, account_id: int, now: float) -> None:
    mine = permit.c.account_id == account_id
    old = and_(permit.c.free_at <= now, permit.c.spent_at <= now - 2 * logins.LOGIN_WINDOW)
    last = logins.last_verdicts((account_id,))
    needless = and_(permit.c.counted.is_(True), permit.c.id.not_in(last))
    connection.execute(delete(permit).where(mine, old, needless))
    stale = and_(permit.c.identical_free_at <= now, permit.c.fingerprint.is_not(None))
    connection.execute(update(permit).where(mine, stale).values(fingerprint=None))
