"""Whatever moment the process dies at, the totals end at the truth.

Three exporters run the real program against a gateway each, over HTTP, and die by SIGKILL: early in
the start, while a call is under way or just answered, and at every SQL statement and commit from a
permit's booking to its page's end. Most incarnations are forked from a parent that has imported the
program (see `prefork`), some are started by the command that people use. Time is compressed by
configuration only.
"""

import math
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from exporter.simulation.limits import Limits
from exporter.simulation.spec import Emails, Latency, Operator, WorldSpec
from tests.crash.drill import ACCOUNT, Drill, Plan, drill
from tests.crash.oracle import Amounts, Oracle, shown
from tests.crash.prefork import ENDED
from tests.crash.victim import Prefork, Watch, samples


KILLS = 100
EARLIER = 20.0
"""Seconds of history before the first start."""
TRAFFIC = 40.0
"""Seconds from the first start in which messages are sent."""
LIFETIME = 12.0
"""Longest time from sending to the final status, seconds."""
DEADLINES = (("2s", 2), ("5s", 5), ("10s", 10))
SETTINGS = {"deadlines": [name for name, _ in DEADLINES], "grace": 0.5, "zero_hold": 0, "settle": 8}

LATENCY = Latency(
    fast_median=150,
    fast_sigma=0.8,
    slow_share=0.2,
    slow_median=600,
    slow_sigma=0.6,
    absent_share=0.1,
    absent_median=3000,
    absent_sigma=1.0,
    unreported_share=0.05,
    refusal_median=100,
)
BUSY = WorldSpec(
    per_hour=20 * 3600,
    day_amplitude=0,
    operators=(
        Operator(
            name="МТС", mccmnc="25001", share=0.7, latency=LATENCY, losses={6: 0.1, 255: 0.05}
        ),
        Operator(
            name="Kcell",
            mccmnc="40102",
            share=0.3,
            country="Казахстан",
            iso="KZ",
            prefix="7701",
            price=Decimal("6.125"),
            latency=LATENCY,
            losses={1: 0.1},
        ),
    ),
    emails=Emails(per_hour=2 * 3600, read_share=0, click_share=0),
    types={"flash": 0.03, "hlr": 0.03, "viber": 0.05},
    invalid_share=0.03,
    unregistered_share=0.03,
    no_route_share=0.03,
    late_share=0.05,
    max_late=700,
    validity=1000,
    time_scale=0.01,
    history_span=600,
)
"""Everything that has one truth, often: a message is final within `LIFETIME` and stays as it is."""
CALM = msgspec.structs.replace(BUSY, per_hour=4 * 3600, types={"call": 0.1, "hlr": 0.05})
PRICED = msgspec.structs.replace(CALM, price_change_share=1)
"""Prices change after the end; the head page always shows all messages."""
NOTHING = msgspec.structs.replace(CALM, ends=0)
"""What the first start meets where prices move: those of earlier messages are not reckoned here.

Nor are those of its own second, for rows show when they were sent in whole seconds.
"""
DENSE = msgspec.structs.replace(BUSY, per_hour=50 * 3600)
"""A head page spans less time than messages take to end: gaps and windows must find the rest."""


def often(requests: int) -> Limits:
    """So many calls an hour, alike or not."""
    return Limits(requests=requests, identical=1000, identical_window=10)


PLANS = (
    Plan(world=BUSY, limits=often(10_800), settings=SETTINGS, seed=11),
    Plan(world=PRICED, limits=often(10_800), settings=SETTINGS, seed=12),
    Plan(world=DENSE, limits=often(14_400), settings=SETTINGS, seed=13, channels=("sms",)),
)


@dataclass(frozen=True)
class Ended:
    """How a drill ended."""

    kills: int
    scrapes: int
    falls: list[str]
    expected: Amounts
    found: Amounts
    page: str
    calls: int
    booked: int
    refusals: dict[str, int]
    log: str


@pytest.fixture(scope="module")
def ended(prefork: Prefork, tmp_path_factory: pytest.TempPathFactory) -> list[Ended]:
    """Every plan carried out, side by side."""
    folder = tmp_path_factory.mktemp("drills")
    begun = time.time()
    with ThreadPoolExecutor(len(PLANS)) as pool:
        running = [
            pool.submit(carry_out, plan, begun, folder / str(number), prefork)
            for number, plan in enumerate(PLANS)
        ]
        return [drilled.result() for drilled in running]


def carry_out(plan: Plan, begun: float, folder: Path, prefork: Prefork) -> Ended:
    """Kill until the traffic has ended and enough have died, then let one run to the end."""
    ends = begun + TRAFFIC
    curtain = ends + LIFETIME
    world = msgspec.structs.replace(plan.world, begins=begun - EARLIER, ends=ends)
    moving = world.price_change_share > 0
    plan = replace(plan, world=NOTHING if moving else world)
    with drill(plan, folder, prefork, curtain) as running, Watch(running.victim, 0.25) as watch:
        running.become_known()
        if moving:
            world = msgspec.structs.replace(world, begins=math.ceil(time.time()))
            running.show(world)
        while time.time() < curtain or running.victim.kills * len(PLANS) < KILLS:
            running.live_through()
        killed = running.victim.kills
        running.victim.start_command()
        running.victim.await_page(Settled(running, curtain), 120)
        running.await_release()
        page = running.victim.page()
        assert page is not None
        running.victim.stop()
        expected = truth(running, world, curtain)
    return Ended(
        killed,
        watch.scrapes,
        watch.falls,
        expected,
        shown(page, ACCOUNT),
        page,
        len(running.gateway.calls),
        running.booked(),
        dict(running.gateway.refusals),
        running.victim.log.read_text(),
    )


class Settled:
    """Whether an exporter has nothing more to learn, by what it says itself.

    It tracks nothing, and has then read a page of each channel: that one shows the last prices.
    """

    def __init__(self, running: Drill, curtain: float) -> None:
        self._channels = running.plan.channels
        self._curtain = curtain
        self._since: float | None = None

    def __call__(self, found: dict[str, float]) -> bool:
        if not self._quiet(found):
            self._since = None
            return False
        if self._since is None:
            self._since = max(time.time(), self._curtain)
        read = "smsc_poll_last_success_timestamp_seconds"
        return all(self._value(found, read, c, 0.0) > self._since for c in self._channels)

    def _quiet(self, found: dict[str, float]) -> bool:
        kept = ("smsc_tracked_messages", "smsc_history_gaps")
        left = (self._value(found, name, c, 1.0) for name in kept for c in self._channels)
        return not any(left) and found.get('smsc_up{account="main"}') == 1

    @staticmethod
    def _value(found: dict[str, float], name: str, channel: str, absent: float) -> float:
        labels = [f'account="{ACCOUNT}"', f'channel="{channel}"']
        if name.startswith("smsc_poll"):
            labels.append('endpoint="history"')
        return found.get(f"{name}{{{','.join(sorted(labels))}}}", absent)


def truth(running: Drill, world: WorldSpec, curtain: float) -> Amounts:
    """What the totals must be, from the gateway's truth and the ledger's baselines."""
    oracle = Oracle(
        account=ACCOUNT, baselines=running.baselines(), deadlines=DEADLINES, until=curtain
    )
    sent = running.gateway.accounts["drill"].world.truth(world.begins or 0, world.ends or 0)
    return oracle.totals(one for one in sent if one.stream in running.plan.channels)


def differences(ended: Ended, *, without: tuple[str, ...] = ()) -> list[str]:
    """Each sample that is not as it must be."""
    series = sorted(ended.expected.keys() | ended.found.keys(), key=str)
    return [
        f"{name} {dict(labels)}: {ended.found.get((name, labels), 0)},"
        f" not {ended.expected.get((name, labels), 0)}"
        for name, labels in series
        if name not in without
        and ended.found.get((name, labels)) != ended.expected.get((name, labels))
    ]


@pytest.mark.timeout(400)
class TestKilledAgainAndAgain:
    """One long drill, looked at from all sides."""

    def test_enough_have_died(self, ended: list[Ended]) -> None:
        """The drill is as hard as it claims to be: a hundred kills and more, each a SIGKILL."""
        assert sum(one.kills for one in ended) >= KILLS
        for one in ended:
            assert ENDED.decode() not in one.log
            assert {name for name, _ in one.expected} >= {"smsc_message_failures_total", "cost"}

    @pytest.mark.parametrize("number", range(len(PLANS)))
    def test_every_total_is_the_truth(self, ended: list[Ended], number: int) -> None:
        """Messages, statuses, failures, cohorts, money and times: each counted exactly once."""
        moving = PLANS[number].world.price_change_share > 0
        without = ("smsc_matured_cost_total",) if moving else ()
        assert differences(ended[number], without=without) == []

    @pytest.mark.parametrize("number", range(len(PLANS)))
    def test_no_counter_falls(self, ended: list[Ended], number: int) -> None:
        """Between any two scrapes, restarts between them or not, Prometheus sees no reset."""
        assert ended[number].scrapes > 25
        assert ended[number].falls == []

    @pytest.mark.parametrize("number", range(len(PLANS)))
    def test_discovery_is_counted_once_a_message(self, ended: list[Ended], number: int) -> None:
        """What depends on when a reading came is still there once for each message counted."""
        found = samples(ended[number].page)
        seen = sum(v for s, v in found.items() if "discovery_delay_seconds_count" in s)
        submitted = sum(v for s, v in found.items() if "smsc_messages_submitted_total" in s)
        assert seen == submitted

    @pytest.mark.parametrize("number", range(len(PLANS)))
    def test_no_call_leaves_without_a_permit(self, ended: list[Ended], number: int) -> None:
        """The gateway saw no call that is not in the ledger, and refused none."""
        assert ended[number].calls <= ended[number].booked
        assert ended[number].refusals == {}
