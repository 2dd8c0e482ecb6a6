"""Through a real PgBouncer."""

import threading
from contextlib import ExitStack
from pathlib import Path

import pytest

from exporter.ledger.errors import LedgerUnavailable
from exporter.ledger.ledger import Ledger
from exporter.ledger.shared_store import Membership, SharedStore
from exporter.ledger.snapshot import Total
from tests.ledger.desk import T0
from tests.ledger.test_copying import read_page
from tests.postgresql import Server
from tests.shared.conftest import RULES, spec
from tests.shared.pooler import pooling, through


pytestmark = pytest.mark.e2e
SPECS = [spec(f"account-{number}") for number in range(8)]
TURNS = 10


def ledger_by(port: int, database: str, name: str) -> Ledger:
    """A replica's ledger, not yet open."""
    store = SharedStore(through(port, database), Membership(name, name, 60.0), owner=True)
    return Ledger(store, RULES, random_bytes=lambda n: b"s" * n)


@pytest.mark.parametrize("mode", ["transaction", "session"])
def test_replicas_poll_through_a_pooler(
    server: Server, database: str, tmp_path: Path, mode: str
) -> None:
    """Several at once, whose transactions take turns on other connections each time."""
    with pooling(server, tmp_path, mode) as port, ExitStack() as stack:
        ledgers = [ledger_by(port, database, name) for name in ("one", "two", "three")]
        for ledger in ledgers:
            ledger.open(SPECS, T0)
            stack.callback(ledger.close)
        share_out(ledgers)
        polling = [threading.Thread(target=poll, args=(ledger,)) for ledger in ledgers]
        for thread in polling:
            thread.start()
        for thread in polling:
            thread.join(60)
        counted = [sum(each.snapshot().totals[Total.SUBMITTED].values()) for each in ledgers]
        assert sum(counted) == len(SPECS) * (20 + 5 * (TURNS - 1))
        assert all(counted)


def share_out(ledgers: list[Ledger]) -> None:
    """Beat until each has its part."""
    for _ in range(4):
        for ledger in ledgers:
            ledger.release(ledger.beat(T0).to_leave)


def poll(ledger: Ledger) -> None:
    """Page after page of each account, five new messages on every one."""
    for turn in range(TURNS):
        for account in sorted(ledger.accounts):
            read_page(ledger, account, T0 + 200.0 + turn * 5)


def test_a_pooler_of_statements_is_refused(server: Server, database: str, tmp_path: Path) -> None:
    """It can't hold a transaction together; the error says which setting to change."""
    with pooling(server, tmp_path, "statement") as port:
        ledger = ledger_by(port, database, "one")
        with pytest.raises(LedgerUnavailable, match="pool_mode = transaction"):
            ledger.open(SPECS, T0)
