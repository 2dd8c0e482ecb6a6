"""Accounts that live through thirty ordinary days."""

from decimal import Decimal

import msgspec

from exporter import __version__
from exporter.simulation.events import Campaign
from exporter.simulation.faults import Fault, FaultKind
from exporter.simulation.funds import Funds
from exporter.simulation.presets import LIVELY
from exporter.simulation.spec import WorldSpec
from tests.e2e.drills.drill import Drill, Scene


HOUR = 3600.0
DAY = 24 * HOUR
WEEK = 7 * DAY
TUESDAY, THURSDAY = 5 * DAY, 0.0
"""Days of the week as Unix time counts them: it began on a Thursday."""
RESTARTS = (3.4 * DAY, 9.6 * DAY, 17.45 * DAY, 24.3 * DAY)
"""When the exporter is started anew, every second time after a crash; seconds from the start."""
DOWN = 45.0
PRICE = 4
"""More than an average message costs."""
HICCUPS = (
    Fault(kind=FaultKind.HTTP_502, probability=0.003),
    Fault(kind=FaultKind.TIMEOUT, probability=0.001),
    Fault(kind=FaultKind.RESET, probability=0.001),
)
"""What any gateway gets wrong now and then."""


def world(per_day: float, mailing: int) -> WorldSpec:
    """Days and nights, weekends, losses as usual, and two mailings a week of so many messages."""
    mailings = (
        Campaign(at=TUESDAY + 12 * HOUR, duration=HOUR, period=WEEK, size=mailing),
        Campaign(at=THURSDAY + 17 * HOUR, duration=HOUR / 2, period=WEEK, size=mailing),
    )
    return msgspec.structs.replace(
        LIVELY,
        per_hour=per_day / 24,
        day_amplitude=0.95,
        weekend=0.4,
        campaigns=mailings,
        funds=_topped_up(Decimal(PRICE * (per_day + mailing))),
        senders={"SHOP": 0.7, "BANK": 0.3},
        types={"hlr": 0.01},
        population=max(50, round(2 * per_day)),
        slice_seconds=600.0 if per_day < 5000 else 60.0,
    )


def _topped_up(day: Decimal) -> Funds:
    """Somebody pays in time; ``day`` is what a day costs at most."""
    return Funds(start=10 * day, below=4 * day, top_up=10 * day)


async def restarts(scene: Scene) -> None:
    """The exporter is stopped or killed now and then, and started again."""
    began = scene.clock.now()
    for number, at in enumerate(RESTARTS):
        await scene.clock.sleep(began + at - scene.clock.now())
        await scene.restart(down=DOWN, version=__version__, crash=number % 2 == 1)


def account(per_day: int, mailing: int) -> Drill:
    """An account of so many messages a day besides its mailings."""
    spec = world(per_day, mailing)
    return Drill(
        key=f"{per_day}-a-day",
        title=f"{per_day:,} messages a day",
        world=lambda _moment: spec,
        faults=lambda _moment: HICCUPS,
        befall=restarts,
    )


ACCOUNTS = (account(20, 10), account(500, 300), account(20_000, 8000))
