"""When an account may log in, and when that could block the address for everybody."""

import pytest

from exporter.ledger import logins
from exporter.ledger.permits import MARGIN
from tests.ledger.desk import T0
from tests.ledger.permit_log import PLENTY, TIMEOUT, PermitLog


LAPSE = logins.LOGIN_WINDOW + TIMEOUT + MARGIN
"""Seconds after a permit in which its call can count as a failed log-in."""
LOST = ("timeout", "http_error", "api_error")
"""Results of calls whose answer could not be read; an error answer without a code is one."""


@pytest.fixture
def log() -> PermitLog:
    """An empty log of accounts that have calls enough."""
    return PermitLog(PLENTY)


def accept(log: PermitLog, at: float, *, account: int = 1, mark: int = 1) -> None:
    """A call that gets a page."""
    log.finish(log.spend(at, account=account, mark=mark), at + 0.5)


def refuse(log: PermitLog, at: float, *, account: int = 1, mark: int = 1) -> None:
    """A call whose log-in is refused."""
    log.finish(log.spend(at, account=account, mark=mark), at + 0.5, code=2)


def lose(log: PermitLog, at: float, result: str = "timeout", *, account: int = 1) -> None:
    """A call whose answer doesn't arrive."""
    log.finish(log.spend(at, account=account), at + 0.5, result)


def test_accepted_account_calls_on_while_another_is_refused(log: PermitLog) -> None:
    """A wrong password stops its own account, after three tries, and no other."""
    accept(log, T0, account=2)
    for n in range(3):
        refuse(log, T0 + 10.0 * n)
    assert log.denied(T0 + 60.0) == ("login", T0 + LAPSE)
    accept(log, T0 + 60.0, account=2)


def test_new_credentials_are_tried_as_any_other(log: PermitLog) -> None:
    """What was accepted under other credentials says nothing of the present ones."""
    accept(log, T0, mark=1)
    for n in range(3):
        refuse(log, T0 + 10.0 + n, mark=2)
    assert log.denied(T0 + 60.0, mark=2)[0] == "login"
    assert log.denial(T0 + 60.0, mark=1) is None


def test_accounts_that_turn_refused_one_by_one_stop_all(log: PermitLog) -> None:
    """Two accepted accounts refused mean that the address is: others look again each minute."""
    for account in (1, 2, 3):
        accept(log, T0, account=account)
    for account in (1, 2):
        refuse(log, T0 + 100, account=account)
    assert log.denied(T0 + 102, account=3) == ("login", T0 + 102 + logins.RECHECK)


def test_nobody_is_stopped_once_another_call_is_accepted(log: PermitLog) -> None:
    """A log-in accepted after two were refused shows that the address is welcome."""
    for account in (1, 2, 3):
        accept(log, T0, account=account)
    first, second, third = (log.spend(T0 + 100 + account, account=account) for account in (1, 2, 3))
    log.finish(first, T0 + 104, code=2)
    log.finish(second, T0 + 104, code=2)
    assert log.denied(T0 + 105, account=3) == ("login", T0 + 105 + logins.RECHECK)
    log.finish(third, T0 + 106)
    log.spend(T0 + 107, account=3)


def test_an_account_put_right_is_as_free_as_before(log: PermitLog) -> None:
    """Once accepted again, neither its own refusals nor others' hold it up."""
    refuse(log, T0)
    accept(log, T0 + 10.0)
    for n in range(2):
        refuse(log, T0 + 20.0 + n, account=2)
    assert log.denied(T0 + 30.0, account=2) == ("login", T0 + LAPSE)
    accept(log, T0 + 30.0)


def test_calls_under_way_count_while_anybody_is_refused(log: PermitLog) -> None:
    """After three refusals only one call is made at a time: it could be the fourth."""
    for account in (2, 3):
        accept(log, T0, account=account)
    for n in range(3):
        refuse(log, T0 + 10.0 * n)
    running = log.spend(T0 + 60.0, account=2)
    assert log.denied(T0 + 60.0, account=3) == ("login", T0 + 60.0 + logins.MOMENT)
    log.finish(running, T0 + 61.0)
    log.spend(T0 + 61.0, account=3)


def test_a_call_under_way_is_waited_for_only_as_long_as_it_lasts(log: PermitLog) -> None:
    """It counts as if it will be refused; once it is accepted nobody waits for half an hour."""
    for n in range(2):
        refuse(log, T0 + 10.0 * n)
    running = log.spend(T0 + 60.0, account=2)
    assert log.denied(T0 + 60.0, account=3) == ("login", T0 + 60.0 + logins.MOMENT)
    log.finish(running, T0 + 60.5)
    accept(log, T0 + 61.0, account=3)


@pytest.mark.parametrize("result", LOST)
def test_lost_answers_count_as_refusals(log: PermitLog, result: str) -> None:
    """Credentials never accepted stop when three answers may have been refusals."""
    for n in range(3):
        lose(log, T0 + 100.0 * n, result)
    assert log.denied(T0 + 300.0) == ("login", T0 + LAPSE)
    assert log.denied(T0 + 300.0, account=2) == ("login", T0 + LAPSE)
    lose(log, T0 + LAPSE, result)
    assert log.denied(T0 + LAPSE + 1) == ("login", T0 + 100 + LAPSE)


def test_lost_answers_and_refusals_count_together(log: PermitLog) -> None:
    """The gateway counts what an address does, whichever account and whether heard or not."""
    lose(log, T0, account=1)
    refuse(log, T0 + 10.0, account=2)
    log.spend(T0 + 20.0, account=3)
    assert log.denied(T0 + 100.0, account=4) == ("login", T0 + LAPSE)


def test_an_accepted_account_is_free_however_many_answers_are_lost(log: PermitLog) -> None:
    """Neither days of a bad network nor others' lost answers hold up an account that has worked."""
    accept(log, T0)
    for n in range(3):
        lose(log, T0 + 86400 + 20.0 * n, account=2)
    for n in range(4):
        lose(log, T0 + 86500 + 20.0 * n)


def test_an_account_is_free_as_soon_as_it_is_accepted(log: PermitLog) -> None:
    """Answers lost before the first page were no refusals, and make room for other accounts."""
    for n in range(2):
        lose(log, T0 + 10.0 * n)
    accept(log, T0 + 20.0)
    for n in range(3):
        lose(log, T0 + 100.0 + n, account=2)
    accept(log, T0 + 200.0)


def test_lost_answers_count_again_after_a_refusal(log: PermitLog) -> None:
    """Credentials that stopped working are no better than any others."""
    accept(log, T0)
    refuse(log, T0 + 60.0)
    for n in range(2):
        lose(log, T0 + 70.0 + 10 * n)
    assert log.denied(T0 + 120.0) == ("login", T0 + 60.0 + LAPSE)


@pytest.mark.parametrize("result", ["timeout", "http_error"])
def test_calls_that_never_arrived_are_no_failures(log: PermitLog, result: str) -> None:
    """A network that is down keeps nobody waiting once it is back."""
    for n in range(4):
        lose(log, T0 + 100.0 * n, logins.UNJUDGED + result)
    accept(log, T0 + 400.0)


@pytest.mark.parametrize("code", [1, 4, 9, 77])
def test_other_errors_are_no_failures(log: PermitLog, code: int) -> None:
    """An error of another kind was heard, and is no refusal."""
    for n in range(4):
        log.finish(log.spend(T0 + 100.0 * n), T0 + 100.0 * n + 1, code=code)
    log.spend(T0 + 400.0)
