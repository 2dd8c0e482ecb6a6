"""Prices: segments of a message, and what a segment costs."""

from typing import Final

from grafana_foundation_sdk.models.dashboard import Panel

from exporter.monitoring.recorded import PRICE, PRICE_MEDIAN
from exporter.monitoring.thresholds import Thresholds
from grafana import words
from grafana.charts import lines
from grafana.face import About
from grafana.queries import (
    HOUR,
    RECORDED_ROUTE,
    SEGMENTS,
    SENDER,
    SUBMITTED,
    Query,
    grown,
    largest,
    select,
    share,
)
from grafana.style import NUMBER, QUIET, RATIO, WATCH, limits, money


TEXTS: Final = 'channel=~"sms|flash|binary|wap_push"'
"""Channels whose messages have segments."""


def row(thresholds: Thresholds) -> list[Panel]:
    """Draw them."""
    return [_segments(), _prices(), _rise(thresholds)]


_SEGMENTS: Final = About(
    "Billable parts of a message, on average of the last hour, by sender.",
    words.FIRST_SEEN,
    "channels without segments: calls, e-mail, Viber and others.",
    "somebody edited a template: one emoji turns a text of one segment into two.",
)


def _segments() -> Panel:
    by = ("sender",)
    segments = grown(select(SEGMENTS, SENDER), HOUR, by)
    return lines(
        Query(share(segments, grown(select(SUBMITTED, SENDER, TEXTS), HOUR, by)), "{{sender}}"),
        title="Segments of a message",
        about=_SEGMENTS,
        unit=NUMBER,
        decimals=2,
        width=8,
        floor=1,
        nothing="no texts",
    )


_PRICES: Final = About(
    "What a segment cost, on average of the last 6 hours, by operator: the dearest sender of each.",
    words.EVALUATED,
    "senders with few segments. Refused messages are free, so outages make segments cheaper.",
    "a step is a new tariff or another route.",
)


def _prices() -> Panel:
    price = select(PRICE, RECORDED_ROUTE, 'sender=~"$sender"')
    by = ("operator", "country", "currency")
    return lines(
        Query(largest(price, by), "{{operator}} {{country}}, {{currency}}"),
        title="Price of a segment, 6 hours",
        about=_PRICES,
        unit=NUMBER,
        decimals=2,
        width=8,
        overrides=money(),
        nothing="no rules loaded, or few segments",
    )


_RISE: Final = About(
    "How much dearer a segment is than in the 7 days before, by operator: the worst sender of each."
    " What the alert about prices looks at.",
    words.EVALUATED,
    "senders with few segments, and the first hours of an account.",
    "above the line for half an hour: compare with the tariff, ask the gateway's manager.",
)


def _rise(thresholds: Thresholds) -> Panel:
    chosen = (RECORDED_ROUTE, 'sender=~"$sender"')
    rise = f"{select(PRICE, *chosen)} / {select(PRICE_MEDIAN, *chosen)} - 1"
    return lines(
        Query(largest(rise, ("operator", "country")), "{{operator}} {{country}}"),
        title="Dearer than in the week before",
        about=_RISE,
        unit=RATIO,
        width=8,
        floor=-0.1,
        limits=limits(QUIET, (thresholds.money.price_rise, WATCH)),
        nothing="no week to compare with",
    )
