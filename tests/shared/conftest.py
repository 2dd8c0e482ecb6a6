"""A real PostgreSQL, and ledgers that share a database on it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count

import pytest

from exporter.ledger.counting import Deadlines
from exporter.ledger.labels import LabelLimits
from exporter.ledger.ledger import Ledger
from exporter.ledger.records import AccountSpec, Rules
from exporter.ledger.shared_store import Membership, SharedStore
from tests.postgresql import Server


RULES = Rules(
    deadlines=Deadlines((300, 3600, 86400), ("5m", "1h", "24h"), 30.0),
    labels=LabelLimits(),
    retention=7 * 86400.0,
)
Replicas = Callable[..., Ledger]
_sessions = count(1)


def spec(name: str) -> AccountSpec:
    """An account."""
    return AccountSpec(
        name=name,
        channels=("sms",),
        currency="RUB",
        lookback=86400.0,
        first_sync_pages=10,
        track_phones=True,
    )


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """The server."""
    running = Server()
    yield running
    running.remove()


@pytest.fixture
def database(server: Server) -> Iterator[str]:
    """An empty database."""
    name = server.create()
    yield name
    server.drop(name)


@pytest.fixture
def replicas(server: Server, database: str) -> Iterator[Replicas]:
    """A maker of ledgers on that database, not yet open."""
    with ExitStack() as stack:

        def make(name: str, *, span: float = 60.0, owner: bool = True) -> Ledger:
            member = Membership(name, f"{name} {next(_sessions)}", span)
            store = SharedStore(server.address(database), member, owner=owner)
            made = Ledger(store, RULES, random_bytes=lambda n: b"s" * n)
            stack.callback(made.close)
            return made

        yield make
