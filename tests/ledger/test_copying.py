"""A ledger copied elsewhere is the same ledger."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from exporter.ledger.copying import CopyRefused, copy
from exporter.ledger.errors import LedgerBusy, LedgerCorrupted
from exporter.ledger.file_store import FileStore
from exporter.ledger.ledger import Ledger
from exporter.ledger.records import Outcome
from exporter.ledger.store import Store
from tests.ledger.desk import FREE, HEAD, T0, page, row
from tests.shared.conftest import RULES, spec


SPECS = [spec("a"), spec("b")]


def ledger_of(store: Store) -> Ledger:
    """A ledger in a store, not yet open."""
    return Ledger(store, RULES, random_bytes=lambda n: b"s" * n)


def read_page(ledger: Ledger, account: str, at: float) -> None:
    """Apply a page of twenty messages, half of them final."""
    permit = ledger.spend(account, "head", HEAD, FREE, at, mark=1)
    assert isinstance(permit, int)
    sent = [int(at) - 100 - number for number in range(20)]
    rows = [
        row(time, time, number % 2, sender=f"Магазин {number % 3}", status_time=time + 7)
        for number, time in enumerate(sent)
    ]
    outcome = Outcome(finished_at=at + 1, duration=1.0, result="ok")
    ledger.apply(
        account, "sms", HEAD, page(rows), started=at, permit_id=permit, limits=FREE, outcome=outcome
    )


@pytest.fixture
def full(tmp_path: Path) -> Path:
    """A file in which two accounts were polled."""
    path = tmp_path / "full.sqlite"
    ledger = ledger_of(FileStore(path, owner=True))
    ledger.open(SPECS, T0)
    for turn in range(3):
        for account in ("a", "b"):
            read_page(ledger, account, T0 + 200.0 + turn * 60)
    ledger.close()
    return path


def content(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table that is copied."""
    with sqlite3.connect(path) as ledger:
        tables = [n for (n,) in ledger.execute("SELECT name FROM sqlite_master WHERE type='table'")]
        return {
            name: sorted(ledger.execute(f"SELECT * FROM {name}"), key=repr)
            for name in tables
            if name not in {"replica", "lease"}
        }


def test_a_copy_holds_the_same(full: Path, tmp_path: Path) -> None:
    """Row by row, and what is shown of it."""
    other = tmp_path / "other.sqlite"
    copied = copy(FileStore(full, owner=True), FileStore(other, owner=True))
    assert content(other) == content(full)
    assert copied.rows["message"] == 2 * len({r[1] for r in content(full)["message"]}) > 40


def test_a_copy_goes_on(full: Path, tmp_path: Path) -> None:
    """The next page counts in the copy as it does in the original."""
    other = tmp_path / "other.sqlite"
    copy(FileStore(full, owner=True), FileStore(other, owner=True))
    shown = []
    for path in (full, other):
        ledger = ledger_of(FileStore(path, owner=True))
        ledger.open(SPECS, T0 + 500)
        read_page(ledger, "a", T0 + 500.0)
        shown.append(ledger.snapshot())
        ledger.close()
    assert shown[0].totals == shown[1].totals
    assert shown[0].distributions == shown[1].distributions


def test_an_empty_ledger_is_not_copied(full: Path, tmp_path: Path) -> None:
    """Most likely another one was meant."""
    with pytest.raises(CopyRefused, match="holds no account"):
        copy(FileStore(tmp_path / "none.sqlite", owner=True), FileStore(full, owner=True))


def test_nothing_is_overwritten(full: Path, tmp_path: Path) -> None:
    """A ledger in which something was counted stays as it is."""
    other = tmp_path / "other.sqlite"
    copy(FileStore(full, owner=True), FileStore(other, owner=True))
    with pytest.raises(CopyRefused, match="holds accounts already"):
        copy(FileStore(full, owner=True), FileStore(other, owner=True))
    assert content(other) == content(full)


def test_not_while_it_is_polled_by(full: Path, tmp_path: Path) -> None:
    """A copy of a ledger in use would be old before it is there."""
    owner = FileStore(full, owner=True)
    owner.open()
    with pytest.raises(LedgerBusy, match="in use by another exporter"):
        copy(FileStore(full, owner=True), FileStore(tmp_path / "other.sqlite", owner=True))
    owner.close()


@pytest.fixture
def spoilt() -> Callable[[Path], Store]:
    """A place that keeps other rows than it is given."""

    def at(path: Path) -> Store:
        store = FileStore(path, owner=True)
        store.open()
        with store.transaction() as connection:
            connection.exec_driver_sql(
                "CREATE TRIGGER spoil AFTER INSERT ON total BEGIN"
                " UPDATE total SET value = '7' WHERE family = new.family; END"
            )
        store.close()
        return FileStore(path, owner=True)

    return at


def test_a_copy_that_differs_is_not_kept(
    full: Path, tmp_path: Path, spoilt: Callable[[Path], Store]
) -> None:
    """What was written is read again, and the whole copy dropped if it isn't the same."""
    other = tmp_path / "other.sqlite"
    with pytest.raises(LedgerCorrupted, match="other rows of total"):
        copy(FileStore(full, owner=True), spoilt(other))
    assert not any(rows for name, rows in content(other).items() if name != "alembic_version")
