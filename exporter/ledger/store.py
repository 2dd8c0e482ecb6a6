"""The database behind the ledger, whichever it is."""

import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from exporter.ledger.errors import LedgerError, LedgerUnavailable


class Store(ABC):
    """A database and this process's way to it.

    The exporter itself opens it as an owner, who counts; commands beside it spend permits only.
    """

    is_shared = False
    """Whether several owners can have it open at once, each with accounts of its own."""

    def __init__(self, name: str, *, owner: bool) -> None:
        self.name = name
        """What it is called in messages and logs; free of secrets."""
        self.is_owner = owner
        self._engine: Engine | None = None

    @abstractmethod
    def open(self) -> None:
        """Connect, and bring the schema up to date.

        Raises:
            LedgerError: with what stands in the way and what to do.

        """

    def close(self) -> None:
        """Let go of it; never raises for a broken database."""
        if self._engine is not None:
            self._engine.dispose()
            self._engine = None

    @property
    def engine(self) -> Engine:
        """The engine, for instrumentation."""
        if self._engine is None:
            message = f"ledger {self.name} is not open"
            raise LedgerUnavailable(message)
        return self._engine

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """One write transaction: all of it or nothing.

        Raises:
            LedgerError: when the database can't take it; nothing of it was kept then, unless the
                way to the database broke at the very end of it.

        """
        self._check()
        with self._translated(), self.engine.begin() as connection:
            self._begin(connection)
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One state of the database, looked at without holding up who writes.

        Raises:
            LedgerError: when it can't be read.

        """
        self._check()
        with self._translated(), self.engine.connect() as connection:
            self._prepare_reading(connection)
            with connection.begin():
                yield connection

    @abstractmethod
    def one_at_a_time(self, connection: Connection) -> None:
        """From here to the end of the transaction no other process passes this point."""

    @abstractmethod
    def hold(self, connection: Connection, account_id: int, account: str) -> None:
        """Make sure that the account stays this process's to the end of the transaction.

        Raises:
            LeaseLost: it isn't.

        """

    @abstractmethod
    def tidy(self) -> None:
        """Make what was deleted unreadable where the database leaves that to its users.

        Raises:
            LedgerError: nothing is lost then.

        """

    @abstractmethod
    def scrub_phones(self, connection: Connection) -> None:
        """Within a transaction, leave no trace of the numbers that were deleted."""

    @abstractmethod
    def _check(self) -> None:
        """Make sure that it still is what was opened."""

    @abstractmethod
    def _begin(self, connection: Connection) -> None:
        """Prepare a transaction that has begun."""

    @abstractmethod
    def _prepare_reading(self, connection: Connection) -> None:
        """Prepare a transaction that only reads, before it begins."""

    @abstractmethod
    def _translate(self, error: DBAPIError | sqlite3.Error) -> LedgerError:
        """The typed error for a driver's one."""

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (DBAPIError, sqlite3.Error) as error:
            raise self._translate(error) from error
