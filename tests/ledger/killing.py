"""Copies of a ledger, and work on them that is killed at a chosen statement."""

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import event

from exporter.ledger.ledger import Ledger
from tests.ledger.conftest import Desks, Folders
from tests.ledger.desk import Desk
from tests.ledger.places import chosen


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


def crash(folder: Path, point: int, work: Callable[[Desk], object]) -> bool:
    """Do the work in a child killed at a point; False when it ended before it came there."""

    def child() -> None:
        desk = Desk(folder)
        killed_at(point, desk.ledger, lambda: work(desk))

    return in_child(child) == signal.SIGKILL


class Original:
    """A ledger at rest, and copies of it to be damaged."""

    def __init__(self, desk: Desk, folders: Folders, desks: Desks) -> None:
        self._desk, self._folders, self._desks = desk, folders, desks
        desk.close()

    def copy(self) -> Path:
        """Another folder with the same file."""
        folder = self._folders()
        chosen().copy(self._desk.folder, folder)
        return folder

    def desk(self, folder: Path) -> Desk:
        """A desk on what is left in a folder."""
        desk = self._desks(folder)
        desk.oracle.readings = list(self._desk.oracle.readings)
        return desk
