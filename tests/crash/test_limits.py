"""Dying in a loop must not get one call more than allowed.

The gateways are strict and the budgets small. A call that nobody saw the end of counts until the
last moment at which it can have reached the gateway, so killed incarnations make polling slower,
never faster.
"""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from exporter.simulation.faults import PATHS
from exporter.simulation.limits import Limits
from exporter.simulation.spec import WorldSpec
from exporter.simulation.visits import Call
from tests.crash.drill import Drill, Plan, drill
from tests.crash.victim import Prefork


KILLS = 30
"""For each of the limits; most leave a call without an end."""
CALLS = 20
ALL = Limits(requests=4, window=5, identical=1000, identical_window=5)
ALIKE = Limits(requests=36_000, window=3600, identical=4, identical_window=4)


def plan(limits: Limits, seed: int) -> Plan:
    """Little traffic, so that every call is a head page and the same as the one before."""
    world = WorldSpec(per_hour=600, history_span=600)
    return Plan(world=world, limits=limits, channels=("sms",), timeout=1, latency=0.1, seed=seed)


PLANS = (plan(ALL, 7), plan(ALIKE, 8))


@pytest.fixture(scope="module")
def killed(prefork: Prefork, tmp_path_factory: pytest.TempPathFactory) -> list[Drill]:
    """Exporters that were killed again and again, as soon as they had called."""
    folder = tmp_path_factory.mktemp("limits")
    with ThreadPoolExecutor(len(PLANS)) as pool:
        running = [
            pool.submit(carry_out, plan, folder / str(number), prefork)
            for number, plan in enumerate(PLANS)
        ]
        return [drilled.result() for drilled in running]


def carry_out(plan: Plan, folder: Path, prefork: Prefork) -> Drill:
    """Kill until enough have died and called."""
    with drill(plan, folder, prefork) as running:
        running.become_known()
        while running.victim.kills < KILLS or len(running.gateway.calls) < CALLS:
            running.call_and_die(calls=1)
    return running


def read(drill: Drill) -> list[Call]:
    """History calls as the gateway saw them."""
    return [call for call in drill.gateway.calls if call.path == PATHS["history"]]


def most_within(times: list[float], seconds: float) -> int:
    """Most events in any window of that length, its end excluded."""
    return max(sum(1 for time in times if start <= time < start + seconds) for start in times)


@pytest.mark.timeout(300)
class TestKilledInALoop:
    """Two drills, looked at from all sides."""

    @pytest.mark.parametrize("number", range(len(PLANS)))
    def test_the_gateway_refuses_nothing(self, killed: list[Drill], number: int) -> None:
        """Not one call is over a limit, though the gateway counts to the millisecond."""
        gateway = killed[number].gateway
        assert gateway.errors[9] == 0
        assert gateway.refusals == Counter()

    def test_no_window_holds_more_calls_than_allowed(self, killed: list[Drill]) -> None:
        """The same by the calls' own times, without trusting the gateway's counting."""
        times = [call.time for call in read(killed[0])]
        assert most_within(times, ALL.window) <= ALL.requests

    def test_no_window_holds_more_calls_alike_than_allowed(self, killed: list[Drill]) -> None:
        """Head pages are all the same call."""
        times = [call.time for call in read(killed[1]) if "prev_id" not in call.parameters]
        assert most_within(times, ALIKE.identical_window) <= ALIKE.identical

    @pytest.mark.parametrize("number", range(len(PLANS)))
    def test_every_call_has_its_permit(self, killed: list[Drill], number: int) -> None:
        """The ledger knows of every call that the gateway saw."""
        assert CALLS <= len(killed[number].gateway.calls) <= killed[number].booked()
