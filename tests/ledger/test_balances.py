"""Balance calls in the log of permits, and balances in the ledger."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.gateway.balance import Balance
from exporter.ledger import logins, permits
from exporter.ledger.accounts import Memory
from exporter.ledger.balances import Purse, Reading
from exporter.ledger.errors import LedgerCorrupted
from exporter.ledger.permits import AT_ONCE, BALANCE, MARGIN, Denied, Limits
from exporter.ledger.records import Outcome
from exporter.ledger.snapshot import Distribution, Total
from tests.ledger.conftest import Desks
from tests.ledger.desk import FREE, HEAD, T0, Desk
from tests.ledger.permit_log import PLENTY, TIMEOUT, PermitLog


MONEY = st.decimals(-(10**11), 10**11, places=2) | st.decimals(-10, 10, places=18)
PURSES = st.builds(
    Purse,
    reading=st.none()
    | st.builds(
        Reading,
        balance=st.builds(
            Balance,
            amount=MONEY,
            credit=st.none() | MONEY,
            currency=st.sampled_from([None, "RUB", "KZT"]),
        ),
        read_at=st.floats(0, 2e9),
        mark=st.integers(0, 65535),
    ),
    memory=st.builds(
        Memory,
        not_before=st.floats(0, 2e9),
        pause=st.floats(0, 2000),
        state=st.sampled_from(["starting", "ok", "refused"]),
        detail=st.text(max_size=9),
        credentials_mark=st.none() | st.integers(0, 65535),
    ),
)
BALANCE_LIMITS = Limits(
    requests=5,
    window=60.0,
    identical=5,
    identical_window=60.0,
    concurrency=1,
    call_timeout=TIMEOUT,
)
LAPSE = logins.LOGIN_WINDOW + TIMEOUT + MARGIN


def ended(at: float, result: str = "ok", code: int | None = None) -> Outcome:
    return Outcome(finished_at=at, duration=0.4, result=result, code=code)


def spent(desk: Desk, at: float) -> int:
    """A permit for a balance call."""
    granted = desk.ledger.spend_balance("a", BALANCE_LIMITS, at, mark=1, tried=True)
    assert isinstance(granted, int), granted
    return granted


@pytest.fixture
def proven(desk: Desk) -> Desk:
    """A desk whose credentials were accepted."""
    desk.apply([], T0 + 1)
    return desk


def test_what_is_kept_is_what_is_found_after_a_restart(desks: Desks) -> None:
    """Money to the last digit, and the pause that a restart must not shorten."""
    desk = desks()
    desk.apply([], T0 + 1)
    moment = T0 + 10.0

    @given(PURSES)
    def keeps(purse: Purse) -> None:
        nonlocal moment
        moment += 100
        desk.ledger.keep_purse("a", purse, spent(desk, moment), BALANCE_LIMITS, ended(moment + 1))
        assert desk.ledger.purse("a") == purse
        desk.reopen()
        assert desk.ledger.purse("a") == purse

    assert desk.ledger.purse("a") == Purse()
    keeps()


def test_balance_calls_take_no_history_call(proven: Desk) -> None:
    """Neither the hour nor the totals by kind know of them; they are counted by endpoint."""
    used = proven.ledger.usage("a", T0 + 20)
    for n in range(3):
        permit_id = spent(proven, T0 + 10.0 + n)
        outcome = ended(T0 + 10.5 + n, *(("api_error", 9) if n else ("ok",)))
        proven.ledger.keep_purse("a", Purse(), permit_id, BALANCE_LIMITS, outcome)
    assert proven.ledger.usage("a", T0 + 20) == used
    assert proven.total(Total.PERMITS) == {("a", "head"): 1}
    assert proven.total(Total.API_REQUESTS) == {
        ("a", "history", "ok"): 1,
        ("a", "balance", "ok"): 1,
        ("a", "balance", "api_error"): 2,
    }
    assert proven.total(Total.API_ERRORS) == {("a", "balance", "9"): 2}
    durations = proven.ledger.snapshot().distributions[Distribution.REQUEST_DURATION]
    assert {labels: sum(seen.counts) for labels, seen in durations.items()} == {
        ("history",): 1,
        ("balance",): 3,
    }


def test_a_balance_call_that_died_is_no_history_call_either(proven: Desk) -> None:
    """Its permit is taken into the totals as those of history calls are, under no kind."""
    spent(proven, T0 + 10)
    proven.reopen()
    proven.ledger.collect("a", T0 + 1000, 30)
    assert proven.total(Total.PERMITS) == {("a", "head"): 1}
    assert proven.ledger.usage("a", T0 + 20).open == 0


def test_their_own_minute_holds(proven: Desk) -> None:
    """Never more than five within a minute of a gateway with whole seconds, restarts or not."""
    for n in range(5):
        permit_id = spent(proven, T0 + 10.0 + n)
        proven.ledger.finish(permit_id, BALANCE_LIMITS, ended(T0 + 10.5 + n))
    proven.reopen()
    denied = proven.ledger.spend_balance("a", BALANCE_LIMITS, T0 + 20, mark=1, tried=True)
    assert denied == Denied(reason="budget", until=T0 + 10.5 + MARGIN + 60)
    spent(proven, T0 + 10.5 + MARGIN + 60)


def test_one_at_a_time(proven: Desk) -> None:
    """A call under way, or cut short by a crash, stands in the way of another for its time."""
    spent(proven, T0 + 10)
    denied = proven.ledger.spend_balance("a", BALANCE_LIMITS, T0 + 20, mark=1, tried=True)
    assert denied == Denied(reason="concurrency", until=T0 + 20 + MARGIN)
    spent(proven, T0 + 10 + TIMEOUT + MARGIN)


@pytest.mark.parametrize("last", ["history", "balance"])
def test_both_kinds_stay_below_the_gateways_fifteen(proven: Desk, last: str) -> None:
    """Calls of all kinds count when it comes to how many are under way at once."""
    for _ in range(AT_ONCE - (last == "history")):
        assert isinstance(proven.ledger.spend("a", "head", HEAD, FREE, T0 + 10, mark=1), int)
    if last == "history":
        spent(proven, T0 + 10)
        denied = proven.ledger.spend("a", "head", HEAD, FREE, T0 + 10, mark=1)
    else:
        denied = proven.ledger.spend_balance("a", BALANCE_LIMITS, T0 + 10, mark=1, tried=True)
    assert denied == Denied(reason="concurrency", until=T0 + 10 + MARGIN)


class Log(PermitLog):
    """A log of permits with balance calls."""

    def balance_denied(self, at: float, *, account: int = 1, tried: bool = True) -> Denied | None:
        with self.engine.begin() as connection:
            return permits.balance_denial(
                connection, account, BALANCE_LIMITS, at, mark=1, tried=tried
            )

    def ask(self, at: float, *, account: int = 1, code: int | None = None) -> None:
        """A balance call that there is a permit for."""
        with self.engine.begin() as connection:
            limits = BALANCE_LIMITS
            made = permits.book(connection, account, BALANCE, BALANCE, limits, at, mark=1)
        self.finish(made, at + 0.5, code=code)

    def accept(self, at: float, account: int) -> None:
        self.finish(self.spend(at, account=account), at + 0.5)


@pytest.fixture
def log() -> Log:
    """An empty log of accounts that have history calls enough."""
    return Log(PLENTY)


@pytest.mark.parametrize("tried", [True, False])
def test_credentials_are_never_first_tried_for_the_balance(log: Log, *, tried: bool) -> None:
    """It waits until a history call was let in with them, and again after they were refused."""
    waits = Denied(reason="login", until=T0 + logins.UNPROVEN)
    assert log.balance_denied(T0, tried=tried) == waits
    log.finish(log.spend(T0 - 5), T0 - 4, "timeout")
    assert log.balance_denied(T0, tried=tried) == waits
    log.accept(T0 - 3, 1)
    assert log.balance_denied(T0, tried=tried) is None
    log.finish(log.spend(T0 + 1), T0 + 2, code=2)
    assert log.balance_denied(T0 + 3, tried=tried) == Denied(
        reason="login", until=T0 + 3 + logins.UNPROVEN
    )


def test_a_refused_balance_makes_the_credentials_doubtful(log: Log) -> None:
    """No further one is tried until the history was let in again."""
    log.accept(T0, 1)
    log.ask(T0 + 1, code=2)
    assert log.balance_denied(T0 + 2) == Denied(reason="login", until=T0 + 2 + logins.UNPROVEN)
    log.accept(T0 + 3, 1)
    assert log.balance_denied(T0 + 4) is None


def test_refused_balances_leave_the_history_its_log_ins(log: Log) -> None:
    """However many accounts may not ask for their balance, two try in half an hour, and none of
    them has to stop reading its history."""
    for account in range(1, 6):
        log.accept(T0 + account, account)
    for account in (1, 2):
        assert log.balance_denied(T0 + 10, account=account, tried=False) is None
        log.ask(T0 + 10, account=account, code=2)
        log.accept(T0 + 12, account)
    for account in range(1, 6):
        held = Denied(reason="login", until=T0 + 10 + LAPSE)
        assert log.balance_denied(T0 + 20, account=account, tried=False) == held
        log.accept(T0 + 20, account)


def test_first_balance_calls_are_not_made_at_once(log: Log) -> None:
    """Five accounts that start together can't be refused all five at the same moment."""
    for account in range(1, 6):
        log.accept(T0 + account, account)
    with log.engine.begin() as connection:
        for account in (1, 2):
            limits = BALANCE_LIMITS
            permits.book(connection, account, BALANCE, BALANCE, limits, T0 + 10, mark=1)
    held = Denied(reason="login", until=T0 + 10.5 + logins.MOMENT)
    assert log.balance_denied(T0 + 10.5, account=3, tried=False) == held
    assert log.balance_denied(T0 + 10.5, account=3, tried=True) is None


def test_damaged_money_is_damage(proven: Desk) -> None:
    """What no ledger writes is told as damage, not as an amount."""
    told = Balance(amount=Decimal(5))
    purse = Purse(reading=Reading(balance=told, read_at=T0, mark=1))
    proven.ledger.keep_purse("a", purse, spent(proven, T0 + 10), BALANCE_LIMITS, ended(T0 + 11))
    with proven.ledger.store.transaction() as connection:
        connection.exec_driver_sql("UPDATE balance SET amount = 'much'")
    with pytest.raises(LedgerCorrupted, match="is damaged"):
        proven.ledger.purse("a")
