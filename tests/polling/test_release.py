"""From the first count to the first increase that a Prometheus sees, through crashes and faults."""

import asyncio
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from exporter.exposition.collector import LedgerCollector
from exporter.exposition.gauges import Facts
from exporter.exposition.series import completed, counted
from exporter.ledger import file_store
from exporter.ledger.errors import LedgerBusy, LedgerUnavailable
from exporter.ledger.labels import LabelLimits
from exporter.ledger.snapshot import AccountState, Observations, Series, Total
from exporter.polling.board import Board
from exporter.polling.keeper import Keeper
from exporter.polling.release import EVERY, Release
from exporter.simulation.clock import VirtualClock
from exporter.wiring import NAMES
from tests.ledger.desk import T0, Desk, row
from tests.polling.conftest import MEMORY, Lines


HOLD = 60.0
PHASES = (Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink)
FACTS = Facts(version="1", python="3")


class Process:
    """One exporter's life on a desk's ledger, from its start to its crash."""

    def __init__(self, desk: Desk, clock: VirtualClock) -> None:
        self.desk = desk
        self.board = Board()
        self.collector = LedgerCollector(
            self.board, clock=clock, facts=lambda: FACTS, names=NAMES, zero_hold=HOLD
        )
        self.keeper = Keeper(desk.ledger, tuple(desk.specs), clock, None, self.board)
        self.release = Release(self.collector, self.keeper, self.board, clock)
        self.board.set_account(AccountState(account="a"))
        self.take()

    def take(self) -> None:
        """Show what the ledger has committed."""
        self.desk.ledger.refresh("a", "sms", self.desk.now)
        self.board.take(self.desk.ledger, "a")

    def scraped(self) -> dict[Series, Any]:
        """What a scrape gets of counters and histograms."""
        views = self.collector.views()
        self.collector.served()
        return {(f.source, k): v for f, rows in views if f.source for k, v in rows.items()}

    def truth(self) -> dict[Series, Any]:
        """The same, by what the ledger has counted."""
        snapshot = self.desk.ledger.snapshot()
        return {
            (family.source, labels): value
            for family, rows in self.collector.views()
            if family.source is not None
            for labels, value in completed(family, rows, counted(snapshot, family.source)).items()
        }


class Prometheus:
    """Adds up increases between samples."""

    def __init__(self) -> None:
        self.last: dict[tuple[Series, int], Any] = {}
        self.increase: Counter[tuple[Series, int]] = Counter()

    def take(self, scraped: dict[Series, Any]) -> None:
        for sample, value in samples(scraped).items():
            before = self.last.get(sample)
            if before is None:
                assert value == 0, f"{sample} is born at {value}"
            else:
                assert value >= before, f"{sample} falls from {before} to {value}"
                self.increase[sample] += value - before
            self.last[sample] = value


def samples(series: dict[Series, Any]) -> dict[tuple[Series, int], Any]:
    """Every number of every series by itself."""
    return {
        (labels, index): number
        for labels, value in series.items()
        for index, number in enumerate(
            (*value.counts, value.sum) if isinstance(value, Observations) else (value,)
        )
    }


class Play:
    """Steps that a life is made of, in any order."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.clock = VirtualClock(start=T0 + 1)
        self.prometheus = Prometheus()
        desk.apply([], self.clock.now(), took=0.0)
        self.process = Process(desk, self.clock)

    def count(self, number: int, status: int, sender: str) -> None:
        """Read one message: new, or with another status than last."""
        ends = {} if status == 0 else {"status_time": int(self.clock.now()), "err": status // 20}
        message = row(number, T0 + 2, status, sender=sender, cost=Decimal(3 - status % 3), **ends)
        self.clock.advance(1)
        self.desk.apply([message], self.clock.now(), took=0.0)

    def wait(self, seconds: int) -> None:
        self.clock.advance(seconds)

    def take(self) -> None:
        self.process.take()

    def scrape(self) -> None:
        self.prometheus.take(self.process.scraped())

    def note(self) -> None:
        self.process.release._note()

    def crash(self) -> None:
        self.desk.reopen()
        self.process = Process(self.desk, self.clock)


@contextmanager
def fresh_desk(**choices: Any) -> Iterator[Desk]:
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        desk = Desk(Path(folder), **choices)
        try:
            yield desk
        finally:
            desk.close()


COUNTED = [("count", 1, 0, "A"), ("take",)]
RIPE = [*COUNTED, ("scrape",), ("wait", int(HOLD))]
SENT = [("count", 1, 1, "A"), ("take",)]
"""The first growth of series that are always there with their label set."""
STEPS = st.lists(
    st.one_of(
        st.tuples(
            st.just("count"),
            st.integers(1, 4),
            st.sampled_from((0, 1, 20)),
            st.sampled_from(("A", "B", "C")),
        ),
        st.tuples(st.just("wait"), st.sampled_from((1, 30, 61, 400))),
        st.tuples(st.sampled_from(("take", "scrape", "note", "crash"))),
    ),
    max_size=40,
)


@settings(max_examples=60, deadline=None, phases=PHASES)
@given(steps=STEPS)
@example(steps=[("scrape",), *COUNTED, ("crash",), ("scrape",)])
@example(steps=[*RIPE, ("crash",), ("scrape",)])
@example(steps=[*RIPE, ("note",), ("crash",), ("scrape",)])
@example(steps=[*RIPE, ("note",), ("take",), ("scrape",), ("crash",), ("scrape",)])
@example(steps=[*RIPE, ("note",), *SENT, ("scrape",), ("crash",), ("scrape",)])
def test_every_increment_is_an_increase(steps: list[tuple[Any, ...]]) -> None:
    """Whatever is counted, read, noted and shown in whatever order, a crash between any two: every
    series of every family is born at 0 and never falls, and what a Prometheus adds up is what was
    counted."""
    labels = LabelLimits(region=True, max_senders=2)
    with fresh_desk(labels=labels) as desk:
        play = Play(desk)
        for step, *details in steps:
            getattr(play, step)(*details)
        for step in ("take", "scrape", "wait", "note", "take", "scrape"):
            getattr(play, step)(*([HOLD] if step == "wait" else []))
        truth = samples(play.process.truth())
        assert play.prometheus.last == truth
        assert +play.prometheus.increase == {k: v for k, v in truth.items() if v}


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_store, "BUSY_TIMEOUT", 0.01)


@pytest.fixture
def play() -> Iterator[Play]:
    """A message counted, its zeros taken, and the hold gone by."""
    with fresh_desk() as desk:
        made = Play(desk)
        made.count(1, 0, "A")
        made.take()
        made.scrape()
        made.wait(int(HOLD))
        yield made


def submitted(play: Play) -> Any:
    return play.process.scraped()[Total.SUBMITTED, ("a", "sms", "RU", "mts", "A")]


async def test_nothing_is_released_without_the_ledger(play: Play) -> None:
    """While it can't be written the zeros stay, and go as soon as it is back."""
    await play.process.keeper.ready()
    other = sqlite3.connect(play.desk.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    for _ in range(3):
        with pytest.raises(LedgerBusy):
            await play.process.release.turn()
        assert submitted(play) == 0
        play.wait(10)
    other.close()
    await play.process.release.turn()
    assert submitted(play) == 1


async def test_a_ledger_that_was_lost_begins_anew(play: Play) -> None:
    """Of a new file in the place of the old one nothing was shown: its series come up at 0, and
    what they have grown to is not taken back by the next restart."""
    await play.process.release.turn()
    assert submitted(play) == 1
    play.desk.path.unlink()
    with pytest.raises(LedgerUnavailable):
        await play.process.keeper.use(play.desk.ledger.usage, "a", play.clock.now())
    play.wait(10)
    await play.process.keeper.ready()
    play.wait(10)
    play.desk.apply([row(7, int(play.clock.now()), sender="A")], play.clock.now())
    play.take()
    assert submitted(play) == 0
    play.wait(int(HOLD))
    await play.process.release.turn()
    assert submitted(play) == 1
    play.crash()
    assert submitted(play) == 1


async def test_what_is_noted_is_not_noted_again(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between two scrapes the ledger is written once."""
    noted: list[Series] = []
    monkeypatch.setattr(play.desk.ledger, "note_shown", noted.extend, raising=True)
    await play.process.release.turn()
    assert (Total.SUBMITTED, ("a", "sms", "RU", "mts", "A")) in noted
    monkeypatch.undo()
    await play.process.release.turn()
    monkeypatch.setattr(play.desk.ledger, "note_shown", pytest.fail)
    await play.process.release.turn()


def test_a_fault_of_ours_does_not_end_it(
    play: Play, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Something unforeseen is logged once, and the next look may work."""
    release = play.process.release

    def fail(_series: object) -> None:
        raise RuntimeError("a bug")

    async def live() -> None:
        monkeypatch.setattr(play.desk.ledger, "note_shown", fail)
        task = asyncio.create_task(release.run())
        await asyncio.sleep(3.5 * EVERY)
        assert submitted(play) == 0
        monkeypatch.undo()
        await asyncio.sleep(EVERY)
        assert submitted(play) == 1
        task.cancel()

    play.clock.run(live)
    faults = [line for line in lines if line["log_level"] == "error"]
    assert [line["event"] for line in faults] == ["release fault"]
