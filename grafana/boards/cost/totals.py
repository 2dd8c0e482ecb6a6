"""Money in the time range, in eight numbers."""

from typing import Final

from grafana_foundation_sdk.models.dashboard import Panel

from exporter.monitoring.recorded import COUNTRY_COST_1H
from exporter.monitoring.thresholds import Thresholds
from grafana import measures, words
from grafana.boards.cost import balance
from grafana.charts import tiles
from grafana.face import About
from grafana.queries import (
    FAILURES,
    MATURED_COST,
    RANGE,
    RECORDED_COUNTRY,
    REFUNDED,
    ROUTE,
    SENDER,
    SUBMITTED,
    Query,
    delivered,
    grown,
    of_all,
    select,
    share,
    spent,
    summed,
)
from grafana.style import BAD, GOOD, NUMBER, RATIO, WATCH, limits, money


BY_CURRENCY: Final = ("currency",)
HOURS: Final = 24 * 30
WIDTH: Final = 3


def row(thresholds: Thresholds) -> list[Panel]:
    """Draw the tiles."""
    return [
        balance.left(WIDTH),
        balance.lasts(thresholds, WIDTH),
        _spend(),
        _month(),
        _each(thresholds),
        _wasted(),
        _refunded(),
        _no_funds(),
    ]


_SPEND: Final = About(
    "Money charged in the time range less money given back.",
    words.FIRST_SEEN,
    f"nothing; lookups and calls cost, too. {words.REFUNDS}",
    "see below which country and which operator.",
)


def _spend() -> Panel:
    return tiles(
        Query(spent(RANGE), "{{currency}}"),
        title="Spend",
        about=_SPEND,
        coloured=False,
        unit=NUMBER,
        decimals=2,
        width=WIDTH,
        overrides=money(),
        nothing="none",
    )


_MONTH: Final = About(
    "What 30 days will cost at the pace of the last 7 days, or of as many as are known.",
    words.EVALUATED,
    "money given back; filters for channel, operator and sender have no effect.",
    "a projection warns earlier than the month's total: there is still time to act.",
)


def _month() -> Panel:
    hourly = summed(f"avg_over_time({select(COUNTRY_COST_1H, RECORDED_COUNTRY)}[7d])", BY_CURRENCY)
    return tiles(
        Query(f"{hourly} * {HOURS}", "{{currency}}"),
        title="30 days like this",
        about=_MONTH,
        coloured=False,
        unit=NUMBER,
        decimals=2,
        width=WIDTH,
        overrides=money(),
        nothing="no rules loaded",
    )


_EACH: Final = About(
    "What one delivered message cost: all money paid for the messages that turned {age} old in the"
    " time range, divided by those of them that were delivered.",
    words.AT_AGE,
    f"messages that are younger. {words.REFUNDS}",
    "it rises with prices, with longer texts, and with messages that are paid and do not arrive.",
)


def _each(thresholds: Thresholds) -> Panel:
    age = measures.label(thresholds.receipts.deadline)
    arrived = delivered(RANGE, (), ROUTE, f'deadline="{age}"')
    paid = grown(select(MATURED_COST, ROUTE), RANGE, BY_CURRENCY)
    return tiles(
        Query(of_all(paid, arrived), "{{currency}}"),
        title="A delivered message",
        about=_EACH._replace(counts=_EACH.counts.format(age=age)),
        coloured=False,
        unit=NUMBER,
        decimals=2,
        width=WIDTH,
        overrides=money(),
        nothing=f"none is {age} old",
    )


_WASTED: Final = About(
    "Of the money paid for messages that came to their last deadline in the time range, the share"
    " for those that had not been delivered.",
    words.AT_AGE,
    f"messages that are younger. {words.REFUNDS}",
    "the chart of spending by outcome says what became of these messages.",
)


def _wasted() -> Panel:
    lost = grown(select(MATURED_COST, ROUTE, 'outcome!="delivered"'), RANGE, BY_CURRENCY)
    whole = grown(select(MATURED_COST, ROUTE), RANGE, BY_CURRENCY)
    return tiles(
        Query(share(lost, whole), "{{currency}}"),
        title="Paid for nothing",
        about=_WASTED,
        unit=RATIO,
        decimals=1,
        width=WIDTH,
        limits=limits(GOOD, (0.1, WATCH), (0.25, BAD)),
        nothing="none is old enough",
    )


_REFUNDED: Final = About(
    "Money given back because the cost of messages fell after they were seen.",
    "when a poll first shows the lower cost.",
    words.REFUNDS.lower(),
    "none although much failed: ask the gateway which failures it charges for.",
)


def _refunded() -> Panel:
    return tiles(
        Query(grown(select(REFUNDED, ROUTE), RANGE, BY_CURRENCY), "{{currency}}"),
        title="Given back",
        about=_REFUNDED,
        coloured=False,
        unit=NUMBER,
        decimals=2,
        width=WIDTH,
        overrides=money(),
        nothing="none",
    )


_NO_FUNDS: Final = About(
    "Messages that were refused in the time range because the account had no money (status 24).",
    words.FIRST_FINAL,
    words.NOTHING,
    "top up the account: until then nothing is sent.",
)


def _no_funds() -> Panel:
    refused = grown(select(FAILURES, SENDER, 'status="24"'), RANGE)
    sent = grown(select(SUBMITTED, SENDER), RANGE)
    return tiles(
        Query(f"{refused} or 0 * {sent}", ""),
        title="Refused: no money",
        about=_NO_FUNDS,
        decimals=0,
        width=WIDTH,
        limits=limits(GOOD, (0.5, BAD)),
        nothing="not known",
    )
