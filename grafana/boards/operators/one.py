"""One operator: the row is repeated for each that is chosen."""

from typing import Final

from grafana_foundation_sdk.models.dashboard import Panel

from exporter.monitoring.thresholds import Thresholds
from grafana import measures, words
from grafana.charts import bars, heat, ranking, tiles
from grafana.face import About
from grafana.queries import (
    DEADLINE,
    DELIVERY,
    FAILURES,
    NO_LOOKUPS,
    RANGE,
    ROUTE,
    SENDER,
    STEP,
    Query,
    delivered_share,
    eligible,
    grown,
    named_error,
    select,
)
from grafana.style import BESIDE, COUNT, OUTCOMES, PER_MINUTE, RATIO, colours, for_name


def row(thresholds: Thresholds) -> list[Panel]:
    """Draw it."""
    return [_delivered(thresholds), _outcomes(), _heat(), _errors()]


_DELIVERED: Final = About(
    "Of the operator's messages that turned $deadline old in the time range, the share delivered by"
    " then, and how many they were.",
    words.AT_AGE,
    words.UNDELIVERABLE,
    "the errors to the right say who has to act.",
)


def _delivered(thresholds: Thresholds) -> Panel:
    return tiles(
        Query(delivered_share(RANGE), "delivered"),
        Query(eligible(RANGE), "of"),
        title="Within $deadline",
        about=_DELIVERED,
        unit=RATIO,
        height=8,
        limits=measures.delivery_limits(thresholds),
        overrides=[for_name("of", *BESIDE)],
        nothing="none that old yet",
    )


_OUTCOMES: Final = About(
    "What had become of the operator's messages when they turned $deadline old, per minute.",
    words.AT_AGE,
    words.LOOKUPS,
    "yellow: no receipts. Red: the operator refuses. Orange: it tries and fails.",
)


def _outcomes() -> Panel:
    return bars(
        *measures.outcomes(SENDER, DEADLINE),
        title="Outcome $deadline after sending",
        about=_OUTCOMES,
        unit=PER_MINUTE,
        width=8,
        overrides=colours(OUTCOMES),
        nothing="no message is old enough yet",
    )


_HEAT: Final = About(
    "How long the operator's delivered messages took; the brighter, the more messages.",
    words.GATEWAY,
    f"messages that were not delivered. {words.NO_SENDER}",
    "a band that climbs is a queue that grows.",
)


def _heat() -> Panel:
    buckets = select(f"{DELIVERY}_bucket", ROUTE, NO_LOOKUPS)
    return heat(
        Query(grown(buckets, STEP, ("le",)), "{{le}}"),
        title="Time to delivery",
        about=_HEAT,
        unit=COUNT,
        width=7,
        nothing="none delivered",
    )


_ERRORS: Final = About(
    "Why the operator's messages failed in the time range: the five most frequent codes.",
    words.FIRST_FINAL,
    words.LOOKUPS,
    "the Errors dashboard says whose problem each code is.",
)


def _errors() -> Panel:
    failed = grown(select(FAILURES, SENDER, NO_LOOKUPS), RANGE, ("err",))
    return ranking(
        Query(f"topk(5, {named_error(failed, 'name')} > 0)", "{{err}} {{name}}"),
        above=True,
        title="Most frequent errors",
        about=_ERRORS,
        width=6,
        decimals=0,
        nothing="none failed",
    )
