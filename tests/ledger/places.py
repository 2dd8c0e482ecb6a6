"""Where the tests' ledgers are: a file each or, with ``--ledger postgresql``, a database each."""

import os
import shutil
import tempfile
from abc import ABC, abstractmethod
from functools import cache
from itertools import count
from pathlib import Path

from exporter.ledger.file_store import FileStore
from exporter.ledger.shared_store import Membership, SharedStore
from exporter.ledger.store import Store
from tests.postgresql import Server


SPAN = 0.3
"""Seconds for which an owner in a database is taken for alive once it is killed."""
_sessions = count(1)


class Places(ABC):
    """Makes stores by the folder that a test gives."""

    @abstractmethod
    def make(self, folder: Path) -> None:
        """Make a folder's ledger, without any content, where there is none."""

    @abstractmethod
    def store(self, folder: Path, *, owner: bool) -> Store:
        """A way to a folder's ledger."""

    @abstractmethod
    def copy(self, source: Path, target: Path) -> None:
        """Copy the store of a folder, which nobody has open, to another."""

    @abstractmethod
    def remove(self, folder: Path) -> None:
        """Remove what a folder itself does not hold."""


class Files(Places):
    """SQLite files."""

    def make(self, folder: Path) -> None:
        """Write an empty ledger's file."""
        path = path_of(folder)
        if not path.exists():
            path.write_bytes(_empty())

    def store(self, folder: Path, *, owner: bool) -> Store:
        """The file of a folder."""
        return FileStore(path_of(folder), owner=owner)

    def copy(self, source: Path, target: Path) -> None:
        """Copy a file."""
        shutil.copy(path_of(source), path_of(target))

    def remove(self, folder: Path) -> None:
        """Files go with their folder."""


class Databases(Places):
    """PostgreSQL databases; a file in the folder has the name."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._template: str | None = None

    def make(self, folder: Path) -> None:
        """Create a database."""
        named = folder / "database"
        if not named.exists():
            named.write_text(self._server.create(self._migrated()))

    def store(self, folder: Path, *, owner: bool) -> Store:
        """The database of a folder."""
        named = folder / "database"
        member = Membership("desk", f"{os.getpid()} {next(_sessions)}", SPAN)
        return SharedStore(self._server.address(named.read_text()), member, owner=owner)

    def copy(self, source: Path, target: Path) -> None:
        """Copy a database."""
        (target / "database").write_text(self._server.create((source / "database").read_text()))

    def remove(self, folder: Path) -> None:
        """Drop the folder's database."""
        named = folder / "database"
        if named.exists():
            self._server.drop(named.read_text())

    def _migrated(self) -> str:
        if self._template is None:
            name = self._server.create()
            store = SharedStore(self._server.address(name), Membership("", "", SPAN), owner=False)
            store.open()
            store.close()
            self._template = name
        return self._template


class _Chosen:
    places: Places = Files()


def chosen() -> Places:
    """Those of this run of the tests."""
    return _Chosen.places


def choose(places: Places) -> None:
    """Use these in this run."""
    _Chosen.places = places


def path_of(folder: Path) -> Path:
    """The ledger's file, where it is one."""
    return folder / "ledger.sqlite"


@cache
def _empty() -> bytes:
    """A ledger that knows nothing, made once."""
    with tempfile.TemporaryDirectory() as folder:
        store = FileStore(path_of(Path(folder)), owner=False)
        store.open()
        store.close()
        return store.path.read_bytes()
