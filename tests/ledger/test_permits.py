"""When a permit can be had, and when it can be had again."""

from sqlalchemy import select

from exporter.ledger import logins, permits, schema
from tests.ledger.desk import T0
from tests.ledger.permit_log import TIMEOUT, PermitLog


def spent(log: PermitLog) -> list[float]:
    """When the permits still in the log were spent."""
    with log.engine.begin() as connection:
        return list(connection.scalars(select(schema.permit.c.spent_at)))


def test_budget_is_free_a_window_after_the_end_of_a_call(log: PermitLog) -> None:
    """The promised moment is kept to the float, and the moment before is too early."""
    for n in range(5):
        log.finish(log.spend(T0 + n, kind=str(n)), T0 + n + 0.5)
    reason, until = log.denied(T0 + 10.0)
    assert (reason, until) == ("budget", T0 + 0.5 + permits.MARGIN + 3600)
    assert log.denied(until - 0.001) == ("budget", until)
    log.spend(until)


def test_call_without_an_end_counts_from_its_time_out(log: PermitLog) -> None:
    """A crashed call can have arrived as late as its time-out."""
    log.finish(log.spend(T0), T0 + 1)
    for n in range(1, 5):
        log.spend(T0 + 40.0 * n, kind=str(n))
    freed = T0 + 1 + permits.MARGIN + 3600
    assert log.denied(T0 + 900.0) == ("budget", freed)
    log.spend(freed, kind="5")
    assert log.denied(freed + 1) == ("budget", T0 + 40 + TIMEOUT + permits.MARGIN + 3600)


def test_other_accounts_have_their_own_budget(log: PermitLog) -> None:
    """One account's calls cost another nothing."""
    for n in range(5):
        log.finish(log.spend(T0 + n, kind=str(n)), T0 + n + 0.5)
    log.spend(T0 + 10.0, account=2)


def test_finished_calls_are_collected_once(log: PermitLog) -> None:
    """Each call is counted once; one without an end when it is certain that none will come."""
    first, second = log.spend(T0), log.spend(T0 + 1, kind="b")
    log.finish(first, T0 + 2)
    assert [c.result for c in log.collect(T0 - 1.0)] == ["ok"]
    assert log.collect(T0 - 1.0) == []
    assert [c.result for c in log.collect(T0 + 100.0)] == [None]
    log.finish(second, T0 + 200)
    assert log.collect(T0 + 300.0) == []


def test_calls_are_counted_by_their_result_alone(log: PermitLog) -> None:
    """Whether a failed call can have been judged is no label of a metric."""
    log.finish(log.spend(T0), T0 + 1, logins.UNJUDGED + "http_error")
    assert [c.result for c in log.collect(T0 - 1.0)] == ["http_error"]


def test_old_permits_are_forgotten(log: PermitLog) -> None:
    """The log does not grow, but keeps what is not yet counted and the last accepted log-in."""
    for n in range(3):
        log.finish(log.spend(T0 + n, kind=str(n)), T0 + n + 0.5)
    log.spend(T0 + 3, kind="uncounted")
    log.collect(T0 - 1.0)
    log.spend(T0 + 10_000, kind="c")
    assert spent(log) == [T0 + 2, T0 + 3, T0 + 10_000]
