"""Which accounts a replica polls and shows follows from its leases."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from exporter.ledger.errors import LedgerUnavailable
from exporter.ledger.holdings import Shift
from exporter.polling.owners import Owners
from exporter.simulation.clock import VirtualClock


SPAN = 20.0


class Ledger:
    """A ledger whose beats are told in advance."""

    def __init__(self) -> None:
        self.accounts: set[str] = set()
        self.shift = Shift()
        self.shown: list[tuple[str, object]] = []
        self.shown_at_release: list[tuple[str, object]] = []
        self.fails = False

    def beat(self, _now: float) -> Shift:
        """What was told."""
        if self.fails:
            raise LedgerUnavailable("away")
        return self.shift

    def release(self, names: tuple[str, ...]) -> None:
        """Note what was shown of them."""
        self.accounts -= set(names)
        self.shown_at_release = list(self.shown)


class Keeper:
    """Runs everything at once."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger

    async def use(self, method: Callable[..., Any], *args: Any) -> Any:
        """Call it."""
        return method(*args)


class Board:
    """Notes what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, object]] = []

    def ours_until(self, moment: float | None) -> None:
        """Note it."""
        self.told.append(("until", moment))

    def take(self, _ledger: Ledger, account: str) -> None:
        """Note it."""
        self.told.append(("take", account))

    def drop(self, account: str) -> None:
        """Note it."""
        self.told.append(("drop", account))


class Stage:
    """A replica on its own."""

    def __init__(self) -> None:
        self.ledger, self.board, self.clock = Ledger(), Board(), VirtualClock()
        self.polled: list[tuple[str, str]] = []
        self.owners = Owners(
            Keeper(self.ledger),  # type: ignore[arg-type]
            self.board,  # type: ignore[arg-type]
            self.clock,
            SPAN,
            start=lambda account: self.polled.append(("start", account)),
            stop=self.stop,
        )

    async def stop(self, account: str, patient: bool) -> None:  # noqa: FBT001  as it is called
        """Note it."""
        self.polled.append(("stop patiently" if patient else "stop", account))

    async def beat(self, accounts: str, **shift: Any) -> None:
        """A beat after which these accounts are held, a letter each."""
        self.ledger.accounts, self.ledger.shift = set(accounts), Shift(**shift)
        self.polled.clear()
        self.board.told.clear()
        await self.owners.beat()


@pytest.fixture
def stage() -> Stage:
    """A replica that polls nothing yet."""
    return Stage()


async def test_what_is_taken_is_shown_and_polled(stage: Stage) -> None:
    """Its totals are in sight before its first call."""
    await stage.beat("ab", taken=("a", "b"))
    assert stage.polled == [("start", "a"), ("start", "b")]
    assert stage.board.told == [("until", None), ("take", "a"), ("take", "b")]


async def test_what_is_lost_is_neither(stage: Stage) -> None:
    """Another may poll it already: the call under way is not waited for."""
    await stage.beat("ab", taken=("a", "b"))
    await stage.beat("b", lost=("a",))
    assert stage.polled == [("stop", "a")]
    assert ("drop", "a") in stage.board.told


async def test_what_went_and_came_back_is_begun_anew(stage: Stage) -> None:
    """Another polled it meanwhile: what was shown and remembered of it is older than the ledger."""
    await stage.beat("ab", taken=("a", "b"))
    await stage.beat("ab", taken=("b",))
    assert stage.polled == [("stop", "b"), ("start", "b")]
    assert stage.board.told[1:] == [("drop", "b"), ("take", "b")]


async def test_what_is_left_is_shown_until_it_is_released(stage: Stage) -> None:
    """Dropped before, it would come back with the next page of another, and stay for ever."""
    await stage.beat("ab", taken=("a", "b"))
    stage.ledger.shown = stage.board.told
    await stage.beat("ab", to_leave=("a",))
    await asyncio.gather(*stage.owners._leaving.values())
    assert stage.polled == [("stop patiently", "a")]
    assert stage.ledger.accounts == {"b"}
    assert ("drop", "a") not in stage.ledger.shown_at_release
    assert stage.board.told[-1] == ("drop", "a")


async def test_shown_for_no_longer_than_the_lease(stage: Stage) -> None:
    """With others alive, what is shown ends with the lease, from when it was asked for."""
    await stage.beat("a", taken=("a",), others=True)
    assert stage.board.told[0] == ("until", stage.clock.now() + SPAN)


async def test_a_beat_that_fails_changes_nothing(stage: Stage) -> None:
    """The lease runs on."""
    await stage.beat("a", taken=("a",))
    stage.ledger.fails = True
    with pytest.raises(LedgerUnavailable):
        await stage.beat("")
    assert stage.polled == stage.board.told == []
