"""The ledger comes and goes; polling says so, loses nothing and goes on by itself."""

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Event

import msgspec
import pytest

from exporter import wiring
from exporter.clock import SystemClock
from exporter.config import Config, LedgerConfig
from exporter.exposition.collector import LedgerCollector
from exporter.exposition.gauges import Facts
from exporter.exposition.page import MetricsPage
from exporter.ledger import file_store
from exporter.ledger.errors import LedgerError, LedgerUnavailable
from exporter.polling.board import Board
from exporter.polling.keeper import Keeper
from exporter.simulation.clock import START
from exporter.simulation.faults import Fault, FaultKind
from exporter.simulation.presets import QUIET
from tests.polling.conftest import Lines, Stages
from tests.polling.oracle import expected
from tests.polling.stage import Stage, account


HOUR = 3600.0
DEADLINES = {"5m": 300, "30m": 1800}
WORLD = msgspec.structs.replace(
    QUIET,
    per_hour=60,
    validity=1800,
    scheduled_share=0.02,
    max_lead=HOUR,
    stopped_share=0,
    click_share=0,
    correction_share=0,
    price_change_share=0,
    history_span=8 * HOUR,
    begins=START - HOUR,
    ends=START + 3 * HOUR,
)

Spoil = Callable[[Stage], Callable[[], None]]


def pragma(statement: str) -> Spoil:
    """A fault of the open connection, gone with it."""

    def spoil(stage: Stage) -> Callable[[], None]:
        assert stage.life is not None
        with stage.life.keeper.ledger.store.engine.connect() as connection:
            connection.connection.execute(statement)
        return lambda: None

    return spoil


def locked(stage: Stage) -> Callable[[], None]:
    """Another process writes and doesn't end."""
    other = sqlite3.connect(stage.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    return other.close


def replaced(garbage: bytes) -> Spoil:
    """The file's place is taken by something else; the file comes back in the end."""

    def spoil(stage: Stage) -> Callable[[], None]:
        aside = stage.path.with_name("aside")
        stage.path.rename(aside)
        stage.path.write_bytes(garbage)

        def mend() -> None:
            aside.replace(stage.path)

        return mend

    return spoil


def owned(stage: Stage) -> Callable[[], None]:
    """The file is lost for a moment, in which another exporter takes it over."""
    assert stage.life is not None
    stage.life.keeper.ledger.close()
    other = wiring.ledger(stage.config, owner=True)
    other.open(wiring.specs(stage.config), stage.clock.now())
    return other.close


FAULTS: dict[str, tuple[Spoil, str]] = {
    "busy": (locked, "busy"),
    "owned": (owned, "busy"),
    "read_only": (pragma("PRAGMA query_only = ON"), "read_only"),
    "full": (pragma("PRAGMA max_page_count = 1"), "full"),
    "corrupted": (replaced(b"no database" * 1000), "corrupted"),
}


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_store, "BUSY_TIMEOUT", 0.01)


def page_of(stage: Stage) -> str:
    """The metrics page as a scrape would get it now."""
    assert stage.life is not None
    collector = LedgerCollector(
        stage.life.board,
        clock=stage.clock,
        facts=lambda: Facts(version="1", python="3", config_ok=True, config_loaded=0.0),
        names=wiring.NAMES,
        zero_hold=0.0,
        created_series=False,
    )
    return MetricsPage(collector).render().body.decode()


@pytest.mark.parametrize("name", sorted(FAULTS))
def test_a_fault_of_the_ledger_loses_nothing(stages: Stages, lines: Lines, name: str) -> None:
    """While the ledger is away that is shown; afterwards every total is right, with no help."""
    spoil, kind = FAULTS[name]
    stage = stages(WORLD, deadlines=tuple(DEADLINES.values()))
    seen: list[str] = []

    async def trouble(stage: Stage) -> None:
        for _ in range(4):
            await asyncio.sleep(HOUR / 2)
            mend = spoil(stage)
            await asyncio.sleep(300)
            seen.append(page_of(stage))
            mend()

    stage.run(5 * HOUR, meanwhile=trouble)
    truth = stage.gateway.accounts["main"].world.truth(START - HOUR, START + 4 * HOUR)
    assert stage.counts() == expected(truth, START, DEADLINES)
    assert stage.state() == "ok"
    assert stage.last.ledger_up
    assert not stage.gateway.refusals
    assert {line["kind"] for line in lines if line["event"] == "ledger not available"} >= {kind}
    assert all("smsc_messages_submitted_total{" in page for page in seen)
    if name in ("busy", "owned", "corrupted"):
        assert all("smsc_exporter_ledger_up 0.0" in page for page in seen)
        assert all('smsc_up{account="main"} 0.0' in page for page in seen)


def test_a_ledger_that_cannot_be_opened_is_shown_and_tried_again(
    stages: Stages, lines: Lines
) -> None:
    """From the first moment on the page answers and says what is missing; then all goes on."""
    stage = stages(WORLD)
    stage.path.mkdir(parents=True)
    seen: list[str] = []

    async def cure(stage: Stage) -> None:
        await asyncio.sleep(HOUR)
        seen.append(page_of(stage))
        stage.path.rmdir()

    stage.run(HOUR + 60, meanwhile=cure)
    assert "smsc_exporter_ledger_up 0.0" in seen[0]
    assert stage.state() == "ok"
    assert stage.stream().synced
    assert len([line for line in lines if line["event"] == "ledger not available"]) <= 7


def test_a_poller_without_a_ledger_is_alive(stages: Stages) -> None:
    """An exporter that stands by turns all the same, and says why it waits."""
    stage = stages(WORLD)
    stage.path.parent.mkdir(parents=True, exist_ok=True)
    other = wiring.ledger(stage.config, owner=True)
    other.open(wiring.specs(stage.config), stage.clock.now())
    stage.run(HOUR)
    (shown,) = stage.last.accounts
    assert shown.last_turn == pytest.approx(stage.clock.now(), abs=6)
    assert (shown.state, shown.up) == ("ledger", False)
    assert "standing by" in shown.detail
    assert not stage.calls()
    other.close()
    stage.run(6)
    assert stage.state() == "ok"


def test_an_answer_of_the_gateway_outlives_the_ledger(stages: Stages) -> None:
    """A block is waited out even if it couldn't be written down when it was told."""
    blocked = Fault(kind=FaultKind.ERROR_4, end=START + 60)
    stage = stages(WORLD, faults=[blocked], latency=5)

    async def lose(stage: Stage) -> None:
        await asyncio.sleep(2)
        mend = locked(stage)
        await asyncio.sleep(60)
        mend()

    stage.run(HOUR / 4, meanwhile=lose)
    assert stage.state() == "blocked"
    stage.run(HOUR / 2)
    assert [round(call.time - START) for call in stage.calls()][:2] == [0, 5 + 31 * 60]


class Watcher:
    """Notes what the keeper says."""

    def __init__(self) -> None:
        self.said: list[LedgerError | None] = []

    def ledger_changed(self, error: LedgerError | None) -> None:
        self.said.append(error)


@contextmanager
def kept(folder: Path) -> Iterator[tuple[Keeper, Watcher]]:
    """A keeper with a real thread."""
    config = Config(accounts=(account(),), ledger=LedgerConfig(path=folder / "ledger.sqlite"))
    watcher = Watcher()
    with ThreadPoolExecutor(1) as executor:
        ledger = wiring.ledger(config, owner=True)
        yield Keeper(ledger, wiring.specs(config), SystemClock(), executor, watcher), watcher
        ledger.close()


async def test_uses_that_fail_by_one_fault_are_one_fault(folder: Path) -> None:
    """When the ledger breaks under many uses it is opened again once, and stays open."""
    with kept(folder) as (keeper, watcher):
        await keeper.ready()
        keeper.ledger.store.close()
        uses = [keeper.use(keeper.ledger.recall, "main") for _ in range(5)]
        failed = await asyncio.gather(*uses, return_exceptions=True)
        assert all(isinstance(error, LedgerUnavailable) for error in failed)
        await asyncio.sleep(1.05)
        uses = [keeper.use(keeper.ledger.recall, "main") for _ in range(5)]
        assert len(await asyncio.gather(*uses)) == 5
        assert [error is None for error in watcher.said] == [True, False, True]
        await keeper.close()


async def test_a_cancelled_use_is_carried_through(folder: Path) -> None:
    """Whoever is cancelled in the middle of a transaction leaves it whole, and it ends first."""
    begun, go_on = Event(), Event()
    ended: list[str] = []
    with kept(folder) as (keeper, _):

        def slow() -> None:
            begun.set()
            go_on.wait(5)
            ended.append("transaction")

        task = asyncio.create_task(keeper.use(slow))
        await asyncio.to_thread(begun.wait, 5)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        closing = asyncio.create_task(keeper.close())
        await asyncio.sleep(0)
        go_on.set()
        await closing
        ended.append("closed")
    assert ended == ["transaction", "closed"]


async def test_a_closed_keeper_stays_closed(folder: Path) -> None:
    """After a reload the old configuration's pollers can't take the ledger back."""
    with kept(folder) as (keeper, _):
        await keeper.ready()
        await keeper.close()
        with pytest.raises(LedgerUnavailable, match="closed"):
            await keeper.use(keeper.ledger.recall, "main")
        other = Keeper(keeper.ledger, (), SystemClock(), None, Board())
        await other.ready()
        await other.close()
