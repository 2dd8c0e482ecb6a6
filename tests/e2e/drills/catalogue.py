"""The drills."""

from decimal import Decimal

import msgspec

from exporter.simulation.events import Campaign, Outage, Recurrence, Refusal
from exporter.simulation.faults import Fault, FaultKind
from exporter.simulation.funds import Funds
from exporter.simulation.presets import LIVELY, MEGAFON
from exporter.simulation.spec import Operator, WorldSpec
from tests.e2e.drills.drill import Drill, Scene


MINUTE = 60.0
LONG = 30 * 86400.0
RATE = 1000.0
"""Messages an hour at the time of the incidents."""
AT_TEN = 1.3
"""The rate then, to that of a whole day."""
DOWN = 40.0
"""Seconds that a restart or an upgrade takes."""
ORDINARY = msgspec.structs.replace(
    LIVELY,
    per_hour=RATE / AT_TEN,
    day_amplitude=0.5,
    types={"hlr": 0.01},
    funds=Funds(start=Decimal(10_000_000)),
)
"""A thousand messages an hour at ten in the morning, to five operators, a quarter of them to
МегаФон, with everyday losses.
"""
PAST = Drill(key="past", title="the days before", world=lambda _moment: ORDINARY)
AFRICA = Operator(
    name="Airtel", mccmnc="63303", share=0.0, country="Сейшелы", iso="SC", prefix="248277", digits=4
)


def ordinary(_moment: float) -> WorldSpec:
    """Nothing happens."""
    return ORDINARY


def _from(moment: float) -> Recurrence:
    return Recurrence(at=moment, duration=LONG, period=None)


def _troubled(outage: Outage, *names: str) -> WorldSpec:
    """These operators, or all, in trouble."""
    operators = (
        msgspec.structs.replace(operator, outages=(outage,))
        if not names or operator.name in names
        else operator
        for operator in ORDINARY.operators
    )
    return msgspec.structs.replace(ORDINARY, operators=tuple(operators))


def one_dies(moment: float) -> WorldSpec:
    """No message to the operator with a quarter of the traffic becomes final any more."""
    return _troubled(Outage(at=moment, duration=LONG, period=None), MEGAFON.name)


def one_refuses(moment: float) -> WorldSpec:
    """That operator refuses every message within seconds."""
    return _troubled(
        Outage(at=moment, duration=LONG, period=None, kind="refused", err=220), MEGAFON.name
    )


def all_die(moment: float) -> WorldSpec:
    """No message becomes final any more."""
    return _troubled(Outage(at=moment, duration=LONG, period=None))


def one_slows(moment: float) -> WorldSpec:
    """That operator takes longer and longer, twelve times as long after a quarter of an hour."""
    outage = Outage(
        at=moment, duration=LONG, period=None, kind="slow", factor=12.0, climb=15 * MINUTE
    )
    return _troubled(outage, MEGAFON.name)


def sender_refused(moment: float) -> WorldSpec:
    """The name with a quarter of the traffic is registered no longer."""
    refusal = Refusal(at=moment, duration=LONG, period=None, sender="BANK")
    return msgspec.structs.replace(ORDINARY, refusals=(refusal,))


def sender_refused_by_one(moment: float) -> WorldSpec:
    """One operator rejects that name (err 255)."""
    refusal = Refusal(
        at=moment,
        duration=LONG,
        period=None,
        sender="BANK",
        operator=MEGAFON.name,
        status=20,
        err=255,
    )
    return msgspec.structs.replace(ORDINARY, refusals=(refusal,))


def funds_gone(moment: float) -> WorldSpec:
    """Everything ends in status 24."""
    return msgspec.structs.replace(ORDINARY, no_funds=(_from(moment),))


def strange_country(moment: float) -> WorldSpec:
    """Two messages a minute to a country that nobody expects."""
    pumping = Campaign(
        at=moment, duration=10 * 3600.0, period=None, size=1200, operator=AFRICA.name, sender="SHOP"
    )
    operators = (*ORDINARY.operators, AFRICA)
    return msgspec.structs.replace(ORDINARY, operators=operators, campaigns=(pumping,))


def queue_stuck(moment: float) -> WorldSpec:
    """Nothing is passed on any more: -1 for ever."""
    return msgspec.structs.replace(ORDINARY, holds=(_from(moment),))


def refused_login(moment: float) -> tuple[Fault, ...]:
    """The password expires."""
    return (Fault(kind=FaultKind.ERROR_2, start=moment),)


def blocked(moment: float) -> tuple[Fault, ...]:
    """The address is shut out."""
    return (Fault(kind=FaultKind.ERROR_4, start=moment),)


def gateway_down(moment: float) -> tuple[Fault, ...]:
    """The gateway answers 503."""
    return (Fault(kind=FaultKind.HTTP_503, start=moment),)


async def eaten(scene: Scene) -> None:
    """Another program wants as many calls as there are."""
    await scene.other_program(30.0)


async def restarted(scene: Scene) -> None:
    """The exporter is stopped and started, and later killed and started."""
    await scene.restart(down=DOWN, version="0.1.0")
    await scene.clock.sleep(10 * MINUTE)
    await scene.restart(down=DOWN, version="0.1.0", crash=True)


async def upgraded(scene: Scene) -> None:
    """Another version takes over."""
    await scene.restart(down=2 * DOWN, version="0.2.0")


DRILLS = (
    Drill(
        key="operator-dies",
        title="one operator dies (25 % of 1,000 messages an hour)",
        world=one_dies,
        within={"SmscOperatorDown": 15 * MINUTE},
        besides=frozenset({"SmscOperatorDeliveryDegraded", "SmscDeliveryDegraded"}),
    ),
    Drill(
        key="operator-refuses",
        title="one operator refuses everything",
        world=one_refuses,
        within={"SmscOperatorDown": 15 * MINUTE},
        besides=frozenset(
            {"SmscOperatorDeliveryDegraded", "SmscDeliveryDegraded", "SmscErrorCodeSurge"}
        ),
    ),
    Drill(
        key="all-die",
        title="all operators die",
        world=all_die,
        within={"SmscDeliveryDegraded": 12 * MINUTE},
        besides=frozenset({"SmscOperatorDown", "SmscOperatorDeliveryDegraded", "SmscQueueStuck"}),
    ),
    Drill(
        key="operator-slows",
        title="latency of one operator climbs to 12 times",
        world=one_slows,
        within={"SmscSlowDelivery": 30 * MINUTE},
        besides=frozenset({"SmscOperatorDeliveryDegraded"}),
    ),
    Drill(
        key="sender-refused",
        title="a sender name is refused everywhere (err 254)",
        world=sender_refused,
        within={"SmscSenderRejected": 12 * MINUTE},
        besides=frozenset(
            {"SmscOperatorDeliveryDegraded", "SmscDeliveryDegraded", "SmscErrorCodeSurge"}
        ),
    ),
    Drill(
        key="sender-rejected",
        title="one operator rejects a sender name (err 255)",
        world=sender_refused_by_one,
        within={"SmscErrorCodeSurge": 40 * MINUTE},
        besides=frozenset({"SmscOperatorDeliveryDegraded"}),
    ),
    Drill(
        key="funds-gone",
        title="funds run out (status 24)",
        world=funds_gone,
        within={"SmscInsufficientFunds": 5 * MINUTE},
        quiet=frozenset(
            {
                "SmscDeliveryDegraded",
                "SmscOperatorDown",
                "SmscOperatorDeliveryDegraded",
                "SmscBalanceRunwayLow",
                "SmscBalanceRunwayCritical",
            }
        ),
    ),
    Drill(
        key="strange-country",
        title="messages to an unexpected country",
        world=strange_country,
        within={"SmscUnexpectedCountry": 12 * MINUTE},
        quiet=frozenset({"SmscNewCountryTraffic", "SmscCountryVolumeSpike"}),
    ),
    Drill(
        key="queue-stuck",
        title="queue stuck (-1 for ever)",
        world=queue_stuck,
        within={"SmscDeliveryDegraded": 15 * MINUTE, "SmscQueueStuck": 30 * MINUTE},
        besides=frozenset({"SmscOperatorDown", "SmscOperatorDeliveryDegraded"}),
    ),
    Drill(
        key="login-refused",
        title="credentials expire (error 2)",
        world=ordinary,
        faults=refused_login,
        within={"SmscAuthFailed": 5 * MINUTE},
        quiet=frozenset({"SmscPollStale"}),
    ),
    Drill(
        key="address-blocked",
        title="address blocked (error 4)",
        world=ordinary,
        faults=blocked,
        within={"SmscIpBlocked": 5 * MINUTE},
        quiet=frozenset({"SmscPollStale"}),
    ),
    Drill(
        key="gateway-down",
        title="gateway down (HTTP 503)",
        world=ordinary,
        faults=gateway_down,
        within={"SmscPollStale": 15 * MINUTE},
        quiet=frozenset({"SmscHistoryBehind", "SmscCohortsOverdue"}),
    ),
    Drill(
        key="budget-eaten",
        title="another program eats the budget",
        world=ordinary,
        befall=eaten,
        within={"SmscRateLimited": 40 * MINUTE},
        besides=frozenset({"SmscPollStale", "SmscApiBudgetLow"}),
    ),
    Drill(
        key="restart",
        title="a restart and a crash in mid-traffic",
        world=ordinary,
        befall=restarted,
    ),
    Drill(
        key="upgrade",
        title="an upgrade in mid-traffic",
        world=ordinary,
        befall=upgraded,
    ),
    Drill(key="quiet", title="nothing happens", world=ordinary),
)
