"""Where the money goes over time, and what it bought."""

from typing import Final

from grafana_foundation_sdk.models.dashboard import Panel

from exporter.monitoring.recorded import COST_1H, COST_MOST, COUNTRY_COST_1H
from exporter.monitoring.thresholds import Thresholds
from grafana import words
from grafana.charts import areas, lines
from grafana.face import About
from grafana.queries import (
    HOUR,
    MATURED_COST,
    RECORDED,
    RECORDED_COUNTRY,
    ROUTE,
    Query,
    grown,
    largest,
    select,
    summed,
)
from grafana.style import BAD, DASHED, NUMBER, OUTCOMES, colour, for_names, money


def row(thresholds: Thresholds) -> list[Panel]:
    """Draw it."""
    return [_countries(), _against_limit(thresholds), _outcomes()]


_COUNTRIES: Final = About(
    "Money charged in the hour before each moment, by country.",
    words.FIRST_SEEN,
    "money given back; filters for channel, operator and sender have no effect.",
    "a country that grows while the others do not: see under Fraud.",
)


def _countries() -> Panel:
    hourly = summed(select(COUNTRY_COST_1H, RECORDED_COUNTRY), ("country", "currency"))
    return areas(
        Query(hourly, "{{country}}, {{currency}}"),
        title="Spend per hour, by country",
        about=_COUNTRIES,
        unit=NUMBER,
        overrides=money(),
        nothing="no rules loaded, or nothing spent",
    )


_LIMIT: Final = About(
    "Money charged in the hour before each moment, by account, and {factor:g} times the dearest"
    " hour of the 14 days before: where the alert about spending begins, once it is above"
    " {floor:g}.",
    words.EVALUATED,
    "money given back; filters for channel, country, operator and sender have no effect.",
    "above the dashed line: an announced mailing, a loop in our own programs, or a fraud.",
)


def _against_limit(thresholds: Thresholds) -> Panel:
    found = thresholds.money
    most = largest(select(COST_MOST, RECORDED), ("account", "currency"))
    counts = _LIMIT.counts.format(factor=found.cost_factor, floor=found.cost_1h)
    return lines(
        Query(
            largest(select(COST_1H, RECORDED), ("account", "currency")), "{{account}}, {{currency}}"
        ),
        Query(f"{found.cost_factor:g} * {most}", "limit of {{account}}, {{currency}}"),
        title="Spend per hour, against the dearest hour of two weeks",
        about=_LIMIT._replace(counts=counts),
        unit=NUMBER,
        overrides=[for_names("^limit", colour(BAD), DASHED), *money()],
        nothing="no rules loaded, or nothing spent",
    )


_OUTCOMES: Final = About(
    "Money paid for the messages that came to their last deadline in the hour before each moment,"
    " by what had become of them.",
    words.AT_AGE,
    f"messages that are younger. {words.REFUNDS}",
    "everything that is not green was paid for nothing.",
)


def _outcomes() -> Panel:
    paid = grown(select(MATURED_COST, ROUTE), HOUR, ("outcome", "currency"))
    palette = [for_names(f"^{outcome},", colour(value)) for outcome, value in OUTCOMES.items()]
    return areas(
        Query(f"{paid} > 0", "{{outcome}}, {{currency}}"),
        title="What the money bought, per hour",
        about=_OUTCOMES,
        unit=NUMBER,
        width=24,
        overrides=[*palette, *money()],
        nothing="no message has come to its last deadline yet",
    )
