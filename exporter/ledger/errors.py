"""Faults of the ledger.

::

    LedgerError
    ├── LedgerBusy         another process owns or locks it, or is in the way
    ├── LedgerReadOnly     it can't be written
    ├── LedgerFull         no space left
    ├── LedgerCorrupted    not a ledger, or a damaged one
    ├── LedgerTooNew       written by a later version
    ├── LeaseLost          another replica polls the account
    └── LedgerUnavailable  anything else that keeps it from working
"""

import errno
import sqlite3
from pathlib import Path

from sqlalchemy.exc import DBAPIError


class LedgerError(Exception):
    """The ledger can't be used now; nothing of the attempted transaction was kept."""

    kind = "unavailable"


class LedgerBusy(LedgerError):
    """Another process owns or locks it, or was in the way of this transaction."""

    kind = "busy"


class LedgerReadOnly(LedgerError):
    """It can't be written."""

    kind = "read_only"


class LedgerFull(LedgerError):
    """No space is left for the file."""

    kind = "full"


class LedgerCorrupted(LedgerError):
    """The file is damaged or no ledger at all."""

    kind = "corrupted"


class LedgerTooNew(LedgerError):
    """The file was written by a later version of the exporter."""

    kind = "too_new"


class LeaseLost(LedgerError):
    """Another replica polls the account, or may by now; the ledger itself works."""

    kind = "lease"

    def __init__(self, account: str) -> None:
        super().__init__(f"account {account} is polled by another replica")


class LedgerUnavailable(LedgerError):
    """The ledger can't be reached for another reason."""


_BY_CODE: dict[str, tuple[type[LedgerError], str]] = {
    "SQLITE_BUSY": (LedgerBusy, "is locked by another process; stop that process or wait for it"),
    "SQLITE_LOCKED": (LedgerBusy, "is locked by another process; stop that process or wait for it"),
    "SQLITE_READONLY": (LedgerReadOnly, "is read-only; make the file and its folder writable"),
    "SQLITE_PERM": (LedgerReadOnly, "may not be opened; make the file and its folder writable"),
    "SQLITE_FULL": (LedgerFull, "can't grow: the disk is full; free some space"),
    "SQLITE_CORRUPT": (LedgerCorrupted, "is damaged; restore a copy or move the file away"),
    "SQLITE_NOTADB": (LedgerCorrupted, "is not a ledger; restore a copy or move the file away"),
    "SQLITE_CANTOPEN": (
        LedgerUnavailable,
        "can't be opened; check that its folder exists and is ours",
    ),
    "SQLITE_IOERR": (LedgerUnavailable, "can't be read or written; check the disk"),
}


def translate(error: DBAPIError | sqlite3.Error, path: Path) -> LedgerError:
    """The typed error for a database driver's one."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    name = getattr(cause, "sqlite_errorname", None) or ""
    code = "_".join(name.split("_")[:2])
    kind, words = _BY_CODE.get(
        code, (LedgerUnavailable, f"failed ({name or type(cause).__name__})")
    )
    return kind(f"ledger {path} {words}")


_BY_ERRNO: dict[int | None, tuple[type[LedgerError], str]] = {
    errno.EACCES: (LedgerReadOnly, "; make its folder writable"),
    errno.EPERM: (LedgerReadOnly, "; make its folder writable"),
    errno.EROFS: (LedgerReadOnly, "; make its folder writable"),
    errno.ENOSPC: (LedgerFull, "; free some space"),
    errno.EDQUOT: (LedgerFull, "; free some space"),
}


def translate_os(error: OSError, what: str) -> LedgerError:
    """The typed error for one of the system; ``what`` says what could not be done."""
    kind, advice = _BY_ERRNO.get(error.errno, (LedgerUnavailable, ""))
    return kind(f"{what}: {error.strerror}{advice}")
