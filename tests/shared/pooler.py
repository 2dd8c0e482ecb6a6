"""A PgBouncer before a server."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from exporter.ledger.shared_store import Address
from tests.postgresql import USER, Server


SETTINGS = """[databases]
* = host=127.0.0.1 port={server} user={user}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = {mode}
default_pool_size = 3
logfile = {folder}/log
"""


@contextmanager
def pooling(server: Server, folder: Path, mode: str) -> Iterator[int]:
    """Run it in a mode; gives its port. It has three connections to each database to share out."""
    program = shutil.which("pgbouncer") or "/usr/sbin/pgbouncer"
    assert Path(program).exists(), "no PgBouncer; scripts/e2e-servers installs it"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    home = server.folder / f"pooler-{port}"
    home.mkdir()
    told = SETTINGS.format(server=server.port, user=USER, port=port, mode=mode, folder=home)
    (home / "pgbouncer.ini").write_text(told)
    root = os.geteuid() == 0
    if root:
        shutil.chown(home, USER)
    process = subprocess.Popen(
        [program, "-q", str(home / "pgbouncer.ini")], user=USER if root else None, cwd=folder
    )
    try:
        _await(port)
        yield port
    finally:
        process.terminate()
        process.wait(10)


def through(port: int, database: str) -> Address:
    """A database by way of it."""
    return Address(f"postgresql://{USER}@127.0.0.1:{port}/{database}")


def _await(port: int) -> None:
    end = time.monotonic() + 10
    while time.monotonic() < end:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError("PgBouncer does not listen")
