"""Faults of working on the past.

::

    HistoryError
    ├── NothingToDo     the period holds nothing that could be counted
    ├── WorkFileError   what was read can't be kept or is of something else
    ├── ReadingStopped  asking on makes no sense now; what was read is kept
    └── OutputError     the file can't be written
"""

import errno
import os
import sqlite3
from pathlib import Path


class HistoryError(Exception):
    """The past can't be worked on; the text says why and what to do."""


class NothingToDo(HistoryError):
    """The period holds nothing that could be counted."""


class WorkFileError(HistoryError):
    """What was read can't be kept, or the file is about something else."""


class ReadingStopped(HistoryError):
    """Asking on makes no sense now; what was read is kept."""


class OutputError(HistoryError):
    """The file can't be written."""


_DAMAGED = "is damaged or no work file; remove it, and reading begins anew"
_WORDS = {
    "SQLITE_BUSY": "is in use by another smsc-exporter; wait for it or stop it",
    "SQLITE_LOCKED": "is in use by another smsc-exporter; wait for it or stop it",
    "SQLITE_READONLY": "is read-only; make the file and its folder writable",
    "SQLITE_CANTOPEN": "can't be opened; make its folder, and make it writable",
    "SQLITE_FULL": "can't grow: no space is left",
    "SQLITE_IOERR": "can't be read or written; look at the disk",
    "SQLITE_NOTADB": _DAMAGED,
    "SQLITE_CORRUPT": _DAMAGED,
}


def of_work_file(error: sqlite3.Error, path: Path) -> WorkFileError:
    """What a database fault means for a work file."""
    name = getattr(error, "sqlite_errorname", "")
    words = next((text for code, text in _WORDS.items() if name.startswith(code)), _DAMAGED)
    return WorkFileError(f"{path} {words}")


def of_output(error: OSError, path: Path) -> OutputError:
    """What a fault of the file system means for the output."""
    if error.errno == errno.ENOSPC:
        return OutputError(f"{path} can't be written: no space is left; a longer --step needs less")
    reason = os.strerror(error.errno).lower() if error.errno else "unknown fault"
    return OutputError(f"{path} can't be written: {reason}")
