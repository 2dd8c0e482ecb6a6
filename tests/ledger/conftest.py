"""Fixtures: ledgers in virtual time."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.ledger.desk import Desk
from tests.ledger.permit_log import PermitLog
from tests.ledger.places import Databases, choose, chosen
from tests.postgresql import Server


MEMORY = Path("/dev/shm")

Folders = Callable[[], Path]
Desks = Callable[..., Desk]


@pytest.fixture(scope="session", autouse=True)
def _places(pytestconfig: pytest.Config) -> Iterator[None]:
    """What ``--ledger`` asks for."""
    if pytestconfig.getoption("ledger") != "postgresql":
        yield
        return
    server, before = Server(), chosen()
    choose(Databases(server))
    yield
    choose(before)
    server.remove()


@pytest.fixture
def folders() -> Iterator[Folders]:
    """A maker of folders, in memory where the system has such a place."""
    with ExitStack() as stack:

        def make() -> Path:
            place = MEMORY if MEMORY.is_dir() else None
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=place)))
            stack.callback(chosen().remove, folder)
            return folder

        yield make


@pytest.fixture
def desks(folders: Folders) -> Iterator[Desks]:
    """A maker of desks, each on a file of its own."""
    with ExitStack() as stack:

        def make(folder: Path | None = None, **choices: Any) -> Desk:
            desk = Desk(folder or folders(), **choices)
            stack.callback(desk.close)
            return desk

        yield make


@pytest.fixture
def desk(desks: Desks) -> Desk:
    """A desk with every choice left at its default."""
    return desks()


@pytest.fixture
def log() -> PermitLog:
    """An empty log of permits with few calls an hour."""
    return PermitLog()
