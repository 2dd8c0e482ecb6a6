"""A process killed at any statement leaves a ledger that is before or after a transaction."""

import os
import shutil
import signal
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from sqlalchemy import event

from exporter.gateway.message import Message, Personal
from exporter.gateway.request import HistoryRequest
from exporter.ledger.ledger import Ledger
from tests.ledger.conftest import Desks
from tests.ledger.desk import FREE, HEAD, T0, Desk, row


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


def count_points(ledger: Ledger, reach: Callable[[], None]) -> None:
    """Have ``reach`` called around every statement and every commit of a ledger."""
    engine = ledger.store.engine
    commit = engine.dialect.do_commit

    def commit_and_reach(connection: Any) -> None:
        reach()
        commit(connection)
        reach()

    engine.dialect.do_commit = commit_and_reach  # type: ignore[method-assign,assignment]
    event.listen(engine, "before_cursor_execute", lambda *_: reach())
    event.listen(engine, "after_cursor_execute", lambda *_: reach())


def killed_at(point: int, ledger: Ledger, work: Callable[[], object]) -> None:
    """Work until the point is reached, then die on the spot."""
    left = [point]

    def reach() -> None:
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        left[0] -= 1

    count_points(ledger, reach)
    work()


def in_child(work: Callable[[], None]) -> int:
    """Run in a child process; gives the signal that ended it, 0 if it ended by itself."""
    child = os.fork()
    if child == 0:
        try:
            work()
            os._exit(0)
        finally:
            os._exit(99)
    status = os.waitpid(child, 0)[1]
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0


def crash(desk: Desk, point: int, work: Callable[[], object]) -> bool:
    """Do the work in a child killed at a point; False when it ended before it came there."""
    desk.close()

    def child() -> None:
        desk.ledger = desk.another(owner=True)
        killed_at(point, desk.ledger, work)

    died = in_child(child) == signal.SIGKILL
    desk.ledger = desk.another(owner=True)
    return died


def prepared(desk: Desk) -> Desk:
    """A desk that has read the first page."""
    desk.apply(FIRST, T0 + 100.0, request=HistoryRequest(cnt=4))
    return desk


def copies(desks: Desks, original: Desk) -> Desk:
    """Another desk on a copy of the file."""
    copy = desks()
    copy.close()
    original.close()
    shutil.copy(original.path, copy.path)
    copy.oracle.readings = list(original.oracle.readings)
    copy.ledger = copy.another(owner=True)
    return copy


def spend(desk: Desk) -> int:
    """Spend a permit."""
    permit_id = desk.ledger.spend("a", "head", HEAD, FREE, AT, mark=1)
    assert isinstance(permit_id, int)
    return permit_id


def give(desk: Desk, rows: tuple[Message, ...]) -> None:
    """Spend a permit and apply a page, without telling the oracle."""
    desk.give(rows, AT, spend(desk))


def test_page_is_all_or_nothing_at_every_statement(desks: Desks) -> None:
    """Killed anywhere while a page is applied, the totals are those before it or after it."""
    original = prepared(desks())
    before = original.counted()
    done = copies(desks, original)
    give(done, SECOND)
    after = done.counted()
    outcomes = []
    for point in range(200):
        desk = copies(desks, original)
        if not crash(desk, point, lambda desk=desk: give(desk, SECOND)):  # type: ignore[misc]
            break
        outcomes.append(desk.counted() == after)
        assert desk.counted() in (before, after)
        assert desk.shown() == desk.stored()
        give(desk, SECOND)
        desk.note(SECOND, AT)
        desk.check()
        desk.close()
    assert outcomes.count(True) == 1, "only the point after the last commit keeps the page"
    assert outcomes[-1]
    assert len(outcomes) > 30


def test_booked_permit_is_never_forgotten(desks: Desks) -> None:
    """Killed anywhere while a permit is spent, it counts from the commit on, and not before."""
    original = prepared(desks())
    spent = len(original.ledger.usage("a", AT).free_at)
    outcomes = []
    for point in range(100):
        desk = copies(desks, original)
        if not crash(desk, point, lambda desk=desk: spend(desk)):  # type: ignore[misc]
            break
        outcomes.append(len(desk.ledger.usage("a", AT).free_at) - spent)
        desk.close()
    assert set(outcomes[:-1]) == {0}
    assert outcomes[-1] == 1


def test_forgetting_is_all_or_nothing(desks: Desks) -> None:
    """Killed anywhere while it forgets, the ledger forgets the same later and totals stay."""
    original = prepared(desks())
    later = T0 + 30 * 86400.0
    for point in range(100):
        desk = copies(desks, original)
        before = desk.counted()
        if not crash(desk, point, lambda desk=desk: desk.prune(later)):  # type: ignore[misc]
            break
        assert desk.counted() == before
        desk.prune(later)
        assert desk.shown() == desk.stored()
        desk.close()
    assert point > 10


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
