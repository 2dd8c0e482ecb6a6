"""Accounts in the ledger: what polling must remember of each over a restart."""

import hashlib

import msgspec
from sqlalchemy import Connection, insert, select, update

from exporter.ledger.rows import new_id
from exporter.ledger.schema import account, meta


class Memory(msgspec.Struct, frozen=True, kw_only=True):
    """How an account stands with the gateway."""

    learned_limit: int | None = None
    """Calls an hour that error 9 left us, None while nobody else was noticed."""
    learned_at: float | None = None
    """When that was last changed."""
    not_before: float = 0.0
    """No call before this moment."""
    pause: float = 0.0
    """Length of the last pause, seconds; the next may be longer."""
    state: str = "starting"
    detail: str = ""
    credentials_mark: int | None = None
    """Which credentials the pause is about."""


def find(connection: Connection, name: str) -> int | None:
    """The account's id; None before its first start."""
    return connection.scalar(select(account.c.id).where(account.c.name == name))


def find_or_make(connection: Connection, name: str) -> int:
    """The account's id."""
    known = find(connection, name)
    if known is not None:
        return known
    made = connection.execute(insert(account).values(name=name))
    return new_id(made)


def recall(connection: Connection, account_id: int) -> Memory:
    """What is remembered of an account."""
    row = connection.execute(select(account).where(account.c.id == account_id)).one()
    return msgspec.convert(row, Memory, from_attributes=True)


def remember(connection: Connection, account_id: int, memory: Memory) -> None:
    """Replace what is remembered of an account."""
    values = msgspec.structs.asdict(memory)
    connection.execute(update(account).where(account.c.id == account_id).values(**values))


def learnt(connection: Connection, account_id: int) -> str | None:
    """What planning learnt of an account."""
    return connection.scalar(select(account.c.learnt).where(account.c.id == account_id))


def keep_learnt(connection: Connection, account_id: int, learnt: str) -> None:
    """Replace it."""
    connection.execute(update(account).where(account.c.id == account_id).values(learnt=learnt))


def salt(connection: Connection, fresh: bytes) -> bytes:
    """The ledger's key for digests; ``fresh`` becomes it when there is none yet."""
    known = known_salt(connection)
    if known is None:
        connection.execute(insert(meta).values(name="salt", value=fresh.hex()))
    return fresh if known is None else known


def known_salt(connection: Connection) -> bytes | None:
    """The ledger's key for digests, if it has one yet."""
    known = connection.scalar(select(meta.c.value).where(meta.c.name == "salt"))
    return None if known is None else bytes.fromhex(known)


def credentials_mark(secret: str, key: bytes) -> int:
    """16 bits that tell one set of credentials from another, and nothing else of them."""
    return int.from_bytes(hashlib.blake2b(secret.encode(), key=key, digest_size=2).digest(), "big")
