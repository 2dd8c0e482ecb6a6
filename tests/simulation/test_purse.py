"""The simulated gateway's balances: what messages cost, what is paid in, and how that is told."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.simulation.clock import START, VirtualClock
from exporter.simulation.faults import Fault, FaultKind, Faults
from exporter.simulation.gateway import Gateway
from exporter.simulation.purse import Purse
from exporter.simulation.spec import Funds, Recurrence, WorldSpec, load_world
from exporter.simulation.transport import GatewayTransport
from exporter.simulation.visits import Account
from exporter.simulation.world import World


HOUR = 3600.0
START_WITH = Decimal(100)
SPEC = WorldSpec(
    per_hour=200,
    price_change_share=0.3,
    scheduled_share=0.1,
    funds=Funds(start=START_WITH, top_up=Decimal(0)),
)
FIELDS = {"login": "alex", "psw": "123", "cur": "1"}


def spent(world: World, until: float) -> Decimal:
    """What all messages since the start cost then, counted afresh."""
    truths = world.truth(START, until)
    return sum((truth.cost(until) for truth in truths if truth.created < until), Decimal(0))


@given(st.lists(st.floats(0, 3 * HOUR), min_size=1, max_size=5).map(sorted), st.integers(1, 99))
def test_it_falls_by_the_cost_of_what_is_sent(moments: list[float], seed: int) -> None:
    """However often it is looked at, every charge and every change of a cost is in it once."""
    world = World(SPEC, seed)
    purse = Purse(world, START)
    for moment in moments:
        assert purse.at(START + moment) == START_WITH - spent(world, START + moment)


def test_it_is_topped_up_when_it_runs_low() -> None:
    """The same payments are made whether or not anybody looks."""
    funds = Funds(start=Decimal(50), below=Decimal(20), top_up=Decimal(40))
    world = World(SPEC.__replace__(funds=funds) if False else _with(funds))
    watched, left_alone = Purse(world, START), Purse(world, START)
    seen = [watched.at(START + minute * 60) for minute in range(120)]
    assert min(seen) >= 20 - 15
    assert left_alone.at(START + 119 * 60) == seen[-1]
    paid = seen[-1] + spent(world, START + 119 * 60) - 50
    assert paid > 0
    assert paid % 40 == 0
