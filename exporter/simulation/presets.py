"""Worlds to choose by name."""

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import msgspec

from exporter.simulation.spec import (
    Campaign,
    Emails,
    Latency,
    Operator,
    Outage,
    WorldSpec,
    read_world,
)


RUSSIAN_REGIONS = (
    "г.Москва и Московская область",
    "г.Санкт-Петербург и Ленинградская область",
    "Свердловская область",
    "Краснодарский край",
    "Новосибирская область",
    "",
)
MTS = Operator(
    name="МТС",
    mccmnc="25001",
    share=0.30,
    prefix="7916",
    regions=RUSSIAN_REGIONS,
    price=Decimal("2.45"),
    losses={6: 0.012, 1: 0.006, 13: 0.003},
)
MEGAFON = Operator(
    name="МегаФон",
    mccmnc="25002",
    share=0.25,
    prefix="7926",
    regions=RUSSIAN_REGIONS,
    price=Decimal("2.70"),
    losses={6: 0.015, 11: 0.003, 255: 0.004},
)
BEELINE = Operator(
    name="Билайн",
    mccmnc="25099",
    share=0.24,
    prefix="7903",
    regions=RUSSIAN_REGIONS,
    price=Decimal("2.61"),
    losses={6: 0.02, 1: 0.008, 253: 0.004},
    latency=Latency(fast_median=11.0, slow_share=0.12),
)
TELE2 = Operator(
    name="Tele2",
    mccmnc="25020",
    share=0.16,
    prefix="7952",
    regions=RUSSIAN_REGIONS,
    price=Decimal("2.20"),
    losses={6: 0.018, 12: 0.004},
)
KCELL = Operator(
    name="Kcell",
    mccmnc="40102",
    share=0.05,
    country="Казахстан",
    iso="KZ",
    prefix="7701",
    price=Decimal("6.125"),
    losses={6: 0.03, 255: 0.02},
    latency=Latency(fast_median=15.0, unreported_share=0.02),
)
OPERATORS = (MTS, MEGAFON, BEELINE, TELE2, KCELL)
HOUR = 3600.0

LIVELY = WorldSpec(
    per_hour=1500,
    operators=OPERATORS,
    senders={"SHOP": 0.6, "BANK": 0.25, "TAXI": 0.15},
    types={"flash": 0.003, "hlr": 0.005, "call": 0.01, "viber": 0.02},
    invalid_share=0.006,
    unregistered_share=0.003,
    no_route_share=0.002,
    click_share=0.02,
    correction_share=0.02,
    price_change_share=0.002,
    scheduled_share=0.01,
    stopped_share=0.001,
    late_share=0.01,
)

QUIET = msgspec.structs.replace(LIVELY, per_hour=20, slice_seconds=600)
DEMO = msgspec.structs.replace(
    LIVELY,
    emails=Emails(per_hour=300),
    operators=(
        MTS,
        msgspec.structs.replace(
            MEGAFON,
            outages=(
                Outage(at=600, duration=900, period=HOUR),
                Outage(at=2700, duration=180, period=HOUR, kind="refused"),
            ),
        ),
        *OPERATORS[2:],
    ),
)
BUSY = msgspec.structs.replace(LIVELY, per_hour=8000, emails=Emails(per_hour=500))
CAMPAIGN = msgspec.structs.replace(
    LIVELY,
    per_hour=500,
    campaigns=(Campaign(at=14.3 * HOUR, size=40_000, duration=900),),
)

PRESETS: Mapping[str, WorldSpec] = {
    "quiet": QUIET,
    "demo": DEMO,
    "busy": BUSY,
    "campaign": CAMPAIGN,
}
"""quiet: 20 messages an hour; demo: lively, one operator in trouble now and then, e-mails;
busy: 8,000 an hour; campaign: 500 an hour and 40,000 within a quarter of an hour each day."""


def find_world(name: str) -> WorldSpec:
    """The preset of this name, or the world in the YAML file of this path.

    Raises `FileNotFoundError` naming the presets when it is neither, and what `read_world` raises.
    """
    if name in PRESETS:
        return PRESETS[name]
    path = Path(name)
    if not path.exists():
        raise FileNotFoundError(
            f"no world {name!r}: neither a file nor one of {', '.join(PRESETS)}"
        )
    return read_world(path)
