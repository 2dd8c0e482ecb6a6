"""The rule that keeps failed log-ins from shutting out everybody behind this address.

All accounts of the ledger count together. A call whose answer was lost may have been refused
without our hearing of it, so it counts as a failure, unless the gateway's last word on the same
credentials was that they are right.
"""

from collections.abc import Collection, Container, Sequence

import msgspec
from sqlalchemy import Connection, Select, and_, func, not_, or_, select

from exporter.ledger.schema import account, permit


LOGIN_WINDOW = 1800.0
"""Seconds in which the gateway counts failed log-ins before it blocks the address."""
LOGIN_FAILURES = 3
"""Failed log-ins we allow ourselves in that time, and one more of credentials that are proven; the
fifth would block the address."""
TURNED_ACCOUNTS = 2
"""Accepted accounts that must turn refused before the others hold back."""
RECHECK = 60.0
"""Seconds after which an account that holds back looks again."""
TENTATIVE_FAILURES = 2
"""Failed log-ins above which calls that may be refused on their own account are not made: polling
has one more."""
UNPROVEN = 10.0
"""Seconds after which a call that waits for its credentials to be proven looks again."""
MOMENT = 1.0
"""Seconds after which calls under way are looked at again."""
UNJUDGED = "unjudged "
"""Begins the stored result of a failed call by which the gateway surely judged no log-in."""

_REFUSED = 2
_Login = tuple[int, int | None]
"""Account and mark of its credentials."""


class _Suspect(msgspec.Struct, frozen=True):
    """A call that was refused, or may have been."""

    login: _Login
    spent_at: float
    refused: bool
    under_way: bool

    def counts(self, proven: Container[_Login]) -> bool:
        """Whether it is, or must be taken for, a failed log-in."""
        return self.refused or self.login not in proven


def held_until(
    connection: Connection, account_id: int, now: float, *, mark: int, longest: float
) -> float | None:
    """When these credentials may be tried again, Unix seconds; None: at once.

    ``mark`` tells the credentials; ``longest`` is the time within which a call arrives, seconds.

    Proven credentials stay free while others are refused, unless accepted accounts turn refused one
    after the other: then the address itself is no longer welcome. While anybody is refused, calls
    under way count as if they will be.
    """
    lapse = LOGIN_WINDOW + longest
    suspects = _suspects(connection, now, lapse, longest)
    if not suspects:
        return None
    proven = _proven(connection, {account_id, *(each.login[0] for each in suspects)})
    trusted = (account_id, mark) in proven
    if trusted and _is_turned(connection, suspects, now - lapse):
        return now + RECHECK
    failures = [each for each in suspects if each.counts(proven)]
    running = sum(each.under_way for each in suspects if each.login in proven)
    allowed = LOGIN_FAILURES + trusted - _is_refused(connection, account_id, mark)
    if len(failures) >= allowed:
        return _free_at(failures[-allowed:], now, lapse)
    crowded = len(failures) + running > LOGIN_FAILURES
    return now + MOMENT if failures and crowded else None


def side_call_held_until(
    connection: Connection, account_id: int, now: float, *, mark: int, longest: float, tried: bool
) -> float | None:
    """The same for a call that polling can do without.

    Such a call is never the first to try credentials: they must be proven. Where none was
    ``tried`` with success before, the gateway may refuse this kind of call whatever it thinks of
    the credentials, so such calls leave room for polling, whose they also count.
    """
    if (account_id, mark) not in _proven(connection, {account_id}):
        return now + UNPROVEN
    lapse = LOGIN_WINDOW + longest
    suspects = () if tried else _suspects(connection, now, lapse, longest)
    proven = _proven(connection, {each.login[0] for each in suspects})
    failures = [each for each in suspects if each.counts(proven) or each.under_way]
    if len(failures) >= TENTATIVE_FAILURES:
        return _free_at(failures[-TENTATIVE_FAILURES:], now, lapse)
    return held_until(connection, account_id, now, mark=mark, longest=longest)


def last_verdicts(accounts: Collection[int]) -> Select[tuple[int]]:
    """Numbers of the permits by which the gateway last accepted or refused each credentials."""
    judged = or_(permit.c.result == "ok", permit.c.code == _REFUSED)
    login = (permit.c.account_id, permit.c.credentials_mark)
    mine = permit.c.account_id.in_(accounts)
    return select(func.max(permit.c.id)).where(mine, judged).group_by(*login)


def is_doubtful(result: str, code: int | None) -> bool:
    """Whether a call that ended so was refused as a failed log-in, or may have been."""
    unheard = code is None and result != "ok" and not result.startswith(UNJUDGED)
    return code == _REFUSED or unheard


def _free_at(failures: Sequence[_Suspect], now: float, lapse: float) -> float:
    """When one of these failures counts no more; one that is under way may turn out to be none."""
    under_way = any(each.under_way for each in failures)
    return now + MOMENT if under_way else failures[0].spent_at + lapse


def _suspects(
    connection: Connection, now: float, lapse: float, longest: float
) -> Sequence[_Suspect]:
    """Calls that can have failed within the gateway's window, in the order they were made."""
    refused = permit.c.code == _REFUSED
    unheard = and_(
        permit.c.code.is_(None), permit.c.result != "ok", not_(permit.c.result.startswith(UNJUDGED))
    )
    open_ended = permit.c.finished_at.is_(None)
    rows = connection.execute(
        select(
            permit.c.account_id,
            permit.c.credentials_mark,
            permit.c.spent_at,
            func.coalesce(refused, False),
            and_(open_ended, permit.c.spent_at > now - longest),
        )
        .where(
            permit.c.doubtful,
            permit.c.spent_at > now - lapse,
            or_(refused, unheard, open_ended),
        )
        .order_by(permit.c.spent_at)
    )
    return [_Suspect((account_id, mark), *rest) for account_id, mark, *rest in rows]


def _proven(connection: Connection, accounts: Collection[int]) -> set[_Login]:
    """Credentials that the gateway accepted when it last judged them, however long ago."""
    rows = connection.execute(
        select(permit.c.account_id, permit.c.credentials_mark).where(
            permit.c.id.in_(last_verdicts(accounts)), permit.c.result == "ok"
        )
    )
    return {(account_id, mark) for account_id, mark in rows}


def _is_turned(connection: Connection, suspects: Sequence[_Suspect], since: float) -> bool:
    """Whether several accounts were accepted and then refused, and nobody accepted after that."""
    refused = [each for each in suspects if each.refused]
    if len({each.login for each in refused}) < TURNED_ACCOUNTS:
        return False
    accepted = select(
        permit.c.account_id, permit.c.credentials_mark, func.max(permit.c.spent_at)
    ).where(permit.c.result == "ok", permit.c.spent_at > since)
    rows = connection.execute(accepted.group_by(permit.c.account_id, permit.c.credentials_mark))
    last = {(account_id, mark): at for account_id, mark, at in rows}
    turned = {each.login for each in refused} & last.keys()
    return len(turned) >= TURNED_ACCOUNTS and max(last.values()) <= refused[-1].spent_at


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
