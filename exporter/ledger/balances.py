"""Balances in the ledger: what each account had when that was last told, and how asking goes."""

from decimal import Decimal
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, delete, insert, select

from exporter.gateway.balance import Balance
from exporter.ledger.accounts import Memory
from exporter.ledger.schema import balance


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """A balance that the gateway told."""

    balance: Balance
    read_at: float
    """Unix seconds."""
    mark: int
    """Which credentials it was told to."""


class Purse(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept of an account's balance over a restart."""

    reading: Reading | None = None
    """None before the first."""
    memory: Memory = Memory()
    """How balance calls stand with the gateway, apart from the account's history calls."""

    def is_tried(self, mark: int) -> bool:
        """Whether balance calls were let in with these credentials, and not refused since."""
        known = self.reading is not None and self.reading.mark == mark
        return known and self.memory.state != "refused"


def load(connection: Connection, account_id: int) -> Purse:
    """What is known of an account's balance."""
    row = connection.execute(select(balance).where(balance.c.account_id == account_id)).first()
    if row is None:
        return Purse()
    return Purse(reading=_reading(row), memory=msgspec.convert(row, Memory, from_attributes=True))


def keep(connection: Connection, account_id: int, purse: Purse) -> None:
    """Replace what is known of it."""
    memory, reading = purse.memory, purse.reading
    connection.execute(delete(balance).where(balance.c.account_id == account_id))
    connection.execute(
        insert(balance).values(
            account_id=account_id,
            not_before=memory.not_before,
            pause=memory.pause,
            state=memory.state,
            detail=memory.detail,
            credentials_mark=memory.credentials_mark,
            **({} if reading is None else _columns(reading)),
        )
    )


def _columns(reading: Reading) -> dict[str, object]:
    told = reading.balance
    return {
        "amount": str(told.amount),
        "credit": None if told.credit is None else str(told.credit),
        "currency": told.currency,
        "read_at": reading.read_at,
        "read_mark": reading.mark,
    }


def _reading(row: Row[Any]) -> Reading | None:
    if row.amount is None:
        return None
    credit = None if row.credit is None else Decimal(row.credit)
    told = Balance(amount=Decimal(row.amount), credit=credit, currency=row.currency)
    return Reading(balance=told, read_at=row.read_at, mark=row.read_mark)
