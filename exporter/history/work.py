"""The work file: what was read of the past so far, so that no page has to be read twice.

A page and how far it got are kept in one transaction: a crash loses the page under way at most. The
file holds what counting needs of each message, and neither texts nor phone numbers.
"""

import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple, Self

import msgspec

from exporter.gateway.message import Message
from exporter.history.errors import WorkFileError, of_work_file


VERSION = 1
IN_MEMORY = Path(":memory:")
"""A work file that lives as long as its process."""
_SCHEMA = """
CREATE TABLE about (version INTEGER, plan TEXT);
CREATE TABLE window (
    stream TEXT, first TEXT, last TEXT, asked_at REAL, prev_id TEXT, rows INTEGER, pages INTEGER,
    misplaced INTEGER, skipped INTEGER, done INTEGER, PRIMARY KEY (stream, first)
) WITHOUT ROWID;
CREATE TABLE message (
    int_id TEXT PRIMARY KEY, stream TEXT, read_at REAL, status INTEGER, send_time INTEGER,
    status_time INTEGER, err INTEGER, channel TEXT, country TEXT, operator TEXT, region TEXT,
    sender TEXT, segments INTEGER, cost TEXT
) WITHOUT ROWID;
CREATE INDEX message_sent ON message (stream, send_time);
"""
_INSIDE = "DELETE FROM window WHERE stream = ? AND first > ? AND first <= ?"
_CUT = """
UPDATE window SET
    rows = round(
        rows * (julianday(?) - julianday(first)) / (julianday(last) + 1 - julianday(first))
    ),
    last = date(?, '-1 day')
WHERE stream = ? AND first < ? AND last >= ?
"""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What a work file is about."""

    account: str
    first: date
    zone: str
    """Time zone of the days."""


class Window(msgspec.Struct, frozen=True, kw_only=True):
    """Days of one stream that are read in one go, the newest rows first."""

    stream: str
    first: date
    last: date
    asked_at: float | None = None
    """When its first page was asked for, Unix seconds: nothing sent later is in it."""
    prev_id: str | None = None
    """The last row read, below which reading goes on."""
    rows: int = 0
    pages: int = 0
    misplaced: int = 0
    """Rows that were not sent on these days, as the account's time zone has them."""
    skipped: int = 0
    """Rows without a usable id, status or time."""
    done: bool = False

    @property
    def days(self) -> int:
        """How many it spans."""
        return (self.last - self.first).days + 1


class Sighting(NamedTuple):
    """A message as a page showed it, and when that page was asked for (Unix seconds)."""

    message: Message
    read_at: float


class WorkFile:
    """One work file, open and locked against other processes."""

    def __init__(self, path: Path, plan: Plan) -> None:
        """Open the file, or make it.

        Raises:
            WorkFileError: it can't be used, or is about something else.

        """
        self.path = path
        self.plan = plan
        _make_private(path)
        with self._explained():
            self._database = sqlite3.connect(path, timeout=1.0, isolation_level=None)
        try:
            with self._explained():
                self._begin()
        except BaseException:
            self._database.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._database.close()

    def windows(self, stream: str) -> list[Window]:
        """Windows of a stream that were begun, oldest first."""
        names = ", ".join(Window.__struct_fields__)
        query = f"SELECT {names} FROM window WHERE stream = ? ORDER BY first"  # noqa: S608  our own names
        with self._explained():
            rows = self._database.execute(query, (stream,)).fetchall()
        named = (dict(zip(Window.__struct_fields__, row, strict=True)) for row in rows)
        return [msgspec.convert(row, Window, strict=False) for row in named]

    def keep(self, window: Window, messages: Sequence[Message], read_at: float) -> None:
        """Keep the messages of a page, and that reading has come as far as ``window`` says.

        Other windows give up the days that it is about.
        """
        window_row = [*msgspec.to_builtins(window).values()]
        rows = [_row_of(message, window.stream, read_at) for message in messages]
        days = (window.stream, f"{window.first}", f"{window.last}")
        with self._explained(), self._transaction():
            self._database.execute(_INSIDE, days)
            self._database.execute(_CUT, (days[1], days[1], *days[:2], days[1]))
            self._insert("window", [window_row])
            self._insert("message", rows)

    def sightings(self, stream: str, since: int, until: int) -> Iterator[Sighting]:
        """Messages sent from ``since`` to ``until`` (Unix seconds), in the order of sending."""
        query = (
            "SELECT * FROM message WHERE stream = ? AND send_time BETWEEN ? AND ?"
            " ORDER BY send_time, int_id"
        )
        with self._explained():
            for row in self._database.execute(query, (stream, since, until)):
                yield _sighting(row)

    def _begin(self) -> None:
        self._database.execute("PRAGMA locking_mode = EXCLUSIVE")
        with self._transaction():
            if not self._database.execute("SELECT name FROM sqlite_master").fetchall():
                for statement in _SCHEMA.split(";")[:-1]:
                    self._database.execute(statement)
                self._insert("about", [(VERSION, msgspec.json.encode(self.plan).decode())])
            about = self._database.execute("SELECT version, plan FROM about").fetchone()
        self._check(*about)

    def _check(self, version: int, plan: str) -> None:
        if version != VERSION:
            raise WorkFileError(
                f"{self.path} is of another version; remove it, and reading begins anew"
            )
        found = msgspec.json.decode(plan, type=Plan)
        if found != self.plan:
            raise WorkFileError(
                f"{self.path} was begun for account {found.account} --from {found.first}"
                f" ({found.zone}); go on with that, remove the file or choose another --output"
            )

    def _insert(self, table: str, rows: Iterable[Sequence[object]]) -> None:
        for row in rows:
            places = ", ".join("?" * len(row))
            self._database.execute(f"INSERT OR REPLACE INTO {table} VALUES ({places})", row)  # noqa: S608  same

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._database.execute("BEGIN EXCLUSIVE")
        try:
            yield
        except BaseException:
            with suppress(sqlite3.Error):
                self._database.execute("ROLLBACK")
            raise
        self._database.execute("COMMIT")

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise of_work_file(error, self.path) from error
        except (ArithmeticError, msgspec.MsgspecError, TypeError) as error:
            raise of_work_file(sqlite3.DatabaseError(), self.path) from error


def _make_private(path: Path) -> None:
    """A new file is for its owner's eyes only."""
    if path != IN_MEMORY:
        with suppress(OSError):
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))


def _row_of(message: Message, stream: str, read_at: float) -> tuple[object, ...]:
    return (
        message.int_id,
        stream,
        read_at,
        message.status,
        message.send_time,
        message.status_time,
        message.err,
        message.channel,
        message.country,
        message.operator,
        message.region,
        message.sender,
        message.segments,
        None if message.cost is None else str(message.cost),
    )


def _sighting(row: Sequence[object]) -> Sighting:
    int_id, _, read_at, *rest, cost = row
    names = (
        *("status", "send_time", "status_time", "err", "channel", "country", "operator"),
        *("region", "sender", "segments"),
    )
    known = dict(zip(names, rest, strict=True))
    price = None if cost is None else Decimal(str(cost))
    return Sighting(Message(int_id=int_id, cost=price, **known), read_at)  # type: ignore[arg-type]
