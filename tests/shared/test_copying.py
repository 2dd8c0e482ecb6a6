"""A ledger moves to PostgreSQL and back."""

import subprocess
import sys
from pathlib import Path

import pytest

from exporter.ledger.copying import copy
from exporter.ledger.errors import LedgerBusy
from exporter.ledger.file_store import FileStore
from exporter.ledger.shared_store import Membership, SharedStore
from tests.ledger.desk import T0
from tests.ledger.test_copying import content, full, read_page
from tests.postgresql import Server
from tests.shared.conftest import Replicas, spec


__all__ = ["full"]
pytestmark = pytest.mark.e2e
SPECS = [spec("a"), spec("b")]


def test_there_and_back(full: Path, server: Server, database: str, tmp_path: Path) -> None:
    """By the command, as people do it: the file that comes back is the one that went."""
    back = tmp_path / "back.sqlite"
    url = server.address(database).url
    for source, target in ((str(full), url), (url, str(back))):
        command = [sys.executable, "-m", "exporter", "ledger", "copy"]
        said = subprocess.run(
            [*command, "--from", source, "--to", target], capture_output=True, text=True, check=True
        )
        assert f"{target} holds what {source} does" in said.stdout
    assert content(back) == content(full)


def test_the_copy_goes_on(full: Path, server: Server, database: str, replicas: Replicas) -> None:
    """Replicas poll by it: numbers drawn by the database are new ones, totals go on."""
    member = Membership("copy", "copy", 60.0)
    copy(FileStore(full, owner=True), SharedStore(server.address(database), member, owner=True))
    one = replicas("one")
    one.open(SPECS, T0 + 500)
    one.beat(T0 + 500)
    before = one.snapshot().totals
    read_page(one, "a", T0 + 500.0)
    after = one.snapshot().totals
    assert all(after[f][labels] >= v for f, rows in before.items() for labels, v in rows.items())
    assert after != before


def test_not_while_replicas_are_alive(
    full: Path, server: Server, database: str, replicas: Replicas
) -> None:
    """Neither from a shared ledger that is polled by nor into one."""
    one = replicas("one")
    one.open(SPECS, T0)
    member = Membership("copy", "copy", 60.0)
    shared = SharedStore(server.address(database), member, owner=True)
    with pytest.raises(LedgerBusy, match="stop all of them"):
        copy(FileStore(full, owner=True), shared)
