"""A ledger in PostgreSQL, shared by any number of processes.

Nothing here outlives a transaction on its connection, so a pooler in transaction mode may stand in
between: no prepared statements, no session settings, no session locks.
"""

import sqlite3
from collections.abc import Callable, Mapping

import msgspec
import psycopg
from sqlalchemy import Connection, create_engine, func, select
from sqlalchemy.exc import DBAPIError

from exporter.ledger import leases
from exporter.ledger.errors import LeaseLost, LedgerError, LedgerReadOnly, LedgerUnavailable
from exporter.ledger.migrating import migrate
from exporter.ledger.postgresql_errors import translate
from exporter.ledger.store import Store
from exporter.secrets import Secret


CONNECT_TIMEOUT = 5
"""Seconds to wait for a connection."""
STATEMENT_TIMEOUT = 15.0
"""Seconds a statement may take."""
LOCK_TIMEOUT = 5.0
"""Seconds a statement may wait for another process's transaction."""
IDLE_TIMEOUT = 5.0
"""Seconds between two statements of a transaction after which the database ends it: its process
hangs, and others wait."""
MOST_SKEW = 1.0
"""Seconds by which this machine's clock may differ from the database's."""
OLDEST = 130000
"""The oldest PostgreSQL that the ledger was tried with, as its ``server_version_num``."""

_SCHEMA, _PERMITS, _LEASES = 7_301_001, 7_301_002, 7_301_003
"""Advisory locks, each held to the end of a transaction."""
_SETTINGS: Mapping[str, str] = {
    "statement_timeout": f"{STATEMENT_TIMEOUT * 1000:.0f}",
    "lock_timeout": f"{LOCK_TIMEOUT * 1000:.0f}",
    "idle_in_transaction_session_timeout": f"{IDLE_TIMEOUT * 1000:.0f}",
}


class Address(msgspec.Struct, frozen=True):
    """Where a database is; ``url`` is libpq's and holds no password."""

    url: str
    password: Secret | None = None

    @property
    def name(self) -> str:
        """What it is called in messages."""
        return self.url.partition("?")[0]

    def connect(self) -> psycopg.Connection:
        """A connection that asks nothing of the server that a pooler could not pass on."""
        return psycopg.connect(
            self.url,
            prepare_threshold=None,
            connect_timeout=CONNECT_TIMEOUT,
            application_name="smsc-exporter",
            keepalives_idle=10,
            keepalives_interval=5,
            keepalives_count=3,
            tcp_user_timeout=20_000,
            password=None if self.password is None else self.password.reveal(),
        )


class Membership(msgspec.Struct, frozen=True):
    """A process as one of those that share a ledger."""

    replica: str
    """Its name, which no other has."""
    session: str
    """Drawn anew by each process."""
    span: float
    """Seconds for which it is taken for alive after it was heard of."""


class SharedStore(Store):
    """A PostgreSQL database; owners are replicas that hold leases, see `exporter.ledger.leases`."""

    is_shared = True

    def __init__(
        self,
        address: Address,
        membership: Membership,
        *,
        owner: bool,
        now: Callable[[], float] | None = None,
    ) -> None:
        """``now``: the process' time, to be held against the database's; None: it is not."""
        super().__init__(address.name, owner=owner)
        self.membership = membership
        self._address = address
        self._now = now

    def open(self) -> None:
        """Connect, look whether everything needed is there, and bring the schema up to date.

        Raises:
            LedgerError: with what stands in the way and what to do.

        """
        try:
            self._engine = create_engine(
                "postgresql+psycopg://",
                creator=self._address.connect,
                pool_size=1,
                max_overflow=1,
                hide_parameters=True,
                isolation_level="READ COMMITTED",
                use_native_hstore=False,
            )
            with self.transaction() as connection:
                self._check_server(connection)
                _lock(connection, _SCHEMA)
                migrate(connection, self.name)
        except BaseException:
            self.close()
            raise

    def one_at_a_time(self, connection: Connection) -> None:
        """From here to the end of the transaction no other process passes this point."""
        _lock(connection, _PERMITS)

    def lock_leases(self, connection: Connection) -> None:
        """The same, for leases."""
        _lock(connection, _LEASES)

    def take_time(self, connection: Connection) -> None:
        """Let this transaction's statements, and the pauses between them, take any time."""
        for name in ("statement_timeout", "idle_in_transaction_session_timeout"):
            connection.execute(select(func.set_config(name, "0", True)))

    def check_time(self, connection: Connection) -> None:
        """Make sure that this machine's clock is right: permits are reckoned by it.

        Raises:
            LedgerUnavailable: it differs too much from the database's.

        """
        if self._now is None:
            return
        before = self._now()
        told = connection.scalar(select(leases.database_time())) or 0.0
        after = self._now()
        if before - MOST_SKEW <= told <= after + MOST_SKEW:
            return
        ahead = before - told
        words = f"{abs(ahead):.1f} s {'ahead of' if ahead > 0 else 'behind'}"
        message = (
            f"this machine's clock is {words} that of ledger {self.name}; "
            "set both machines' clocks, best by NTP"
        )
        raise LedgerUnavailable(message)

    def hold(self, connection: Connection, account_id: int, account: str) -> None:
        """Make sure that the account stays this process's to the end of the transaction.

        Raises:
            LeaseLost: it isn't.

        """
        session = self.membership.session
        if self.is_owner and not leases.is_held(connection, session, account_id):
            raise LeaseLost(account)

    def tidy(self) -> None:
        """Nothing to do: the database's own vacuum does it."""

    def scrub_phones(self, connection: Connection) -> None:
        """Nothing to do: the database's own vacuum does it."""

    def _check(self) -> None:
        """Nothing to do: a connection is to one database."""

    def _check_server(self, connection: Connection) -> None:
        version = int(connection.scalar(select(func.current_setting("server_version_num"))) or 0)
        if version < OLDEST:
            message = (
                f"ledger {self.name} is PostgreSQL {version // 10000}; "
                f"{OLDEST // 10000} or newer is needed"
            )
            raise LedgerUnavailable(message)
        if connection.scalar(select(func.pg_is_in_recovery())):
            message = (
                f"ledger {self.name} is a standby, which can't be written; give the address of "
                "the primary, or all addresses with target_session_attrs=read-write"
            )
            raise LedgerReadOnly(message)

    def _begin(self, connection: Connection) -> None:
        wanted = [func.set_config(name, value, True) for name, value in _SETTINGS.items()]
        connection.execute(select(*wanted))

    def _prepare_reading(self, connection: Connection) -> None:
        connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)

    def _translate(self, error: DBAPIError | sqlite3.Error) -> LedgerError:
        return translate(error, self.name)


def _lock(connection: Connection, number: int) -> None:
    connection.execute(select(func.pg_advisory_xact_lock(number)))
