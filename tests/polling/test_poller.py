"""One account's loop: it survives everything and shows what it does."""

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from exporter.gateway.client import GatewayClient
from exporter.ledger.snapshot import Total
from exporter.polling import poller
from exporter.polling.board import Board
from exporter.simulation.clock import START
from exporter.simulation.faults import Fault, FaultKind
from exporter.simulation.limits import Meter
from exporter.simulation.presets import QUIET
from exporter.simulation.spec import Latency, Operator
from exporter.web.health import healthy
from tests.polling.conftest import Lines, Stages
from tests.polling.stage import Stage, account


MINUTE = 60.0
HOUR = 3600.0
WORLD = msgspec.structs.replace(QUIET, per_hour=3, history_span=6 * HOUR, begins=START - 6 * HOUR)


@pytest.fixture
def poison(monkeypatch: pytest.MonkeyPatch) -> Callable[[float, float], None]:
    """A maker of pages that a fault of ours can't take, for the account named poisoned."""
    whole = GatewayClient.history

    def spoil(since: float, until: float) -> None:
        async def history(client: GatewayClient, request: Any, permit: Any, **how: Any) -> Any:
            answer = await whole(client, request, permit, **how)
            if permit.account == "poisoned" and since <= permit.spent_at - START < until:
                raise KeyError("a bug of ours")
            return answer

        monkeypatch.setattr(GatewayClient, "history", history)

    return spoil


def is_healthy(stage: Stage) -> bool:
    return healthy(stage.snapshot, stage.clock.now(), START)[0]


def test_a_bug_ends_no_polling(
    stages: Stages, lines: Lines, poison: Callable[[float, float], None]
) -> None:
    """An unforeseen error stops neither its account for good nor the others at all."""
    poison(HOUR, 2 * HOUR)
    stage = stages(WORLD, WORLD, accounts=[account("poisoned"), account("other")])
    health: list[bool] = []

    async def look(stage: Stage) -> None:
        for _ in range(6):
            await asyncio.sleep(30 * MINUTE - 1)
            health.append(is_healthy(stage))

    stage.run(3.1 * HOUR, meanwhile=look)
    assert health == [True, True, False, False, True, True]
    assert stage.state("poisoned") == "ok"
    assert len(stage.calls("other")) > 0.95 * 29 * 3
    in_trouble = [c for c in stage.calls("poisoned") if HOUR <= c.time - START < 2 * HOUR]
    assert 5 <= len(in_trouble) <= 10
    faults = [line for line in lines if line["event"] == "poller fault"]
    assert 1 <= len(faults) <= 6


def test_a_bug_shows_in_up(stages: Stages, poison: Callable[[float, float], None]) -> None:
    """The last poll did not work, whoever's fault it was."""
    poison(0, HOUR)
    stage = stages(WORLD, accounts=[account("poisoned")])
    stage.run(MINUTE)
    assert [each.up for each in stage.last.accounts] == [False]
    assert not stage.gateway.refusals


def test_a_call_cut_short_is_finished_in_the_ledger(stages: Stages) -> None:
    """A stop in the middle of a call leaves no call without an end, and counts it."""
    stage = stages(WORLD, latency=20)
    stage.run(1, in_a_call=True)
    stage.run(HOUR)
    calls = len(stage.calls()) + 1
    assert stage.total(Total.PERMITS).total() == calls
    assert stage.total(Total.API_REQUESTS, 2) == {("ok",): calls - 1, ("timeout",): 1}


def test_a_crash_in_a_call_is_counted_later(stages: Stages) -> None:
    """A permit whose call's end nobody saw is counted as spent."""
    stage = stages(WORLD, latency=20)
    stage.run(1, in_a_call=True, crash=True)
    stage.run(HOUR)
    assert stage.total(Total.PERMITS).total() == len(stage.calls()) + 1
    assert stage.total(Total.API_REQUESTS, 2) == {("ok",): len(stage.calls())}


def test_a_restart_keeps_the_pace(stages: Stages) -> None:
    """Starting again doesn't mean calling again at once."""
    stage = stages(WORLD)
    stage.run(HOUR)
    stage.run(60)
    moments = [call.time for call in stage.calls()]
    assert moments[-1] - moments[-2] > 100 or stage.clock.now() - moments[-1] > 60


def test_a_reload_keeps_what_is_shown(stages: Stages) -> None:
    """New pollers on the same board go on where the others were, gaugewise too."""
    stage = stages(WORLD)
    stage.board = Board()
    stage.run(HOUR)
    stage.run(1)
    assert [each.up for each in stage.last.accounts] == [True]
    assert stage.stream().poll_up is True
    assert stage.state() == "ok"


def test_an_account_that_is_not_configured_any_more_is_not_shown(stages: Stages) -> None:
    """Dropped accounts leave the board."""
    stage = stages(WORLD, WORLD, accounts=[account("kept"), account("dropped")])
    stage.board = Board()
    stage.run(MINUTE)
    stage.use(account("kept"))
    stage.board.keep_only({"kept"})
    stage.run(MINUTE)
    assert [each.account for each in stage.last.accounts] == ["kept"]
    assert [each.account for each in stage.last.streams] == ["kept"]


def test_what_is_overdue_is_shown_while_polling_fails(stages: Stages) -> None:
    """Deadlines pass while nothing can be read, and that is seen without a good page."""
    silent = Operator(
        name="Silent",
        mccmnc="25001",
        share=1,
        latency=Latency(slow_share=0, absent_share=0, unreported_share=0.9),
    )
    world = msgspec.structs.replace(WORLD, per_hour=60, operators=(silent,))
    stage = stages(world, faults=[Fault(kind=FaultKind.HTTP_503, start=START + HOUR)])
    stage.run(HOUR)
    assert stage.stream().overdue["1h"] == 0
    stage.run(HOUR)
    assert stage.stream().overdue["1h"] > 10
    assert [each.up for each in stage.last.accounts] == [False]


def test_a_slow_call_is_no_dead_poller(stages: Stages) -> None:
    """A call may take as long as it is configured to without the poller being called dead."""
    slow = account(timeout=600.0)
    hanging = Fault(kind=FaultKind.TIMEOUT, seconds=599)
    stage = stages(WORLD, accounts=[slow], faults=[hanging])
    stage.run(590)
    assert is_healthy(stage)


def test_a_clock_set_back_stops_nothing(stages: Stages) -> None:
    """Times of the future in the ledger don't hold polling up for longer than the budget does."""
    stage = stages(WORLD)
    stage.run(10 * MINUTE)
    stage.clock.advance(-5 * MINUTE)
    # The gateway has the same clock here, whose limits must not see calls of the future.
    stage.gateway.meters["main"] = Meter(stage.gateway.limits)
    before = len(stage.calls())
    stage.run(20 * MINUTE)
    assert len(stage.calls()) >= before + 8


def test_recent_recipients_are_shown_unless_phones_are_not_tracked(stages: Stages) -> None:
    """Without phones nothing is said of recipients, and nothing of them is kept."""
    busy = msgspec.structs.replace(WORLD, per_hour=60)
    tracking = stages(busy)
    tracking.run(HOUR)
    assert tracking.last.recent
    discreet = stages(busy, accounts=[account(track_phones=False)])
    discreet.run(HOUR)
    assert not discreet.last.recent


def test_ticks_are_rare_while_all_is_well(stages: Stages, monkeypatch: pytest.MonkeyPatch) -> None:
    """A poller turns before and after each call, and once in between when something else than the
    newest page may be worth it."""
    turns = 0
    turn = poller.Poller.turn

    async def counting(self: poller.Poller) -> float:
        nonlocal turns
        turns += 1
        return await turn(self)

    monkeypatch.setattr(poller.Poller, "turn", counting)
    stage = stages(WORLD)
    stage.run(2 * HOUR)
    assert turns <= 3 * len(stage.calls()) + 2
