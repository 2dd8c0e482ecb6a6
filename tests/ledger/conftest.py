"""Fixtures: ledgers in virtual time."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.ledger.desk import Desk
from tests.ledger.permit_log import PermitLog


MEMORY = Path("/dev/shm")

Desks = Callable[..., Desk]


@pytest.fixture
def desks() -> Iterator[Desks]:
    """A maker of desks, each on a file of its own, in memory where the system has such a folder."""
    with ExitStack() as stack:

        def make(**choices: Any) -> Desk:
            place = MEMORY if MEMORY.is_dir() else None
            folder = stack.enter_context(tempfile.TemporaryDirectory(dir=place))
            desk = Desk(Path(folder), **choices)
            stack.callback(desk.close)
            return desk

        yield make


@pytest.fixture
def desk(desks: Desks) -> Desk:
    """A desk with every choice left at its default."""
    return desks()


@pytest.fixture
def log() -> Iterator[PermitLog]:
    """An empty log of permits with few calls an hour."""
    log = PermitLog()
    yield log
    log.close()
