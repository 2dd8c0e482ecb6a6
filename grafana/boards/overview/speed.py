"""How long delivered messages took."""

from typing import Final

from grafana_foundation_sdk.models.dashboard import Panel

from exporter.monitoring.thresholds import Thresholds
from grafana import measures, words
from grafana.charts import heat, lines
from grafana.face import SHARE_STEP, About
from grafana.queries import (
    DELIVERY,
    NO_LOOKUPS,
    ROUTE,
    SENDER,
    STEP,
    Query,
    delivered_share,
    grown,
    quantile,
    select,
    share,
)
from grafana.style import (
    BAD,
    COUNT,
    DEADLINES,
    QUIET,
    RATIO,
    SECONDS,
    colour,
    for_names,
    limits,
)


def row(thresholds: Thresholds) -> list[Panel]:
    """Draw delivery times."""
    return [_heat(), _quantiles(thresholds), _in_time(), _by_age(thresholds)]


_HEAT: Final = About(
    "How long the delivered messages took: each column is a time, each row a range of delivery"
    " times, the brighter the more messages.",
    words.GATEWAY,
    f"messages that were not delivered. {words.NO_SENDER}",
    "two bright bands are two kinds of messages, quick ones and retried ones; a band that climbs is"
    " a queue that grows.",
)


def _heat() -> Panel:
    buckets = select(f"{DELIVERY}_bucket", ROUTE, NO_LOOKUPS)
    return heat(
        Query(grown(buckets, STEP, ("le",)), "{{le}}"),
        title="Time to delivery",
        about=_HEAT,
        unit=COUNT,
        nothing="none delivered",
    )


_QUANTILES: Final = About(
    "Time within which half, 90 % and 99 % of the delivered messages arrived.",
    words.GATEWAY,
    f"messages that were not delivered. {words.NO_SENDER}",
    "half of them slow is everybody's trouble; only the 99 % slow is a few phones or one route.",
)


def _quantiles(thresholds: Thresholds) -> Panel:
    return lines(
        *(
            Query(quantile(part), name)
            for name, part in (("half", 0.5), ("90 %", 0.9), ("99 %", 0.99))
        ),
        title="Time to delivery, percentiles",
        step=SHARE_STEP,
        about=_QUANTILES,
        unit=SECONDS,
        logarithmic=True,
        limits=limits(QUIET, (thresholds.slow.seconds, BAD)),
        nothing="none delivered",
    )


_IN_TIME: Final = About(
    "Of the delivered messages, the share that took at most 10 and 60 seconds: what matters for"
    " one-time codes.",
    words.GATEWAY,
    f"messages that were not delivered: this can be high while much is lost. {words.NO_SENDER}",
    "codes expire before they arrive. Raise their lifetime, offer a call, and look for the operator"
    " that is slow.",
)


def _in_time() -> Panel:
    whole = grown(select(f"{DELIVERY}_count", ROUTE, NO_LOOKUPS))
    parts = [
        (
            f"{edge} s",
            grown(select(f"{DELIVERY}_bucket", ROUTE, NO_LOOKUPS, f'le=~"{edge}|{edge}.0"')),
        )
        for edge in (10, 60)
    ]
    return lines(
        *(Query(share(part, whole), name) for name, part in parts),
        title="Delivered within 10 s and 60 s of sending",
        step=SHARE_STEP,
        about=_IN_TIME,
        unit=RATIO,
        maximum=1,
        nothing="none delivered",
    )


_BY_AGE: Final = About(
    "The share delivered at each age. The distance between the lines is slowness, the distance of"
    " the last one to 100 % is loss. Each line stands for messages that are older by its age.",
    words.AT_AGE,
    words.UNDELIVERABLE,
    "the first line alone down: deliveries are late. All of them down: messages are lost.",
)


def _by_age(thresholds: Thresholds) -> Panel:
    return lines(
        Query(delivered_share(STEP, ("deadline",), SENDER), "within {{deadline}}"),
        overrides=[for_names(f"{age}$", colour(value)) for age, value in DEADLINES.items()],
        title="Delivered within each deadline",
        step=SHARE_STEP,
        about=_BY_AGE,
        unit=RATIO,
        floor=0.5,
        maximum=1,
        limits=measures.objective_line(thresholds),
        nothing="no message is old enough yet",
    )
