"""Whatever the system refuses: a clear error, nothing lost, and on it goes when it is granted."""

import os
import resource
import signal
import sqlite3
from contextlib import closing

import pytest

from exporter.ledger import file_store
from exporter.ledger.errors import LedgerBusy, LedgerFull, LedgerReadOnly, LedgerUnavailable
from tests.ledger.desk import T0, Desk
from tests.ledger.faulty import fails, fill, goes_on, in_child, send, small_disk


pytestmark = pytest.mark.file_ledger

NOBODY = 65534


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ledgers wait for locks only briefly."""
    monkeypatch.setattr(file_store, "BUSY_TIMEOUT", 0.05)


def test_second_owner_stands_by(desk: Desk) -> None:
    """Two exporters never share a ledger; the second takes over when the first ends."""
    send(desk, 1)
    with pytest.raises(LedgerBusy, match="in use by another exporter; standing by"):
        desk.another(owner=True)
    desk.close()
    desk.ledger = desk.another(owner=True)
    goes_on(desk)


@pytest.mark.usefixtures("impatient")
def test_foreign_lock_is_waited_out(desk: Desk) -> None:
    """A process that holds the database fails transactions, which are whole again later."""
    desk.reopen()
    send(desk, 1)
    with closing(sqlite3.connect(desk.path, isolation_level=None)) as foreign:
        foreign.execute("BEGIN EXCLUSIVE")
        fails(desk, LedgerBusy, "is locked by another process")
        with pytest.raises(LedgerBusy, match="is locked by another process"):
            desk.another(owner=False)
        foreign.execute("ROLLBACK")
    goes_on(desk)


def test_connection_turned_read_only(desk: Desk) -> None:
    """A write refused as read-only is named so."""
    send(desk, 1)
    raw = desk.ledger.store.engine.raw_connection()
    raw.cursor().execute("PRAGMA query_only = ON")
    fails(desk, LedgerReadOnly, "is read-only; make the file and its folder writable")
    raw.cursor().execute("PRAGMA query_only = OFF")
    raw.close()
    goes_on(desk)


@pytest.mark.parametrize(
    ("folder_mode", "file_mode"), [(0o555, 0o644), (0o777, 0o444), (0o555, 0o444)]
)
def test_file_or_folder_without_write_permission(
    desk: Desk, folder_mode: int, file_mode: int
) -> None:
    """Opening says what to make writable, and works once it is."""
    send(desk, 1)
    desk.close()
    folder = desk.path.parent
    lock = desk.path.with_name(desk.path.name + ".lock")
    lock.unlink()
    desk.path.chmod(file_mode)
    folder.chmod(folder_mode)

    def as_nobody() -> None:
        if os.geteuid() == 0:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
        with pytest.raises(LedgerReadOnly, match="writable"):
            desk.another(owner=True)

    in_child(as_nobody)
    folder.chmod(0o755)
    desk.path.chmod(0o644)
    lock.unlink(missing_ok=True)
    desk.ledger = desk.another(owner=True)
    goes_on(desk)


def test_file_at_its_page_limit(desk: Desk) -> None:
    """A file that can't grow says so, keeps its totals, and goes on when it can."""
    send(desk, 1)
    raw = desk.ledger.store.engine.raw_connection()
    raw.cursor().execute("PRAGMA max_page_count = 1")
    with pytest.raises(LedgerFull, match="the disk is full; free some space"):
        fill(desk)
    assert desk.ledger.snapshot().totals == desk.loaded().totals
    raw.cursor().execute("PRAGMA max_page_count = 1000000")
    raw.close()
    goes_on(desk)


def test_full_disk(desk: Desk) -> None:
    """On a file system without space nothing is lost, and it goes on when there is some."""
    desk.close()

    def on_small_disk() -> None:
        small_disk(desk.path.parent, 1024)
        ballast = desk.path.with_name("ballast")
        desk.ledger = desk.another(owner=True)
        send(desk, 1)
        with pytest.raises(LedgerFull, match="the disk is full; free some space"):
            fill(desk, ballast)
        assert desk.ledger.snapshot().totals == desk.loaded().totals
        desk.close()
        desk.reopen()
        with pytest.raises(LedgerFull):
            fill(desk, ballast)
        ballast.unlink()
        desk.reopen()
        goes_on(desk)

    in_child(on_small_disk)


def test_file_size_limit(desk: Desk) -> None:
    """A write that the system refuses for another reason is an error as well."""
    send(desk, 1)
    desk.close()

    def limited() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        desk.ledger = desk.another(owner=True)
        size = desk.path.stat().st_size
        resource.setrlimit(resource.RLIMIT_FSIZE, (size // 2, resource.RLIM_INFINITY))
        with pytest.raises(LedgerUnavailable, match="can't be read or written; check the disk"):
            fill(desk)
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
        assert desk.ledger.snapshot().totals == desk.loaded().totals
        goes_on(desk)

    in_child(limited)


def test_use_before_opening(desk: Desk) -> None:
    """A closed ledger says so."""
    desk.close()
    with pytest.raises(LedgerUnavailable, match="is not open"):
        desk.ledger.usage("a", T0)
