"""Operators side by side: loss, slowness, volume, receipts."""

from typing import Final

from grafana_foundation_sdk.models.dashboard import Panel

from exporter.monitoring.recorded import SLOW
from exporter.monitoring.thresholds import Thresholds
from grafana import measures, words
from grafana.charts import areas, lines
from grafana.face import About
from grafana.queries import (
    BY_ROUTE,
    HOUR,
    RECORDED_ROUTE,
    SENDER,
    SUBMITTED,
    Query,
    delivered_share,
    grown,
    matured,
    notable,
    per_minute,
    quantile,
    select,
    share,
)
from grafana.style import BAD, PER_MINUTE, QUIET, RATIO, SECONDS, WATCH, limits


NAME: Final = "{{operator}} {{country}}"


def row(thresholds: Thresholds) -> list[Panel]:
    """Draw them."""
    return [
        _delivered(thresholds),
        _change(thresholds),
        _slowness(thresholds),
        _certainly_slow(thresholds),
        _volume(),
        _receipts(thresholds),
    ]


_DELIVERED: Final = About(
    "Of the messages that turned $deadline old in the hour before each moment, the share that had"
    " been delivered by then, by operator.",
    words.AT_AGE,
    words.UNDELIVERABLE,
    "one line that falls is that operator; all lines that fall are the gateway or we ourselves."
    " Below the line the objective is missed.",
)


def _delivered(thresholds: Thresholds) -> Panel:
    return lines(
        Query(delivered_share(HOUR, BY_ROUTE), NAME),
        title="Delivered within $deadline, of an hour",
        about=_DELIVERED,
        unit=RATIO,
        floor=0.5,
        maximum=1,
        limits=measures.objective_line(thresholds),
        nothing="no message is old enough yet",
    )


_CHANGE: Final = About(
    "How much larger or smaller the delivered share of the last hour is than in the same hour a"
    " week before, in percentage points. Habits of the weekday cancel out.",
    words.AT_AGE,
    f"{words.UNDELIVERABLE} Operators without messages a week ago.",
    "below the line an operator is worse than its own past by more than the alerts let pass.",
)


def _change(thresholds: Thresholds) -> Panel:
    before = delivered_share(HOUR, BY_ROUTE, ago="1w")
    return lines(
        Query(f"({delivered_share(HOUR, BY_ROUTE)}) - ({before})", NAME),
        title="Against the same hour a week before",
        about=_CHANGE,
        unit=RATIO,
        floor=-0.2,
        limits=limits(BAD, (-thresholds.delivery.above_baseline, QUIET)),
        nothing="nothing to compare with a week ago",
    )


_SLOWNESS: Final = About(
    "Time within which 95 % of the messages arrived that were delivered in the hour before each"
    " moment, by operator.",
    words.GATEWAY,
    f"messages that were not delivered. {words.NO_SENDER}",
    "an operator gets slow before it fails. Above the line codes arrive too late.",
)


def _slowness(thresholds: Thresholds) -> Panel:
    return lines(
        Query(quantile(0.95, HOUR, BY_ROUTE), NAME),
        title="Time to delivery, 95 % of an hour",
        about=_SLOWNESS,
        unit=SECONDS,
        logarithmic=True,
        limits=limits(QUIET, (thresholds.slow.seconds, BAD)),
        nothing="none delivered",
    )


_CERTAINLY_SLOW: Final = About(
    "The share of delivered messages that certainly took longer than {seconds:g} s: what the alert"
    " about slow delivery looks at. Few messages give a small number. Operators far below are left"
    " out.",
    words.EVALUATED,
    f"messages that were not delivered. {words.NO_SENDER}",
    "above the line, and above its own week, the operator is slow.",
)


def _certainly_slow(thresholds: Thresholds) -> Panel:
    found = select(SLOW.certain_name, RECORDED_ROUTE, measures.watched(thresholds))
    seconds, limit = thresholds.slow.seconds, thresholds.slow.share
    return lines(
        Query(notable(found, ("account", *BY_ROUTE), limit / 2), "{{account}}: " + NAME),
        title=f"Certainly slower than {seconds:g} s",
        about=_CERTAINLY_SLOW._replace(counts=_CERTAINLY_SLOW.counts.format(seconds=seconds)),
        unit=RATIO,
        maximum=1,
        limits=limits(QUIET, (limit, WATCH)),
        nothing="none near the limit, or no rules loaded",
    )


_VOLUME: Final = About(
    "Messages per minute, by operator: the volume behind each share.",
    words.FIRST_SEEN,
    words.NOTHING,
    "a share of few messages means little, whatever its colour.",
)


def _volume() -> Panel:
    return areas(
        Query(per_minute(select(SUBMITTED, SENDER), BY_ROUTE), NAME),
        title="Messages per minute",
        about=_VOLUME,
        unit=PER_MINUTE,
        nothing="none",
    )


_RECEIPTS: Final = About(
    "Of the messages that turned {age} old within a day, the share without a final status.",
    words.AT_AGE,
    f"{words.LOOKUPS} Stopped messages and wrong numbers count.",
    "no receipt is not the same as not delivered: above the line this operator's delivered share"
    " cannot be trusted. Ask the gateway about receipts on the route.",
)


def _receipts(thresholds: Thresholds) -> Panel:
    age = measures.label(thresholds.receipts.deadline)
    chosen = (SENDER, f'deadline="{age}"')
    silent = grown(matured(*chosen, 'outcome="pending"'), "1d", BY_ROUTE)
    return lines(
        Query(share(silent, grown(matured(*chosen), "1d", BY_ROUTE)), NAME),
        title=f"Without a receipt after {age}",
        about=_RECEIPTS._replace(counts=_RECEIPTS.counts.format(age=age)),
        unit=RATIO,
        limits=limits(QUIET, (thresholds.receipts.share, WATCH)),
        nothing=f"no message has turned {age} old yet",
    )
