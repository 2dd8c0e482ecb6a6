"""The ledger remembers which series were shown at their value."""

import sqlite3
from decimal import Decimal

import pytest

from exporter.ledger.errors import LedgerUnavailable
from exporter.ledger.snapshot import Distribution, Observations, Series, Snapshot, Total
from tests.ledger.conftest import Desks, Folders
from tests.ledger.desk import T0, Desk, row
from tests.ledger.killing import Original, crash


LABELS = ("a", "sms", "RU", "mts", "SHOP")
SUBMITTED = (Total.SUBMITTED, LABELS)
COST = (Total.COST, (*LABELS, "RUB"))
DISCOVERY = (Distribution.DISCOVERY, ("a", "sms"))
DELIVERY = (Distribution.DELIVERY, LABELS[:4])
REFUNDED = (Total.COST_REFUNDED, (*LABELS[:4], "RUB"))
NOTED: list[Series] = [SUBMITTED, COST, DISCOVERY, DELIVERY, REFUNDED]
"""Some in which one message was counted, some in which nothing was."""


def shown(snapshot: Snapshot) -> set[Series]:
    return {(source, labels) for source, found in snapshot.shown.items() for labels in found}


def known(snapshot: Snapshot) -> set[Series]:
    """Every series that has a total, be it 0."""
    return {
        (source, labels)
        for totals in (snapshot.totals, snapshot.distributions)
        for source, values in totals.items()
        for labels in values
    }


def with_message(desk: Desk) -> Desk:
    desk.apply([row(1, T0 + 10)], T0 + 20)
    return desk


def test_what_is_counted_is_not_shown_by_that(desk: Desk) -> None:
    """A restart alone makes nothing shown."""
    with_message(desk)
    assert not shown(desk.ledger.snapshot())
    desk.reopen()
    assert not shown(desk.ledger.snapshot())


def test_noted_series_stay_noted(desk: Desk) -> None:
    """What is noted is so at once, after counting on, and after a restart; nothing else is."""
    with_message(desk).ledger.note_shown(NOTED)
    assert shown(desk.ledger.snapshot()) == set(NOTED)
    messages = [row(2, T0 + 30, 1, status_time=T0 + 35, cost=Decimal(1)), row(1, T0 + 10, cost=1)]
    desk.apply(messages, T0 + 40)
    assert shown(desk.ledger.snapshot()) == set(NOTED)
    desk.reopen()
    assert shown(desk.ledger.snapshot()) == set(NOTED)
    desk.check()


def test_noting_adds_nothing(desk: Desk) -> None:
    """A series without a total gets one of 0, to which later ones are added."""
    with_message(desk).ledger.note_shown(NOTED)
    snapshot = desk.ledger.snapshot()
    assert snapshot.totals[Total.SUBMITTED][LABELS] == 1
    assert snapshot.totals[Total.COST_REFUNDED][REFUNDED[1]] == 0
    zero = Observations((0,) * 16, Decimal(0))
    assert snapshot.distributions[Distribution.DELIVERY][DELIVERY[1]] == zero
    assert desk.shown() == desk.stored()
    desk.apply([row(1, T0 + 10, 1, status_time=T0 + 15, cost=Decimal("0.25"))], T0 + 40)
    desk.check()
    assert desk.total(Total.COST_REFUNDED)[REFUNDED[1]] == Decimal("2.25")


def test_noting_again_changes_nothing(desk: Desk) -> None:
    """Series may be noted more than once, alone or with others."""
    with_message(desk).ledger.note_shown(NOTED[:3])
    desk.ledger.note_shown(NOTED)
    desk.ledger.note_shown(NOTED[1:2])
    assert shown(desk.ledger.snapshot()) == set(NOTED)
    assert desk.shown() == desk.stored()


def test_untouched_families_keep_their_objects(desk: Desk) -> None:
    """A reader sees by identity that nothing changed."""
    with_message(desk).ledger.note_shown([SUBMITTED])
    before = desk.ledger.snapshot().shown[Total.SUBMITTED]
    desk.ledger.note_shown([COST])
    desk.apply([row(2, T0 + 30)], T0 + 40)
    assert desk.ledger.snapshot().shown[Total.SUBMITTED] is before


@pytest.mark.file_ledger
def test_without_the_ledger_nothing_is_noted(desk: Desk) -> None:
    """When it could not be written nothing is shown, now or later."""
    with_message(desk)
    aside = desk.path.with_name("aside")
    desk.path.rename(aside)
    with pytest.raises(LedgerUnavailable):
        desk.ledger.note_shown(NOTED)
    assert not shown(desk.ledger.snapshot())
    desk.close()
    aside.rename(desk.path)
    desk.reopen()
    assert not shown(desk.ledger.snapshot())
    assert not known(desk.ledger.snapshot()) & {DELIVERY, REFUNDED}


def test_a_commit_that_fails_notes_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even in memory: what is shown by that would fall after a restart."""
    with_message(desk)

    def refuse(_connection: object) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr(desk.ledger.store.engine.dialect, "do_commit", refuse)
    with pytest.raises(LedgerUnavailable):
        desk.ledger.note_shown(NOTED)
    assert not shown(desk.ledger.snapshot())
    monkeypatch.undo()
    desk.ledger.note_shown(NOTED[:1])
    desk.reopen()
    assert shown(desk.ledger.snapshot()) == set(NOTED[:1])


def test_noting_is_all_or_nothing_at_every_statement(folders: Folders, desks: Desks) -> None:
    """Killed anywhere while it notes, the ledger knows all or none as shown, and no total moved."""
    first = with_message(desks())
    counted, outcomes = first.counted(), []
    original = Original(first, folders, desks)
    for point in range(100):
        folder = original.copy()
        died = crash(folder, point, lambda desk: desk.ledger.note_shown(NOTED))
        desk = original.desk(folder)
        outcomes.append(shown(desk.ledger.snapshot()))
        assert desk.counted() == counted
        desk.close()
        if not died:
            break
    assert outcomes[-2:] == [set(NOTED)] * 2
    assert outcomes[:-2] == [set()] * (len(outcomes) - 2)
    assert len(outcomes) > 6
