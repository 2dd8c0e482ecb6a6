"""A PostgreSQL server of the tests' own, on a free port of the loopback interface."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Sequence
from itertools import count
from pathlib import Path

import psycopg
from psycopg import sql

from exporter.ledger.shared_store import Address


USER = "postgres"
_FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=200")
_numbers = count(1)


def programs() -> Path:
    """The folder of the newest server there is."""
    found = [Path(path).parent for path in (shutil.which("initdb"), shutil.which("pg_ctl")) if path]
    found += [path.parent for path in sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))]
    assert found, "no PostgreSQL; scripts/e2e-servers installs it"
    return found[-1]


class Server:
    """One server; databases on it are made from a template that has the schema already."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="postgresql-"))
        self._programs = programs()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        if os.geteuid() == 0:
            shutil.chown(self.folder, USER)
        self._run("initdb", "-D", "data", "-A", "trust", "-U", USER, "-E", "UTF8", "--no-sync")
        self.start()

    def start(self) -> None:
        """Start it, again if need be."""
        listening = ("listen_addresses=127.0.0.1", f"unix_socket_directories={self.folder}")
        options = " ".join(f"-c {each}" for each in (f"port={self.port}", *listening, *_FAST))
        self._run("pg_ctl", "-D", "data", "-o", options, "-l", "log", "-w", "start")

    def stop(self, mode: str = "fast") -> None:
        """Stop it: smart, fast or immediate."""
        self._run("pg_ctl", "-D", "data", "-m", mode, "-w", "stop")

    def remove(self) -> None:
        """Stop it for good."""
        self.stop("immediate")
        shutil.rmtree(self.folder)

    def address(self, database: str) -> Address:
        """Where a database is."""
        return Address(f"postgresql://{USER}@127.0.0.1:{self.port}/{database}")

    def create(self, template: str = "template0") -> str:
        """A database of its own, a copy of another one; gives its name."""
        name = f"ledger_{next(_numbers)}_{os.getpid()}"
        made = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY")
        if template == "template0":
            made = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        self.execute(made.format(sql.Identifier(name), sql.Identifier(template)))
        return name

    def drop(self, database: str) -> None:
        """Remove a database, whoever is connected."""
        gone = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
        self.execute(gone.format(sql.Identifier(database)))

    def execute(self, statement: sql.Composed | sql.SQL, database: str = "postgres") -> None:
        """Run a statement as the superuser, outside a transaction."""
        with psycopg.connect(self.address(database).url, autocommit=True) as connection:
            connection.execute(statement)

    def _run(self, program: str, *arguments: str) -> None:
        call: Sequence[str] = (str(self._programs / program), *arguments)
        done = subprocess.run(
            call,
            cwd=self.folder,
            user=USER if os.geteuid() == 0 else None,
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "LC_ALL": "C"},
        )
        if done.returncode:
            raise RuntimeError(f"{program}: {done.stdout}{done.stderr}")
