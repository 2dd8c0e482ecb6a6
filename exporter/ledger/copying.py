"""Moving a whole ledger from one database to another, exactly."""

from collections.abc import Iterator, Mapping, Sequence
from hashlib import blake2b
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, Table, delete, func, insert, select

from exporter.ledger import leases
from exporter.ledger.errors import LedgerBusy, LedgerCorrupted, LedgerError
from exporter.ledger.schema import account, lease, message, metadata, replica
from exporter.ledger.shared_store import SharedStore
from exporter.ledger.store import Store


AT_ONCE = 5000
"""Rows that are in memory at a time."""
TABLES = tuple(table for table in metadata.sorted_tables if table not in (replica, lease))
"""All but who polls what: that is the running processes' business."""


class CopyRefused(LedgerError):
    """There is nothing to copy, or something in the place where it should go."""


class Copied(msgspec.Struct, frozen=True):
    """What was copied."""

    rows: Mapping[str, int]
    """Rows by table."""


class _Sum:
    """Number and digest of rows, whatever their order: databases sort text each in their way."""

    def __init__(self) -> None:
        self.rows = 0
        self._digest = 0

    def add(self, rows: Sequence[Row[Any]]) -> None:
        for row in rows:
            digest = blake2b(repr(tuple(row)).encode(), digest_size=16).digest()
            self._digest = (self._digest + int.from_bytes(digest)) % (1 << 128)
        self.rows += len(rows)

    def __eq__(self, other: object) -> bool:
        mine = self.rows, self._digest
        return isinstance(other, _Sum) and mine == (other.rows, other._digest)

    def __hash__(self) -> int:
        return hash(self._digest)


def copy(source: Store, target: Store) -> Copied:
    """Copy everything that is counted, known and spent, in one transaction of the target.

    Both are to be owners. The copy is read once more and held against the source before it is kept.

    Raises:
        LedgerError: why not; the target is as it was then.

    """
    source.open()
    try:
        target.open()
        try:
            with source.transaction() as giving, target.transaction() as taking:
                _quiet(source, giving)
                _quiet(target, taking)
                return _copied(source.name, giving, target.name, taking)
        finally:
            target.close()
    finally:
        source.close()


def _quiet(store: Store, connection: Connection) -> None:
    """Nobody polls by it, and nobody begins to before the transaction ends."""
    if not isinstance(store, SharedStore):
        return
    store.take_time(connection)
    store.lock_leases(connection)
    if leases.standing(connection).replicas:
        message = f"ledger {store.name} is in use by exporters; stop all of them"
        raise LedgerBusy(message)


def _copied(source: str, giving: Connection, target: str, taking: Connection) -> Copied:
    if not _count(giving, account):
        raise CopyRefused(f"ledger {source} holds no account, so there is nothing to copy")
    if _count(taking, account) or _count(taking, message):
        raise CopyRefused(f"ledger {target} holds accounts already; give one that is empty")
    rows = {}
    for table in TABLES:
        taking.execute(delete(table))
        given, taken = _Sum(), _Sum()
        for some in _all(giving, table):
            given.add(some)
            taking.execute(insert(table), [row._asdict() for row in some])
        for some in _all(taking, table):
            taken.add(some)
        if given != taken:
            raise LedgerCorrupted(f"ledger {target} gave back other rows of {table.name}")
        _go_on_after(taking, table)
        rows[table.name] = given.rows
    return Copied(rows)


def _count(connection: Connection, table: Table) -> int:
    return connection.scalar(select(func.count()).select_from(table)) or 0


def _all(connection: Connection, table: Table) -> Iterator[Sequence[Row[Any]]]:
    reading = connection.execute(select(table), execution_options={"yield_per": AT_ONCE})
    yield from reading.partitions()


def _go_on_after(connection: Connection, table: Table) -> None:
    """Numbers that the database draws must be higher than those copied."""
    number = table.autoincrement_column
    if connection.dialect.name == "sqlite" or number is None:
        return
    sequence = func.pg_get_serial_sequence(table.name, number.name)
    highest = select(func.max(number)).scalar_subquery()
    first = func.coalesce(highest, 1)
    connection.execute(select(func.setval(sequence, first, highest.is_not(None))))
