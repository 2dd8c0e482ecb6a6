"""Eleven traffic traces of two days each, on which planners are compared.

Nothing is sent before they begin. Rows show up in order and at once, and nothing changes after it
is final: what they differ by is rate, tail, bursts, failures, and who else spends the budget.
"""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from exporter.config import Budget
from exporter.rehearsal.scenario import HOUR, START, Scenario, Sender
from exporter.simulation.presets import OPERATORS
from exporter.simulation.spec import Campaign, Latency, Operator, Outage, WorldSpec


HOURS = 48.0
SHARES = (0.30, 0.25, 0.24, 0.16, 0.05)
"""Operators' shares of the messages."""
MESSAGES_OF_A_NUMBER = 1.5
"""Everyday messages that a number gets in a day, on average."""
LEAST_POPULATION = 50
POPULARITY = 0.8
REGULARS_OF_AN_OPERATOR = 2
REFUSED = 0.015
"""Share of messages that an operator refuses within seconds."""
FAILING = 1
"""The operator that an outage befalls: the one with a quarter of the messages."""
QUIET = 100.0
"""Below this many messages an hour slices of the world are ten minutes long instead of one."""


def operators(per_day: float, unreported: float = 0.0) -> tuple[Operator, ...]:
    """Five operators alike but for their shares of all numbers and messages.

    For ``unreported`` of the messages no receipt ever comes: they expire a day after sending.
    """
    numbers = max(LEAST_POPULATION, per_day / MESSAGES_OF_A_NUMBER)
    return tuple(
        msgspec.structs.replace(
            operator,
            share=share,
            population=max(1, round(numbers * share)),
            latency=Latency(unreported_share=unreported),
            losses={6: REFUSED},
            regions=("",),
        )
        for operator, share in zip(OPERATORS, SHARES, strict=True)
    )


def plain_world(rate: float, swing: float = 0.0, unreported: float = 0.0) -> WorldSpec:
    """A world of ``rate`` messages an hour, swinging over the day by the share ``swing``."""
    return WorldSpec(
        per_hour=rate,
        day_amplitude=swing,
        operators=operators(24 * rate, unreported),
        popularity=POPULARITY,
        regulars=REGULARS_OF_AN_OPERATOR,
        queued_share=0.0,
        nasty_share=0.0,
        begins=START,
        slice_seconds=600.0 if rate < QUIET else 60.0,
    )


def with_campaigns(spec: WorldSpec, *hours: float) -> WorldSpec:
    """The world with mailings of 40,000 within a quarter of an hour, so many hours after START."""
    mailings = tuple(
        Campaign(at=START + hour * HOUR, duration=900.0, period=None, size=40_000) for hour in hours
    )
    return msgspec.structs.replace(spec, campaigns=mailings)


def with_outage(spec: WorldSpec, operator: int, outage: Outage) -> WorldSpec:
    """The world with one operator in trouble."""
    changed = list(spec.operators)
    outages = (*changed[operator].outages, outage)
    changed[operator] = msgspec.structs.replace(changed[operator], outages=outages)
    return msgspec.structs.replace(spec, operators=tuple(changed))


def stuck(hour: float, hours: float, drain: float = 900.0) -> Outage:
    """Nothing becomes final from ``hour`` after START on; then the queue drains in so many s."""
    return Outage(at=START + hour * HOUR, duration=hours * HOUR, period=None, drain=drain)


class Trace(msgspec.Struct, frozen=True, kw_only=True):
    """The recipe of one trace."""

    name: str
    seed: int
    world: Callable[[], WorldSpec]
    foreign: float = 0.0


TRACES: Mapping[str, Trace] = {
    "1": Trace(name="quiet 20/h", seed=101, world=lambda: plain_world(20, 0.6)),
    "2": Trace(name="steady 1k/h", seed=102, world=lambda: plain_world(1000)),
    "3": Trace(name="8k/h diurnal", seed=103, world=lambda: plain_world(8000, 0.5)),
    "4": Trace(name="20k/h", seed=104, world=lambda: plain_world(20_000)),
    "5": Trace(name="28k/h", seed=105, world=lambda: plain_world(28_000)),
    "6": Trace(
        name="campaign", seed=106, world=lambda: with_campaigns(plain_world(500, 0.6), 14.3, 37.1)
    ),
    "7": Trace(
        name="outage",
        seed=107,
        world=lambda: with_outage(plain_world(8000, 0.5), FAILING, stuck(19, 3)),
    ),
    "8": Trace(name="long tail 4k/h", seed=108, world=lambda: plain_world(4000, 0.0, 0.05)),
    "9": Trace(name="shared budget 8k/h", seed=109, world=lambda: plain_world(8000), foreign=10.0),
    "10": Trace(name="overload peak 43k", seed=110, world=lambda: plain_world(22_000, 0.95)),
    "11": Trace(name="flat 40k/h", seed=111, world=lambda: plain_world(40_000)),
}


def trace(key: str, *, hours: float = HOURS, offset: int = 0, **changes: Any) -> Scenario:
    """The trace of this key ("1" to "11"), its first hours; ``offset`` gives other seeds.

    ``changes`` are fields of `Scenario`. Raises `KeyError` for a key that no trace has.
    """
    recipe = TRACES[key]
    seed = recipe.seed + offset
    scenario = Scenario(
        name=f"{key} {recipe.name}",
        senders=(Sender(world=recipe.world(), seed=seed),),
        hours=hours,
        foreign=recipe.foreign,
        budget=Budget(reserve=0),
        seed=seed,
    )
    return msgspec.structs.replace(scenario, **changes)
