"""Colours, units and limits: the same thing looks the same on every dashboard."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final, NamedTuple

from grafana_foundation_sdk.models.dashboard import (
    DashboardFieldConfigSourceOverrides as Override,
)
from grafana_foundation_sdk.models.dashboard import (
    DashboardSpecialValueMapOptions,
    DynamicConfigValue,
    MatcherConfig,
    SpecialValueMap,
    SpecialValueMatch,
    Threshold,
    ThresholdsConfig,
    ThresholdsMode,
    ValueMappingResult,
)


COUNT: Final = "short"
EXACT: Final = "locale"
"""A count to the last one, for tiles and tables; axes have `COUNT`."""
NUMBER: Final = "none"
RATIO: Final = "percentunit"
SECONDS: Final = "s"
HOURS: Final = "h"
PER_MINUTE: Final = "cpm"
BYTES: Final = "bytes"
AGO: Final = "dateTimeFromNow"

GOOD, WATCH, BAD = "green", "#EAB839", "red"
PLAIN: Final = "text"
"""Colour of what nobody has to judge."""
QUIET: Final = "transparent"
"""Background of what nobody has to judge."""
FAINT: Final = "#8e8e8e"

OUTCOMES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "delivered": "green",
        "pending": "yellow",
        "undeliverable": "orange",
        "expired": "dark-orange",
        "rejected": "red",
        "no_funds": "purple",
        "invalid_number": "#8e8e8e",
        "cancelled": "#c7c7c7",
        "unknown": "blue",
    }
)
"""Colour of each outcome."""
OWNERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "recipient": "#8e8e8e",
        "sender": "light-orange",
        "account": "purple",
        "operator": "red",
        "provider": "blue",
    }
)
"""Colour of whose problem a failure is."""
STATES: Final[Mapping[str, str]] = MappingProxyType(
    {"queued": "light-purple", "accepted": "light-blue", "stopped": "#c7c7c7"}
)
"""Colour of each state of a pending message."""
AGES: Final[Mapping[str, str]] = MappingProxyType(
    {"0-5m": "super-light-blue", "5m-1h": "yellow", "1h-24h": "orange", "24h+": "red"}
)
"""Colour of each age of a pending message."""
RESULTS: Final[Mapping[str, str]] = MappingProxyType(
    {"ok": "green", "api_error": "red", "http_error": "orange", "timeout": "yellow"}
)
"""Colour of what came back from a call."""
ERROR_CODES: Final[Mapping[str, str]] = MappingProxyType(
    {"1": "blue", "2": "red", "4": "dark-red", "9": "orange"}
)
"""Colour of each error answer of the gateway."""
DEADLINES: Final[Mapping[str, str]] = MappingProxyType(
    {"5m": "light-blue", "1h": "dark-blue", "24h": "light-purple"}
)
"""Colour of each deadline, unless others are configured."""
CURRENCIES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "RUB": "currencyRUB",
        "USD": "currencyUSD",
        "EUR": "currencyEUR",
        "UAH": "currencyUAH",
        "KZT": "currency:₸",
        "BYN": "currency:Br",
    }
)
"""Unit of each currency that has a sign; others are plain numbers beside their code."""


class Property(NamedTuple):
    """One setting of a field, by the name that Grafana gives it."""

    name: str
    value: object


def for_name(name: str, *properties: Property) -> Override:
    """Settings of the series or column with this name."""
    return _override("byName", name, properties)


def for_names(pattern: str, *properties: Property) -> Override:
    """Settings of all series or columns whose names match."""
    return _override("byRegexp", f"/{pattern}/", properties)


def colour(value: str) -> Property:
    """One colour, whatever the value."""
    return Property("color", {"mode": "fixed", "fixedColor": value})


def colours(of: Mapping[str, str]) -> list[Override]:
    """A fixed colour for each name."""
    return [for_name(name, colour(value)) for name, value in of.items()]


def unit(value: str, decimals: int | None = None) -> list[Property]:
    """A unit, and how many decimals to show of it."""
    rounding = [] if decimals is None else [Property("decimals", decimals)]
    return [Property("unit", value), *rounding]


def money() -> list[Override]:
    """Each amount in the currency that its name ends in."""
    return [for_names(f"{code}$", Property("unit", sign)) for code, sign in CURRENCIES.items()]


def limits(base: str, *steps: tuple[float, str]) -> ThresholdsConfig:
    """A colour below the first limit, and one from each limit on."""
    found = [Threshold(value=None, color=base), *(Threshold(at, then) for at, then in steps)]
    return ThresholdsConfig(mode=ThresholdsMode.ABSOLUTE, steps=found)


def no_limits(base: str = PLAIN) -> ThresholdsConfig:
    """One colour for every value."""
    return limits(base)


def judged(*steps: tuple[float, str], base: str) -> Property:
    """Limits as a setting of single fields."""
    return Property("thresholds", limits(base, *steps))


BESIDE: Final = (judged(base=QUIET), *unit(EXACT, 0))
"""A count beside a share: nobody judges it."""
DASHED: Final = Property("custom.lineStyle", {"fill": "dash", "dash": [6, 6]})


def absent(
    text: str, colour: str = FAINT, match: SpecialValueMatch = SpecialValueMatch.NULL_AND_NAN
) -> SpecialValueMap:
    """A text where there is no value, grey as a rule: no limit must colour it."""
    result = ValueMappingResult(text=text, color=colour, index=0)
    return SpecialValueMap(options=DashboardSpecialValueMapOptions(match=match, result=result))


def _override(kind: str, options: str, properties: Sequence[Property]) -> Override:
    return Override(
        matcher=MatcherConfig(id_val=kind, options=options),
        properties=[DynamicConfigValue(id_val=name, value=value) for name, value in properties],
    )
