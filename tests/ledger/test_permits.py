"""When a permit can be had, and when it can be had again."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, create_engine, select

from exporter.ledger import permits, schema
from exporter.ledger.permits import Limits
from tests.ledger.desk import T0


TIMEOUT = 30.0
BUDGET = Limits(
    requests=5,
    window=3600.0,
    identical=3,
    identical_window=60.0,
    concurrency=4,
    call_timeout=TIMEOUT,
)


@pytest.fixture
def log() -> Iterator[Connection]:
    """An empty log of permits."""
    engine = create_engine("sqlite://")
    schema.metadata.create_all(engine)
    with engine.begin() as connection:
        yield connection
    engine.dispose()


def spend(log: Connection, at: float, *, kind: str = "a", account: int = 1, mark: int = 1) -> int:
    """Book a permit that there is."""
    assert permits.denial(log, account, kind, BUDGET, at, mark=mark) is None
    return permits.book(log, account, "head", kind, BUDGET, at, mark=mark)


def finish(log: Connection, permit_id: int, at: float, code: int | None = None) -> None:
    """End a call."""
    result = "ok" if code is None else "api_error"
    permits.finish(log, permit_id, BUDGET, finished_at=at, result=result, code=code, duration=1.0)


def denied(log: Connection, at: float, *, account: int = 1, mark: int = 1) -> tuple[str, float]:
    """Why there is no permit, and until when."""
    found = permits.denial(log, account, "new", BUDGET, at, mark=mark)
    assert found is not None
    return found.reason, found.until


def test_budget_is_free_a_window_after_the_end_of_a_call(log: Connection) -> None:
    """The promised moment is kept to the float, and the moment before is too early."""
    for n in range(5):
        finish(log, spend(log, T0 + n, kind=str(n)), T0 + n + 0.5)
    reason, until = denied(log, T0 + 10.0)
    assert (reason, until) == ("budget", T0 + 0.5 + permits.MARGIN + 3600)
    assert denied(log, until - 0.001) == ("budget", until)
    spend(log, until)


def test_call_without_an_end_counts_from_its_time_out(log: Connection) -> None:
    """A crashed call can have arrived as late as its time-out."""
    finish(log, spend(log, T0), T0 + 1)
    for n in range(1, 5):
        spend(log, T0 + 40.0 * n, kind=str(n))
    freed = T0 + 1 + permits.MARGIN + 3600
    assert denied(log, T0 + 900.0) == ("budget", freed)
    spend(log, freed, kind="5")
    assert denied(log, freed + 1) == ("budget", T0 + 40 + TIMEOUT + permits.MARGIN + 3600)


def test_other_accounts_have_their_own_budget(log: Connection) -> None:
    """One account's calls cost another nothing."""
    for n in range(5):
        finish(log, spend(log, T0 + n, kind=str(n)), T0 + n + 0.5)
    spend(log, T0 + 10.0, account=2)


def test_accepted_account_calls_on_while_another_is_refused(log: Connection) -> None:
    """A wrong password stops its own account, after three tries, and no other."""
    finish(log, spend(log, T0, account=2), T0 + 1)
    for n in range(3):
        finish(log, spend(log, T0 + 10.0 * n, kind=str(n)), T0 + 10 * n + 1, code=2)
    assert denied(log, T0 + 60.0) == ("login", T0 + permits.LOGIN_WINDOW + TIMEOUT + permits.MARGIN)
    finish(log, spend(log, T0 + 60.0, account=2), T0 + 61.0)


def test_new_credentials_are_tried_as_any_other(log: Connection) -> None:
    """What was accepted under other credentials says nothing of the present ones."""
    finish(log, spend(log, T0, mark=1), T0 + 1)
    for n in range(3):
        finish(log, spend(log, T0 + 10.0 + n, kind=str(n), mark=2), T0 + 10.5 + n, code=2)
    assert denied(log, T0 + 60.0, mark=2)[0] == "login"
    assert permits.denial(log, 1, "new", BUDGET, T0 + 60.0, mark=1) is None


def test_accounts_that_turn_refused_one_by_one_stop_all(log: Connection) -> None:
    """Two accepted accounts refused mean that the address is: others look again each minute."""
    for account in (1, 2, 3):
        finish(log, spend(log, T0, account=account), T0 + 1)
    for account in (1, 2):
        finish(log, spend(log, T0 + 100, account=account), T0 + 101, code=2)
    assert denied(log, T0 + 102, account=3) == ("login", T0 + 102 + permits.RECHECK)


def test_calls_under_way_count_while_anybody_is_refused(log: Connection) -> None:
    """After three refusals only one call is made at a time: it could be the fourth."""
    for account in (2, 3):
        finish(log, spend(log, T0, account=account), T0 + 1)
    for n in range(3):
        finish(log, spend(log, T0 + 10.0 * n, kind=str(n)), T0 + 10 * n + 1, code=2)
    running = spend(log, T0 + 60.0, account=2)
    assert denied(log, T0 + 60.0, account=3) == ("login", T0 + 60.0 + permits.MARGIN)
    finish(log, running, T0 + 61.0)
    spend(log, T0 + 61.0, account=3)


def test_finished_calls_are_collected_once(log: Connection) -> None:
    """Each call is counted once; one without an end when it is certain that none will come."""
    first, second = spend(log, T0), spend(log, T0 + 1, kind="b")
    finish(log, first, T0 + 2)
    assert [c.result for c in permits.collect(log, 1, T0 - 1.0)] == ["ok"]
    assert permits.collect(log, 1, T0 - 1.0) == []
    assert [c.result for c in permits.collect(log, 1, T0 + 100.0)] == [None]
    finish(log, second, T0 + 200)
    assert permits.collect(log, 1, T0 + 300.0) == []


def test_old_permits_are_forgotten(log: Connection) -> None:
    """The log does not grow, but keeps what is not yet counted."""
    finish(log, spend(log, T0), T0 + 1)
    spend(log, T0 + 2, kind="b")
    permits.collect(log, 1, T0 - 1.0)
    spend(log, T0 + 10_000, kind="c")
    kinds = log.execute(select(schema.permit.c.spent_at)).scalars().all()
    assert kinds == [T0 + 2, T0 + 10_000]
