"""What happens in the pictures: two accounts and a day that has everything."""

from decimal import Decimal
from typing import Literal

import msgspec

from exporter.config import Account, Credentials, Secret
from exporter.simulation.faults import Fault, FaultKind
from exporter.simulation.presets import OPERATORS, QUIET
from exporter.simulation.spec import (
    Campaign,
    Emails,
    Operator,
    Outage,
    Recurrence,
    Refusal,
    WorldSpec,
)


MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0
MTS, MEGAFON, BEELINE, TELE2, KCELL = OPERATORS
UCELL = Operator(
    name="Ucell",
    mccmnc="43405",
    share=0.0001,
    country="Узбекистан",
    iso="UZ",
    prefix="99893",
    population=400,
    price=Decimal("9.80"),
)
"""A network that nobody means to write to."""
SENDERS = {"SHOP": 0.6, "BANK": 0.25, "TAXI": 0.15}


def accounts() -> tuple[Account, ...]:
    """A shop that sends all day and a bank that sends little."""
    return (_account("shop", ("sms", "email")), _account("bank", ("sms",)))


def _account(name: str, channels: tuple[Literal["sms", "email"], ...]) -> Account:
    return Account(
        name=name,
        credentials=Credentials(login=name, password=Secret(name)),
        channels=channels,
        expected_countries=("RU", "KZ"),
    )


def worlds(end: float) -> dict[str, WorldSpec]:
    """The traffic of each account; the incidents lie before ``end``, Unix seconds."""
    return {"shop": _shop(end), "bank": _bank(end)}


def faults(end: float) -> tuple[Fault, ...]:
    """When the gateway does not answer."""
    start = end - 14 * HOUR
    return (Fault(kind=FaultKind.HTTP_503, start=start, end=start + 25 * MINUTE),)


def restart(end: float) -> float:
    """When the exporter is started anew, Unix seconds."""
    return end - 11 * HOUR


def _shop(end: float) -> WorldSpec:
    return msgspec.structs.replace(
        QUIET,
        per_hour=900,
        weekend=0.7,
        slice_seconds=MINUTE,
        operators=_operators(end),
        senders=SENDERS,
        types={"viber": 0.02, "hlr": 0.005},
        emails=Emails(per_hour=120),
        campaigns=(_mailing(end), _pumping(end)),
        refusals=(_lapsed(end),),
        correction_share=0.1,
        history_span=10 * DAY,
    )


def _operators(end: float) -> tuple[Operator, ...]:
    """One that is stuck at the end, and one that was slow in the morning."""
    stuck = Outage(at=end - 50 * MINUTE, duration=2 * HOUR, period=None)
    slow = Outage(
        at=end - 9 * HOUR, duration=HOUR, period=None, kind="slow", factor=12, climb=15 * MINUTE
    )
    megafon = msgspec.structs.replace(MEGAFON, outages=(stuck,))
    beeline = msgspec.structs.replace(BEELINE, outages=(slow,))
    return (MTS, megafon, beeline, TELE2, KCELL, UCELL)


def _mailing(end: float) -> Campaign:
    return Campaign(at=end - 20 * HOUR, duration=30 * MINUTE, period=None, size=4000)


def _pumping(end: float) -> Campaign:
    """Somebody who sends to a network of his own through the shop's form."""
    return Campaign(
        at=end - 3 * HOUR,
        duration=40 * MINUTE,
        period=None,
        size=160,
        sender="SHOP",
        operator=UCELL.name,
    )


def _lapsed(end: float) -> Refusal:
    """A sender name that is no longer registered with one operator."""
    return Refusal(
        at=end - 5 * HOUR, duration=HOUR, period=None, sender="TAXI", operator=TELE2.name
    )


def _bank(end: float) -> WorldSpec:
    broke = Recurrence(at=end - 7 * HOUR, duration=25 * MINUTE, period=None)
    return msgspec.structs.replace(
        QUIET,
        per_hour=60,
        types={},
        senders={"BANK": 1.0},
        no_funds=(broke,),
        history_span=10 * DAY,
    )
