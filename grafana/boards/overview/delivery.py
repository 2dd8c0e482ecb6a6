"""What became of the messages, and at which operator."""

from typing import Final

from grafana_foundation_sdk.models.dashboard import (
    DashboardFieldConfigSourceOverrides as Override,
)
from grafana_foundation_sdk.models.dashboard import Panel, ThresholdsConfig

from exporter.monitoring.thresholds import Thresholds
from grafana import measures, words
from grafana.charts import bars
from grafana.face import About
from grafana.links import to_board
from grafana.queries import (
    BY_ROUTE,
    DEADLINE,
    HOUR,
    NO_LOOKUPS,
    OLD,
    PENDING,
    RANGE,
    ROUTE,
    SENDER,
    Query,
    delivered_share,
    eligible,
    quantile,
    select,
    summed,
)
from grafana.style import (
    OUTCOMES,
    PER_MINUTE,
    SECONDS,
    Property,
    colours,
    for_name,
    unit,
)
from grafana.tables import INKED, leads, table, width


def row(thresholds: Thresholds) -> list[Panel]:
    """Draw outcomes and operators."""
    return [_outcomes(), _operators(thresholds)]


_OUTCOMES: Final = About(
    "What had become of the messages when they turned $deadline old, per minute. Pending is neither"
    " success nor failure: nobody knows yet.",
    words.AT_AGE,
    words.LOOKUPS,
    "yellow: no receipts, so the operator or the gateway is slow. Red: somebody refuses. Purple: no"
    " money. The Errors dashboard has the reasons.",
)


def _outcomes() -> Panel:
    return bars(
        *measures.outcomes(SENDER, DEADLINE),
        title="Outcome $deadline after sending",
        about=_OUTCOMES,
        unit=PER_MINUTE,
        height=9,
        overrides=colours(OUTCOMES),
        nothing="no message is old enough yet",
    )


_OPERATORS: Final = About(
    "One line for each operator and country: messages that turned $deadline old in the time range,"
    " the share delivered by then, the share of the last hour at the age of {age}, the time within"
    " which half and 95 % of the delivered ones arrived, and how many wait for longer than 5"
    " minutes.",
    words.AT_AGE,
    f"{words.UNDELIVERABLE} Network unknown stands for e-mail, too. Shares of fewer than"
    f" {measures.FEW} messages: few. Times and queues are of all senders.",
    "click the operator. One bad line in a good table is that operator's trouble; all bad lines are"
    " the gateway's or our own.",
)


def _operators(thresholds: Thresholds) -> Panel:
    enough = f"({eligible(RANGE, BY_ROUTE)} >= {measures.FEW})"
    age = measures.label(thresholds.delivery.deadline)
    lately = (SENDER, f'deadline="{age}"')
    now = delivered_share(HOUR, BY_ROUTE, *lately)
    some = f"({eligible(HOUR, BY_ROUTE, *lately)} >= {measures.FEW})"
    old = select(PENDING, ROUTE, OLD, NO_LOOKUPS)
    return table(
        {"country": "Country", "operator": "Operator"},
        Query(eligible(RANGE, BY_ROUTE), "Messages"),
        Query(f"{delivered_share(RANGE, BY_ROUTE)} and {enough}", "Delivered"),
        Query(f"{now} and {some}", "Last hour"),
        Query(quantile(0.5, RANGE, BY_ROUTE), "Half within"),
        Query(quantile(0.95, RANGE, BY_ROUTE), "95 % within"),
        Query(summed(old, BY_ROUTE), "Waiting"),
        sort="Messages",
        title="Operators, $deadline after sending",
        about=_OPERATORS._replace(counts=_OPERATORS.counts.format(age=age)),
        height=9,
        overrides=_columns(thresholds),
        nothing="no message is old enough yet",
    )


def _columns(thresholds: Thresholds) -> list[Override]:
    return [
        for_name("Country", width(70)),
        for_name(
            "Operator",
            leads(
                "Open the operator",
                to_board("smsc-operators", country="Country", operator="Operator"),
            ),
            width(100),
        ),
        for_name("Messages", width(100)),
        measures.delivered_column(thresholds),
        for_name("Last hour", *measures.delivered_cells(thresholds), INKED, width(85)),
        _time("Half within", measures.speed_limits(thresholds)),
        _time("95 % within", measures.tail_limits(thresholds)),
        for_name("Waiting", width(75)),
    ]


def _time(column: str, judged: ThresholdsConfig) -> Override:
    return for_name(column, INKED, *unit(SECONDS, 1), Property("thresholds", judged), width(95))
