"""What was read stays read, is about one thing, and names nobody."""

import sqlite3
import stat
from datetime import date
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from exporter.gateway.message import Message, Personal
from exporter.history.errors import WorkFileError
from exporter.history.work import Plan, Window, WorkFile


PLAN = Plan(account="main", first=date(2026, 3, 1), zone="Europe/Moscow")
WINDOW = Window(
    stream="sms",
    first=date(2026, 3, 1),
    last=date(2026, 3, 4),
    asked_at=1_772_500_000.5,
    prev_id="77",
    rows=1000,
    pages=1,
    misplaced=3,
    skipped=2,
)
MESSAGE = Message(
    int_id="77",
    status=20,
    send_time=1000,
    status_time=1200,
    err=255,
    channel="flash",
    country="KZ",
    operator="kcell",
    region="Тверь",
    sender="SHOP",
    segments=3,
    cost=Decimal("6.1250"),
    client_id="5",
    phone=Personal("79161234567"),
    text=Personal("CANARY-TEXT"),
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "past.om.work"


@pytest.fixture
def kept(path: Path) -> Path:
    with WorkFile(path, PLAN) as work:
        work.keep(WINDOW, [MESSAGE], 5.5)
    return path


def test_what_counting_needs_comes_back(kept: Path) -> None:
    """Every field of a message and of a window, but nothing that names a person."""
    with WorkFile(kept, PLAN) as work:
        [(message, read_at)] = work.sightings("sms", 0, 2000)
        assert work.windows("sms") == [WINDOW]
        assert work.windows("email") == []
    assert read_at == 5.5
    assert message == msgspec.structs.replace(MESSAGE, client_id="", phone=None, text=None)


def test_the_file_holds_neither_numbers_nor_texts(kept: Path) -> None:
    """A person is not to be found in it, and nobody but its owner may look."""
    content = kept.read_bytes()
    assert b"9161234567" not in content
    assert b"CANARY" not in content
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_windows_never_overlap(kept: Path) -> None:
    """Days that are read again belong to the window that reads them."""
    march = [date(2026, 3, day) for day in range(1, 9)]
    later = msgspec.structs.replace(WINDOW, first=march[4], last=march[5])
    latest = msgspec.structs.replace(WINDOW, first=march[6], last=march[7])
    again = msgspec.structs.replace(WINDOW, first=march[2], last=march[5], rows=7)
    with WorkFile(kept, PLAN) as work:
        for window in (later, latest, again):
            work.keep(window, [], 9.0)
        cut = msgspec.structs.replace(WINDOW, last=march[1], rows=500)
        assert work.windows("sms") == [cut, again, latest]


def test_messages_come_in_the_order_of_sending(path: Path) -> None:
    """Whatever order they were read in, each once, the latest reading of it."""
    rows = [
        msgspec.structs.replace(MESSAGE, int_id=int_id, send_time=sent)
        for int_id, sent in [("c", 30), ("a", 10), ("b", 20), ("d", 40)]
    ]
    with WorkFile(path, PLAN) as work:
        work.keep(WINDOW, rows, 1.0)
        work.keep(WINDOW, [msgspec.structs.replace(rows[1], status=1)], 2.0)
        found = [(m.int_id, m.status, at) for m, at in work.sightings("sms", 10, 30)]
    assert found == [("a", 1, 2.0), ("b", 20, 1.0), ("c", 20, 1.0)]


def test_a_page_is_kept_as_a_whole_or_not_at_all(kept: Path) -> None:
    """A row that can't be stored takes its page's progress with it."""
    further = msgspec.structs.replace(WINDOW, prev_id="99", pages=2, done=True)
    broken = msgspec.structs.replace(MESSAGE, int_id="99", sender=object())
    with WorkFile(kept, PLAN) as work:
        with pytest.raises(WorkFileError):
            work.keep(further, [MESSAGE, broken], 9.0)
        assert work.windows("sms") == [WINDOW]
        assert [m.int_id for m, _ in work.sightings("sms", 0, 9999)] == ["77"]


@pytest.mark.parametrize(
    "other",
    [
        msgspec.structs.replace(PLAN, account="second"),
        msgspec.structs.replace(PLAN, first=date(2026, 3, 2)),
        msgspec.structs.replace(PLAN, zone="Asia/Almaty"),
    ],
)
def test_a_file_about_something_else_is_refused(kept: Path, other: Plan) -> None:
    """Two pasts in one file would be counted as one."""
    with pytest.raises(WorkFileError) as raised:
        WorkFile(kept, other)
    assert str(raised.value) == (
        f"{kept} was begun for account main --from 2026-03-01 (Europe/Moscow); go on with that,"
        " remove the file or choose another --output"
    )


def test_two_at_once_are_one_too_many(kept: Path) -> None:
    """The second does not read what the first reads."""
    with (
        WorkFile(kept, PLAN),
        pytest.raises(WorkFileError, match="is in use by another smsc-exporter"),
    ):
        WorkFile(kept, PLAN)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"something else entirely" * 200, "is damaged or no work file; remove it"),
        (b"SQLite format 3\x00" + b"\xff" * 5000, "is damaged or no work file; remove it"),
    ],
)
def test_what_is_no_work_file_is_told(path: Path, content: bytes, words: str) -> None:
    """In one sentence with a cure, not with a stack."""
    path.write_bytes(content)
    with pytest.raises(WorkFileError, match=words):
        WorkFile(path, PLAN)


def test_a_file_of_another_version_is_refused(kept: Path) -> None:
    """Its columns may mean something else."""
    with sqlite3.connect(kept) as database:
        database.execute("UPDATE about SET version = 2")
    database.close()
    with pytest.raises(WorkFileError, match="is of another version"):
        WorkFile(kept, PLAN)


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    """As what it is."""
    with pytest.raises(WorkFileError, match="can't be opened; make its folder"):
        WorkFile(tmp_path / "none" / "past.work", PLAN)
