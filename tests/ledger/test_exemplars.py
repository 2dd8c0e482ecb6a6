"""The snapshot names the message that each counter of failures and bucket of times counted last."""

import pytest

from exporter.gateway.message import Message
from exporter.ledger.errors import LedgerFull
from exporter.ledger.snapshot import Distribution, Exemplar, Total
from exporter.ledger.totals import Totals
from tests.ledger.conftest import Desks
from tests.ledger.desk import T0, Desk, row


L = ("a", "sms", "RU", "mts", "SHOP")
FAILED = (*L, "20", "1")
SENT = T0 + 100


@pytest.fixture
def naming(desks: Desks) -> Desk:
    """A desk whose ledger keeps exemplars."""
    return desks(exemplars=True)


def failed(int_id: int, at: int) -> Message:
    return row(int_id, SENT, 20, status_time=at, err=1)


def last_failed(desk: Desk) -> Exemplar:
    """The exemplar of the one series of failures."""
    return desk.ledger.snapshot().exemplars[Total.FAILURES][FAILED][0]


def test_none_unless_asked_for(desk: Desk) -> None:
    """A ledger that was not told to keeps no ids for the page."""
    desk.apply([failed(1, SENT + 5), row(2, SENT, 1, status_time=SENT + 7)], SENT + 30.0)
    assert desk.sum(Total.FINAL) == 2
    assert desk.ledger.snapshot().exemplars == {}


def test_messages_stand_where_they_were_counted(naming: Desk) -> None:
    """A failure beside its counter, each time in the bucket that it fell into."""
    rows = [failed(1, SENT + 5), row(2, SENT, 1, status_time=SENT + 7), row(3, SENT)]
    naming.apply(rows, SENT + 30.0)
    slow = Exemplar("1", 5, SENT + 5)
    quick = Exemplar("2", 7, SENT + 7)
    assert naming.ledger.snapshot().exemplars == {
        Total.FAILURES: {FAILED: {0: Exemplar("1", 1, SENT + 5)}},
        Distribution.FINAL: {
            (*L[:3], "undeliverable"): {2: slow},
            (*L[:3], "delivered"): {3: quick},
        },
        Distribution.DELIVERY: {L[:4]: {3: quick}},
    }


def test_the_latest_stays(naming: Desk) -> None:
    """Later events replace earlier ones, however the rows are ordered and whenever read."""
    naming.apply([failed(2, SENT + 20), failed(3, SENT + 30), failed(1, SENT + 10)], SENT + 60.0)
    assert last_failed(naming).int_id == "3"
    naming.apply([failed(4, SENT + 29), failed(5, SENT + 30)], SENT + 70.0)
    assert last_failed(naming).int_id == "3", "Prometheus refuses what is not later"
    naming.apply([failed(6, SENT + 31)], SENT + 80.0)
    assert last_failed(naming) == Exemplar("6", 1, SENT + 31)


def test_only_what_is_newly_counted_is_named(naming: Desk) -> None:
    """Neither a message read again, nor one that changes after it was final, nor an old one."""
    naming.apply([failed(1, SENT + 10)], SENT + 20.0)
    naming.reopen()
    again = [failed(1, SENT + 10), row(9, T0 - 50, 20, status_time=T0 - 10, err=1)]
    naming.apply(again, SENT + 40.0)
    naming.apply([row(1, SENT, 1, status_time=SENT + 50)], SENT + 60.0)
    assert naming.sum(Total.FAILURES) == 1
    assert naming.ledger.snapshot().exemplars == {}


def test_time_is_never_ahead_and_never_missing(naming: Desk) -> None:
    """A time ahead of the reading would bar all later ones; without one the reading's is taken."""
    naming.apply([failed(1, SENT + 90_000)], SENT + 10.0, took=1.5)
    assert last_failed(naming).time == SENT + 11.5
    naming.apply([row(2, SENT, 20, err=1)], SENT + 20.0)
    assert last_failed(naming) == Exemplar("2", 1, SENT + 20.0)


def test_what_failed_is_not_named(naming: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page whose transaction fails leaves no exemplar; those before outlast the fault."""
    naming.apply([failed(1, SENT + 10)], SENT + 20.0)
    before = naming.ledger.snapshot().exemplars

    def full(*_args: object) -> Totals:
        raise LedgerFull("full")

    with monkeypatch.context() as patched:
        patched.setattr(Totals, "write", full)
        with pytest.raises(LedgerFull):
            naming.apply([failed(2, SENT + 30)], SENT + 40.0)
    naming.ledger.close()
    naming.ledger.open(naming.specs, SENT + 50.0)
    assert naming.ledger.snapshot().exemplars == before
    naming.apply([failed(2, SENT + 30)], SENT + 60.0)
    assert last_failed(naming).int_id == "2"
    assert before[Total.FAILURES][FAILED][0].int_id == "1", (
        "snapshots taken before stay as they were"
    )
