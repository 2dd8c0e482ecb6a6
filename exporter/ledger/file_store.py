"""A ledger in an SQLite file: opening, owning, migrating."""

import contextlib
import fcntl
import os
import sqlite3
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, delete, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import StaticPool

from exporter.ledger.errors import (
    LedgerBusy,
    LedgerError,
    LedgerReadOnly,
    LedgerUnavailable,
    translate,
    translate_os,
)
from exporter.ledger.migrating import migrate
from exporter.ledger.schema import pending_phone
from exporter.ledger.store import Store


BUSY_TIMEOUT = 2.0
"""Seconds a transaction waits for another process's one."""


class FileStore(Store):
    """One SQLite file, its connection and, for the exporter itself, its ownership.

    The owner holds an advisory lock on ``<path>.lock`` for its lifetime: the kernel drops it with
    the process, however that ends. Commands beside the exporter open without owning and only spend
    permits.
    """

    def __init__(self, path: Path, *, owner: bool) -> None:
        super().__init__(str(path), owner=owner)
        self.path = path
        self._lock_fd: int | None = None
        self._inode = 0

    def open(self) -> None:
        """Own the file if asked to, connect, and bring the schema up to date.

        Raises:
            LedgerError: with what stands in the way and what to do.

        """
        self._make_folder()
        if self.is_owner:
            self._take_ownership()
        try:
            self._make_private()
            self._engine = _engine(self.path)
            with self._translated(), self._engine.begin() as connection:
                migrate(connection, self.name)
            self._check_writable()
            self._inode = self.path.stat().st_ino
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Fold the log into the file and let go of it; never raises for a broken file."""
        super().close()
        if self._lock_fd is not None:
            os.close(self._lock_fd)
            self._lock_fd = None

    def tidy(self) -> None:
        """Fold the log into the file and empty it: it may hold what was deleted since.

        Raises:
            LedgerError: nothing is lost then; another process that reads only puts it off.

        """
        with self._translated():
            raw = self.engine.raw_connection()
            try:
                raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").close()
            finally:
                raw.close()

    def scrub_phones(self, connection: Connection) -> None:
        """Write the numbers that are still needed anew, so that no trace of the others is left.

        The database overwrites what it deletes (``secure_delete``), but not the copies that it left
        behind when it moved rows from page to page; pages that are given up it overwrites as a
        whole.
        """
        connection.exec_driver_sql("CREATE TEMP TABLE kept AS SELECT * FROM pending_phone")
        connection.execute(delete(pending_phone))
        connection.exec_driver_sql("INSERT INTO pending_phone SELECT * FROM temp.kept")
        connection.exec_driver_sql("DROP TABLE temp.kept")

    def one_at_a_time(self, connection: Connection) -> None:
        """Nothing to do: a file's transactions come one at a time."""

    def hold(self, connection: Connection, account_id: int, account: str) -> None:
        """Nothing to do: a file has one owner."""

    def _begin(self, connection: Connection) -> None:
        """Nothing to prepare."""

    def _prepare_reading(self, connection: Connection) -> None:
        connection.execution_options(reading=True)

    def _translate(self, error: DBAPIError | sqlite3.Error) -> LedgerError:
        return translate(error, self.path)

    def _check_writable(self) -> None:
        """Transactions begin on a read-only file, too, and would fail only later."""
        if not os.access(self.path, os.W_OK):
            message = f"ledger {self.path} is read-only; make the file and its folder writable"
            raise LedgerReadOnly(message)

    def _check(self) -> None:
        try:
            same = self.path.stat().st_ino == self._inode
        except OSError:
            same = False
        if not same:
            message = f"ledger {self.path} was moved or replaced while in use; opening it again"
            raise LedgerUnavailable(message)

    def _make_folder(self) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            message = f"ledger folder {self.path.parent} can't be made"
            raise translate_os(error, message) from error

    def _make_private(self) -> None:
        """A new file is for its owner's eyes only; the log beside it takes on its rights."""
        with contextlib.suppress(OSError):
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))

    def _take_ownership(self) -> None:
        lock = self.path.with_name(self.path.name + ".lock")
        try:
            self._lock_fd = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise translate_os(error, f"ledger lock {lock} can't be opened") from error
        try:
            fcntl.flock(self._lock_fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self.close()
            message = f"ledger {self.path} is in use by another exporter; standing by until it ends"
            raise LedgerBusy(message) from error


def _engine(path: Path) -> Engine:
    engine = create_engine(
        f"sqlite:///{path}",
        poolclass=StaticPool,
        hide_parameters=True,
        connect_args={"check_same_thread": False, "timeout": BUSY_TIMEOUT},
    )

    @event.listens_for(engine, "connect")
    def _prepare(raw: sqlite3.Connection, _record: object) -> None:
        raw.isolation_level = None
        for pragma in (
            "journal_mode = WAL",
            "synchronous = FULL",
            "secure_delete = ON",
            "temp_store = MEMORY",
            "cache_size = -16000",
            "journal_size_limit = 4194304",
        ):
            raw.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        reading = connection.get_execution_options().get("reading", False)
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")

    return engine
