"""What was read of each history, and what was not."""

from typing import Final

from grafana_foundation_sdk.models.dashboard import (
    DashboardFieldConfigSourceOverrides as Override,
)
from grafana_foundation_sdk.models.dashboard import Panel

from exporter.monitoring.thresholds import Thresholds
from grafana import measures, words
from grafana.charts import lines, strips
from grafana.face import About
from grafana.queries import (
    ACCOUNT,
    HISTORY,
    RANGE,
    Query,
    grown,
    largest,
    select,
)
from grafana.style import (
    BAD,
    EXACT,
    GOOD,
    NUMBER,
    QUIET,
    RATIO,
    SECONDS,
    WATCH,
    for_name,
    judged,
    limits,
    unit,
)
from grafana.tables import INKED, table


STREAM: Final = ("account", "channel")
"""A history of an account: of SMS and the like, or of e-mail."""


def row(thresholds: Thresholds) -> list[Panel]:
    """Draw it."""
    return [_streams(thresholds), _verdicts(thresholds), _holes(thresholds)]


_STREAMS: Final = About(
    "Each account's histories: how old the last good page is and how far apart pages are meant to"
    " be, how far back everything has been seen, what is missing, and messages that are followed.",
    words.LAST_PAGE,
    words.NOTHING,
    "seen up to is far behind: a gap is open. Unread: a stretch was given up in the time range, its"
    " messages are missing from every total.",
)


def _streams(thresholds: Thresholds) -> Panel:
    watermark = largest(select("smsc_history_watermark_timestamp_seconds", ACCOUNT), STREAM)
    unread = grown(select("smsc_history_unread_seconds_total", ACCOUNT), RANGE, STREAM)
    polling = thresholds.polling
    return table(
        {"account": "Account", "channel": "Stream"},
        Query(measures.age_of_data(), "Last page"),
        Query(
            largest(select("smsc_poll_cadence_seconds", ACCOUNT, HISTORY), STREAM), "Pages every"
        ),
        Query(f"time() - {watermark}", "Seen up to"),
        Query(largest(select("smsc_history_gaps", ACCOUNT), STREAM), "Gaps"),
        Query(largest(select("smsc_history_gap_seconds", ACCOUNT), STREAM), "Missing"),
        Query(unread, "Unread"),
        Query(largest(select("smsc_tracked_messages", ACCOUNT), STREAM), "Followed"),
        sort="Last page",
        title="Histories",
        about=_STREAMS,
        unit=SECONDS,
        decimals=1,
        width=24,
        height=6,
        overrides=_columns(polling.behind),
        nothing="none",
    )


def _columns(behind: float) -> list[Override]:
    return [
        for_name("Seen up to", INKED, judged((behind, WATCH), base=GOOD)),
        for_name("Gaps", INKED, *unit(EXACT, 0), judged((1, WATCH), base=GOOD)),
        for_name("Missing", INKED, judged((1, WATCH), base=GOOD)),
        for_name("Unread", INKED, judged((1, BAD), base=GOOD)),
        for_name("Followed", *unit(EXACT, 0)),
    ]


_VERDICTS: Final = About(
    "Since when, and how long, an account's numbers were not whole. Partly: history missing, or too"
    " few calls. No: the data was old, or could not be stored.",
    words.LAST_PAGE,
    words.NOTHING,
    "graphs are too low where this is not green, and move when the gap is read.",
)


def _verdicts(thresholds: Thresholds) -> Panel:
    return strips(
        Query(measures.trust(thresholds, ("account",)), "{{account}}"),
        title="Were the numbers whole?",
        about=_VERDICTS,
        unit=NUMBER,
        mappings=measures.words(measures.TRUST),
        nothing="no data",
    )


_HOLES: Final = About(
    "Share of 24 hours that has been read, by stream.",
    words.LAST_PAGE,
    words.NOTHING,
    "below the line for an hour raises a warning: do not report the day's totals as they are.",
)


def _holes(thresholds: Thresholds) -> Panel:
    found = select("smsc_history_coverage_ratio", ACCOUNT)
    return lines(
        Query(f"min by (account, channel) ({found})", "{{account}} {{channel}}"),
        title="Share of 24 hours read",
        about=_HOLES,
        unit=RATIO,
        maximum=1,
        floor=0.9,
        limits=limits(BAD, (thresholds.polling.coverage, QUIET)),
        nothing="not known",
    )
