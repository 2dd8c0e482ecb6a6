"""Whatever befalls the file itself: a clear error, and nothing done that makes it worse."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from exporter.ledger import file_store
from exporter.ledger.errors import LedgerCorrupted, LedgerTooNew, LedgerUnavailable
from exporter.ledger.snapshot import Total
from tests.ledger.desk import Desk, row
from tests.ledger.faulty import fails, goes_on, send


pytestmark = pytest.mark.file_ledger


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

    def stamp(revision: str) -> str:
        with closing(sqlite3.connect(desk.path)) as raw:
            (before,) = raw.execute("SELECT version_num FROM alembic_version").fetchone()
            raw.execute("UPDATE alembic_version SET version_num = ?", (revision,))
            raw.commit()
        return str(before)

    present = stamp("9999")
    with pytest.raises(LedgerTooNew, match="was written by a later version \\(schema 9999\\)"):
        desk.reopen()
    stamp(present)
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
    with pytest.raises(LedgerUnavailable, match=r"ledger folder .* can't be made"):
        file_store.FileStore(tmp_path / "file" / "ledger.sqlite", owner=True).open()
