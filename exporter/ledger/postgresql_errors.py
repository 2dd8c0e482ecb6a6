"""PostgreSQL's errors as the ledger's own, by their SQLSTATE."""

import re
import sqlite3
from collections.abc import Mapping

import psycopg
from sqlalchemy.exc import DBAPIError

from exporter.ledger.errors import (
    LedgerBusy,
    LedgerCorrupted,
    LedgerError,
    LedgerFull,
    LedgerReadOnly,
    LedgerUnavailable,
)


_BUSY = "was in use by another process's transaction; trying again"
_BY_STATE: Mapping[str, tuple[type[LedgerError], str]] = {
    "08P01": (
        LedgerUnavailable,
        "is behind a pooler of statements; let it pool transactions: pool_mode = transaction",
    ),
    "22021": (LedgerUnavailable, "refused a text; its encoding must be UTF8"),
    "23505": (LedgerBusy, _BUSY),
    "25006": (
        LedgerReadOnly,
        "is read-only; give the primary's address, or all with target_session_attrs=read-write",
    ),
    "25P03": (LedgerBusy, "ended a transaction of ours that took too long; trying again"),
    "28000": (LedgerUnavailable, "refused the login; check the user, pg_hba.conf and TLS"),
    "28P01": (LedgerUnavailable, "refused the login; check the user and its password"),
    "3D000": (LedgerUnavailable, "does not exist; create the database, or correct the address"),
    "3F000": (LedgerUnavailable, "has no schema to put tables in; set the user's search_path"),
    "40001": (LedgerBusy, _BUSY),
    "40P01": (LedgerBusy, _BUSY),
    "42501": (
        LedgerReadOnly,
        "does not let the user make or write tables; GRANT CREATE, USAGE ON SCHEMA public to it",
    ),
    "53100": (LedgerFull, "can't grow: the database's disk is full; free some space there"),
    "53300": (LedgerUnavailable, "has too many connections; raise max_connections or use a pooler"),
    "53400": (LedgerUnavailable, "has reached a limit of its configuration"),
    "55P03": (LedgerBusy, _BUSY),
    "57014": (LedgerBusy, "took too long for a statement; trying again"),
    "XX001": (LedgerCorrupted, "is damaged; restore a copy"),
    "XX002": (LedgerCorrupted, "is damaged; restore a copy"),
}
_POOLED_STATEMENTS = re.compile("statement pooling")
_STATE_IN_TEXT = (
    (re.compile("password authentication failed"), "28P01"),
    (re.compile('database ".*" does not exist'), "3D000"),
    (re.compile("no pg_hba.conf entry"), "28000"),
    (_POOLED_STATEMENTS, "08P01"),
)
"""Errors while connecting come without a state."""
_LONGEST = 200


def translate(error: DBAPIError | sqlite3.Error, name: str) -> LedgerError:
    """The typed error for the driver's one; ``name`` is what the ledger is called."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    text = " ".join(str(cause).split())
    state = cause.sqlstate if isinstance(cause, psycopg.Error) else None
    if state is None:
        state = next((found for told, found in _STATE_IN_TEXT if told.search(text)), None)
    if state == "08P01" and not _POOLED_STATEMENTS.search(text):
        state = None
    kind, words = _BY_STATE.get(state or "", (LedgerUnavailable, None))
    if words is None:
        words = (
            f"can't be used: {text[:_LONGEST]}" if _is_of_the_way(cause, state) else _failed(cause)
        )
    return kind(f"ledger {name} {words}")


def _is_of_the_way(cause: BaseException | None, state: str | None) -> bool:
    """Whether it tells of the way to the database; other texts may quote what was stored."""
    is_broken = isinstance(cause, psycopg.OperationalError | psycopg.InterfaceError)
    return is_broken and (state is None or state[:2] in ("08", "57"))


def _failed(cause: BaseException | None) -> str:
    state = getattr(cause, "sqlstate", None)
    return f"failed ({type(cause).__name__}{f', SQLSTATE {state}' if state else ''})"
