"""The gateway's limits are kept, however often the exporter is restarted or dies, and used."""

from collections.abc import Sequence
from itertools import pairwise
from random import Random

import msgspec
import pytest

from exporter.simulation.clock import START
from exporter.simulation.faults import Fault, FaultKind
from exporter.simulation.limits import Limits
from exporter.simulation.presets import BUSY, LIVELY, QUIET
from exporter.simulation.spec import Campaign, Emails, Latency
from exporter.simulation.visits import Call
from tests.polling.conftest import Lines, Stages
from tests.polling.stage import Stage, account


HOUR = 3600.0
DAY = 24 * HOUR
BOTH = msgspec.structs.replace(
    QUIET, per_hour=3, emails=Emails(per_hour=2), history_span=12 * HOUR, begins=START - DAY
)
FULL_PAGES = msgspec.structs.replace(
    BUSY, per_hour=5500, history_span=2 * HOUR, begins=START - 2 * HOUR
)
SLOW = Fault(kind=FaultKind.TRICKLE, seconds=5)
"""Answers that take long to come, while the gateway has counted the call at once."""


def live_badly(stage: Stage, seconds: float, *, mean_life: float) -> int:
    """Restart and crash at random moments, in the middle of calls too; gives how often."""
    random = Random(stage.seed)
    lives = 0
    while stage.now < seconds:
        length = min(random.expovariate(1 / mean_life), seconds - stage.now)
        stage.run(length, crash=random.random() < 0.5, in_a_call=random.random() < 0.5)
        lives += 1
    return lives


def heads(calls: Sequence[Call], stream: str) -> list[float]:
    """When a stream's head pages were asked for."""
    return [
        call.time
        for call in calls
        if call.parameters["format"] == stream and "prev_id" not in call.parameters
    ]


def longest_wait(moments: Sequence[float]) -> float:
    return max(later - earlier for earlier, later in pairwise(moments))


@pytest.mark.parametrize(("calls", "hours", "lives"), [(2, 168, 34), (6, 24, 12), (30, 6, 6)])
def test_restarts_stay_within_the_limits(
    stages: Stages, calls: int, hours: float, lives: int
) -> None:
    """Restarts and crashes in the middle of calls never bring a call too many, for a week."""
    main = account(channels=("sms", "email"), budget={"requests": calls, "reserve": 0})
    limits = Limits(requests=calls)
    stage = stages(BOTH, accounts=[main], limits=limits, faults=[SLOW], seed=calls)
    lived = live_badly(stage, hours * HOUR, mean_life=hours * HOUR / lives)
    assert lived > lives / 2
    assert not stage.gateway.refusals
    assert len(stage.calls()) > 0.8 * calls * hours


@pytest.mark.parametrize("seed", [1, 2])
def test_crashing_in_a_loop_stays_within_the_limits(stages: Stages, seed: int) -> None:
    """Dying again and again within seconds or minutes doesn't spend more than the budget."""
    main, limits = account(budget={"requests": 10, "reserve": 0}), Limits(requests=10)
    stage = stages(BOTH, accounts=[main], limits=limits, faults=[SLOW], seed=seed)
    stage.run(60)
    live_badly(stage, HOUR, mean_life=10)
    live_badly(stage, 3 * HOUR, mean_life=120)
    assert not stage.gateway.refusals
    assert len(stage.calls()) > 8


def test_full_pages_stay_within_the_limits(stages: Stages) -> None:
    """A busy account that pages back after each restart stays within the limits too."""
    stage = stages(FULL_PAGES, seed=3)
    live_badly(stage, 2 * HOUR, mean_life=HOUR / 3)
    assert not stage.gateway.refusals
    assert stage.stream().synced


def test_accounts_side_by_side_each_use_their_own_budget(stages: Stages) -> None:
    """Each account has the gateway's whole limit, whatever the others do."""
    accounts = [account(name) for name in ("one", "two", "three")]
    stage = stages(BOTH, BOTH, BOTH, accounts=accounts)
    stage.run(2 * HOUR)
    assert not stage.gateway.refusals
    for each in accounts:
        assert len(stage.calls(each.name)) > 0.95 * 29 * 2


def test_head_pages_come_evenly_and_use_up_the_budget(stages: Stages) -> None:
    """All but the reserve is spent, each stream's newest page read at an even pace."""
    stage = stages(BOTH, accounts=[account(channels=("sms", "email"))])
    stage.run(5 * HOUR)
    calls = [call for call in stage.calls() if call.time > START + 2 * HOUR]
    assert 0.97 * 29 * 3 < len(calls) <= 29 * 3
    cadence = 2 * HOUR / 29
    for stream in ("0", "8"):
        assert longest_wait(heads(calls, stream)) < 1.6 * cadence
    assert stage.stream("sms").cadence == pytest.approx(cadence, rel=0.6)


def test_the_reserve_is_left_to_others(stages: Stages) -> None:
    """Calls of the reserve are never made, not even when there is much to read."""
    main = account(budget={"reserve": 12})
    stage = stages(FULL_PAGES, accounts=[main])
    stage.run(2 * HOUR)
    moments = [call.time for call in stage.calls()]
    in_an_hour = [sum(at - HOUR < other <= at for other in moments) for at in moments]
    assert max(in_an_hour) == 18


def test_no_starvation_after_the_burst_of_the_first_sync(stages: Stages) -> None:
    """What the first sync takes at once is not missing later: pages keep coming."""
    busy = msgspec.structs.replace(LIVELY, per_hour=2000, begins=START - 8 * HOUR)
    stage = stages(busy)
    stage.run(1.5 * HOUR)
    first_minute = [call for call in stage.calls() if call.time < START + 60]
    assert len(first_minute) == 10
    assert longest_wait(heads(stage.calls(), "0")) < 4 * HOUR / 29


MIXED = msgspec.structs.replace(
    BUSY,
    per_hour=14_000,
    day_amplitude=0,
    operators=tuple(
        msgspec.structs.replace(each, latency=Latency(slow_share=0.3, slow_median=1500.0))
        for each in BUSY.operators
    ),
    campaigns=(Campaign(at=START + 1.2 * HOUR, size=6000, duration=300, period=None),),
    emails=Emails(),
    history_span=2 * HOUR,
    begins=START - HOUR,
)


def test_every_kind_of_call_stays_within_the_limits(stages: Stages, lines: Lines) -> None:
    """Crashes amid newest pages, windows, lookups and a backlog bring no call too many."""
    stage = stages(MIXED, seed=4, latency=2)
    live_badly(stage, 3 * HOUR, mean_life=HOUR / 3)
    assert not stage.gateway.refusals
    made = {(line["kind"], line["reason"]) for line in lines if line["event"] == "polled"}
    assert {kind for kind, _ in made} >= {"head", "window", "lookup", "backfill"}
    assert ("window", "backlog") in made
