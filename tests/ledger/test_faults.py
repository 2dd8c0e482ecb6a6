"""Whatever befalls the file: a clear error, nothing lost, and on it goes when the fault is gone."""

import ctypes
import os
import resource
import signal
import sqlite3
import traceback
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from exporter.ledger import engine
from exporter.ledger.errors import (
    LedgerBusy,
    LedgerCorrupted,
    LedgerError,
    LedgerFull,
    LedgerReadOnly,
    LedgerTooNew,
    LedgerUnavailable,
)
from exporter.ledger.snapshot import Total
from tests.ledger.desk import T0, Desk, row


NOBODY = 65534
NEW_USER, NEW_MOUNTS = 0x10000000, 0x00020000
NOT_ALLOWED = 77


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ledgers wait for locks only briefly."""
    monkeypatch.setattr(engine, "BUSY_TIMEOUT", 0.05)


def send(desk: Desk, number: int) -> None:
    """Apply a page with one new message; those from 99 on have a label set of their own."""
    at = T0 + 10.0 * number
    sender = f"S{number}" if number in {99, 100, 101} else "SHOP"
    desk.apply([row(number, int(at) - 5, 20, status_time=int(at), sender=sender)], at)


def fails(desk: Desk, kind: type[LedgerError], words: str, number: int = 99) -> None:
    """Applying a page fails as said and changes nothing that is shown."""
    before = desk.shown()
    with pytest.raises(kind) as caught:
        send(desk, number)
    assert type(caught.value) is kind
    assert words in str(caught.value)
    assert str(desk.path) in str(caught.value)
    assert desk.shown() == before


def goes_on(desk: Desk) -> None:
    """The next page is applied and all totals are right, now and after a restart."""
    send(desk, 100)
    desk.check()
    desk.reopen()
    send(desk, 101)
    desk.check()


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
    assert desk.ledger.snapshot().totals == desk.loaded().counts
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
        assert desk.ledger.snapshot().totals == desk.loaded().counts
        desk.close()
        with pytest.raises(LedgerFull):
            fill(desk_reopened(desk), ballast)
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
        assert desk.ledger.snapshot().totals == desk.loaded().counts
        goes_on(desk)

    in_child(limited)


@pytest.mark.parametrize("kept", [0, 100, 4096, 20_000], ids="{} bytes kept".format)
def test_damaged_file(desk: Desk, kept: int) -> None:
    """A file that is not, or not wholly, a ledger is named so and left as it is."""
    for number in range(30):
        send(desk, number)
    desk.close()
    whole = desk.path.read_bytes()
    assert len(whole) > 40_000
    desk.path.write_bytes(whole[:kept] + b"\xa5" * (len(whole) - kept))
    damaged = desk.path.read_bytes()
    with pytest.raises(LedgerCorrupted, match="restore a copy or move the file away"):
        desk.reopen()
    assert desk.path.read_bytes() == damaged
    desk.path.write_bytes(whole)
    desk.reopen()
    goes_on(desk)


def test_truncated_file(desk: Desk) -> None:
    """A file cut short is noticed."""
    for number in range(30):
        send(desk, number)
    desk.close()
    whole = desk.path.read_bytes()
    desk.path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(LedgerCorrupted, match="is damaged"):
        desk.reopen()
    desk.path.write_bytes(whole)
    desk.reopen()
    goes_on(desk)


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE total SET value = 'many'",
        "UPDATE total SET labels = '[' || family",
        "UPDATE total SET family = 'x' || family",
        "UPDATE distribution SET counts = 'x'",
        "UPDATE distribution SET sum = 'x'",
        "UPDATE meta SET value = 'no hex'",
    ],
)
def test_nonsense_in_the_tables(desk: Desk, damage: str) -> None:
    """Values that no ledger writes are damage, too."""
    send(desk, 1)
    desk.close()
    with closing(sqlite3.connect(desk.path)) as raw:
        raw.execute(damage)
        raw.commit()
    with pytest.raises(LedgerCorrupted, match="restore a copy or move the file away"):
        desk.reopen()


def test_later_schema(desk: Desk) -> None:
    """A ledger of a later version is refused, untouched, and served again by that version."""
    send(desk, 1)
    desk.close()

    def stamp(revision: str) -> None:
        with closing(sqlite3.connect(desk.path)) as raw:
            raw.execute("UPDATE alembic_version SET version_num = ?", (revision,))
            raw.commit()

    stamp("9999")
    with pytest.raises(LedgerTooNew, match="was written by a later version \\(schema 9999\\)"):
        desk.reopen()
    stamp("0001")
    desk.reopen()
    goes_on(desk)


@pytest.mark.parametrize("replaced", [False, True])
def test_file_taken_away_while_open(desk: Desk, *, replaced: bool) -> None:
    """Writing into a file that nobody can open any more is an error, not a loss in silence."""
    send(desk, 1)
    aside = desk.path.with_name("aside")
    desk.path.rename(aside)
    if replaced:
        desk.path.write_bytes(b"")
    fails(desk, LedgerUnavailable, "was moved or replaced while in use")
    desk.close()
    aside.rename(desk.path)
    desk.reopen()
    goes_on(desk)


def test_deleted_file_begins_anew(desk: Desk) -> None:
    """Without the file, the next opening takes a new baseline."""
    send(desk, 1)
    desk.path.unlink()
    fails(desk, LedgerUnavailable, "was moved or replaced while in use")
    desk.reopen()
    assert not desk.counted()
    assert not desk.apply([row(2, int(desk.now) - 1)], desk.now + 1).finals
    assert not desk.counted()
    desk.apply([row(3, int(desk.now) + 1)], desk.now + 2)
    assert desk.sum(Total.SUBMITTED) == 1
    assert desk.shown() == desk.stored()


def test_folder_that_is_a_file(tmp_path: Path) -> None:
    """A path that can't hold a ledger is named."""
    (tmp_path / "file").write_text("")
    with pytest.raises(LedgerUnavailable, match="ledger folder .* can't be made"):
        engine.Store(tmp_path / "file" / "ledger.sqlite", owner=True).open()


def test_use_before_opening(desk: Desk) -> None:
    """A closed ledger says so."""
    desk.close()
    with pytest.raises(LedgerUnavailable, match="is not open"):
        desk.ledger.usage("a", T0)


def fill(desk: Desk, ballast: Path | None = None) -> None:
    """Apply pages until no more fit."""
    if ballast is not None:
        with ballast.open("ab", buffering=0) as file, exhausted():
            while True:
                file.write(b"x" * 1024)
    for number in range(200, 2000):
        send(desk, number)


@contextmanager
def exhausted() -> Iterator[None]:
    """Until the disk is full."""
    with pytest.raises(OSError, match="No space left"):
        yield


def desk_reopened(desk: Desk) -> Desk:
    """The desk with its ledger open anew."""
    desk.ledger = desk.another(owner=True)
    return desk


def small_disk(folder: Path, kilobytes: int) -> None:
    """Mount a file system of our own over a folder, seen by this process only."""
    libc = ctypes.CDLL(None, use_errno=True)
    spaces = NEW_MOUNTS if os.geteuid() == 0 else NEW_MOUNTS | NEW_USER
    private = 1 << 18 | 1 << 14
    size = f"size={kilobytes}k".encode()
    if (
        libc.unshare(spaces)
        or libc.mount(None, b"/", None, private, None)
        or libc.mount(b"small", os.fsencode(folder), b"tmpfs", 0, size)
    ):
        os._exit(NOT_ALLOWED)


def in_child(work: Callable[[], None]) -> None:
    """Run in a child process, which may give up rights; skips the test when it may not do so."""
    child = os.fork()
    if child == 0:
        try:
            work()
            os._exit(0)
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(1)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code == NOT_ALLOWED:
        pytest.skip("this process may not mount a small disk")
    assert code == 0
