"""A process killed at any statement leaves a ledger that is before or after a transaction."""

import os
import signal
from decimal import Decimal

import pytest
from sqlalchemy import event

from exporter.gateway.message import Message, Personal
from exporter.gateway.request import HistoryRequest
from tests.ledger.conftest import Desks, Folders
from tests.ledger.desk import FREE, HEAD, T0, Desk, row
from tests.ledger.killing import Original, crash, in_child


FIRST = (
    row(5, T0 + 90, operator="tele2", phone=Personal("79000000005")),
    row(4, T0 + 80, phone=Personal("79000000004")),
    row(3, T0 + 70, 20, status_time=T0 + 75, err=1),
    row(2, T0 + 60, -1),
)
SECOND = (
    row(9, T0 + 900, sender="NEW", country="KZ", mccmnc="40101", phone=Personal("79000000009")),
    row(8, T0 + 890, 1, status_time=T0 + 895),
    row(8, T0 + 890, 1, status_time=T0 + 895),
    row(5, T0 + 90, 1, status_time=T0 + 400, operator="tele2", cost=Decimal(3)),
    row(4, T0 + 80),
    row(3, T0 + 70, 1, status_time=T0 + 800),
)
AT = T0 + 1000.0


def prepared(desk: Desk) -> Desk:
    """A desk that has read the first page."""
    desk.apply(FIRST, T0 + 100.0, request=HistoryRequest(cnt=4))
    return desk


@pytest.fixture
def original(folders: Folders, desks: Desks) -> Original:
    """A ledger that has read the first page."""
    return Original(prepared(desks()), folders, desks)


def spend(desk: Desk) -> int:
    """Spend a permit."""
    permit_id = desk.ledger.spend("a", "head", HEAD, FREE, AT, mark=1)
    assert isinstance(permit_id, int)
    return permit_id


def give(desk: Desk, rows: tuple[Message, ...]) -> None:
    """Spend a permit and apply a page, without telling the oracle."""
    desk.give(rows, AT, spend(desk))


def test_page_is_all_or_nothing_at_every_statement(original: Original) -> None:
    """Killed anywhere while a page is applied, the totals are those before it or after it."""
    done = original.desk(original.copy())
    before = done.counted()
    give(done, SECOND)
    after = done.counted()
    outcomes = []
    for point in range(200):
        folder = original.copy()
        if not crash(folder, point, lambda desk: give(desk, SECOND)):
            break
        desk = original.desk(folder)
        outcomes.append(desk.counted() == after)
        assert desk.counted() in (before, after)
        give(desk, SECOND)
        desk.note(SECOND, AT)
        desk.check()
        desk.close()
    assert outcomes.count(True) == 1, "only the point after the last commit keeps the page"
    assert outcomes[-1]
    assert len(outcomes) > 30


def test_booked_permit_is_never_forgotten(original: Original) -> None:
    """Killed anywhere while a permit is spent, it counts from the commit on, and not before."""
    spent = len(original.desk(original.copy()).ledger.usage("a", AT).free_at)
    outcomes = []
    for point in range(100):
        folder = original.copy()
        if not crash(folder, point, spend):
            break
        desk = original.desk(folder)
        outcomes.append(len(desk.ledger.usage("a", AT).free_at) - spent)
        desk.close()
    assert set(outcomes[:-1]) == {0}
    assert outcomes[-1] == 1


def test_forgetting_is_all_or_nothing(original: Original) -> None:
    """Killed anywhere while it forgets, the ledger forgets the same later and totals stay."""
    later = T0 + 30 * 86400.0
    before = original.desk(original.copy()).counted()
    for point in range(100):
        folder = original.copy()
        if not crash(folder, point, lambda desk: desk.prune(later)):
            break
        desk = original.desk(folder)
        assert desk.counted() == before
        desk.prune(later)
        assert desk.shown() == desk.stored()
        desk.close()
    assert point > 10


@pytest.mark.file_ledger
def test_first_opening_can_be_killed_anywhere(desks: Desks) -> None:
    """Killed anywhere while the file is made, opening it again makes it whole."""
    kills = 0
    for point in range(0, 200, 7):
        desk = desks()
        desk.close()
        for leftover in desk.path.parent.iterdir():
            leftover.unlink()

        def child(desk: Desk = desk, point: int = point) -> None:
            left = [point]

            def reach(*_: object) -> None:
                if left[0] == 0:
                    os.kill(os.getpid(), signal.SIGKILL)
                left[0] -= 1

            import sqlalchemy.engine

            event.listen(sqlalchemy.engine.Engine, "before_cursor_execute", reach)
            event.listen(sqlalchemy.engine.Engine, "commit", reach)
            desk.another(owner=True)

        died = in_child(child)
        desk.ledger = desk.another(owner=True)
        prepared(desk).check()
        desk.close()
        if not died:
            break
        kills += 1
    assert kills > 3
