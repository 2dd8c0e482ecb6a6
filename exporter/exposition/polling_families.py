"""Families about polling: how fresh and complete the data is, calls, errors and the budget."""

from exporter.exposition.family import POLL, STREAM, Scope, counter, gauge, histogram
from exporter.ledger.snapshot import Distribution, Total


FRESHNESS = (
    gauge(
        "smsc_up",
        ("account",),
        "1 if the last poll of the account gave a readable answer that the ledger took, 0 if not."
        " Cached: as of the last poll.",
    ),
    gauge(
        "smsc_poll_up",
        POLL,
        "1 if the last call of this stream, or for the balance, gave a readable answer, 0 if not."
        " Cached: as of the last call.",
    ),
    gauge(
        "smsc_poll_last_success_timestamp_seconds",
        POLL,
        "Unix time of the last page, or balance, that was read and stored.",
    ),
    gauge(
        "smsc_poll_cadence_seconds",
        POLL,
        "Time between reads of the newest rows, or of the balance, that is now aimed at.",
    ),
    gauge(
        "smsc_history_watermark_timestamp_seconds",
        STREAM,
        "Unix time up to which all messages sent (send_timestamp) have been seen.",
    ),
    gauge(
        "smsc_history_gap_seconds",
        STREAM,
        "Length of history since the first start known to hold rows never read; falls as gaps are"
        " closed.",
    ),
    gauge(
        "smsc_history_gaps",
        STREAM,
        "Stretches of history known to hold rows never read.",
    ),
    gauge(
        "smsc_history_coverage_ratio",
        STREAM,
        "Share of the last 24 hours, or of the time since the first start, that has been read;"
        " out of an hour at least.",
    ),
    counter(
        Total.TRUNCATED,
        STREAM,
        "Times that reading back stopped before known rows were met, which opened a gap.",
        scope=Scope.STREAM,
        preset=2,
    ),
    counter(
        Total.UNREAD_SECONDS,
        STREAM,
        "Length of history given up for good, never read.",
        scope=Scope.STREAM,
        preset=2,
    ),
    counter(
        Total.ROWS_SKIPPED,
        (*STREAM, "reason"),
        "Rows of answers without a usable id, status or time, by what was missing; their pages"
        " were read all the same.",
        scope=Scope.STREAM,
        preset=3,
    ),
)

CALLS = (
    counter(
        Total.API_REQUESTS,
        ("account", "endpoint", "result"),
        "Calls of the gateway by what came back: ok, api_error (an error code), http_error (HTTP or"
        " network fault, or an unreadable answer), timeout.",
        scope=Scope.ACCOUNT,
        preset=1,
    ),
    counter(
        Total.API_ERRORS,
        ("account", "endpoint", "code"),
        "Error answers by the gateway's number (field error_code): 1 parameters, 2 login,"
        " 4 address blocked, 9 too many requests.",
        scope=Scope.ACCOUNT,
        preset=1,
    ),
    histogram(
        Distribution.REQUEST_DURATION,
        ("endpoint",),
        "Time from sending a call to the end of its answer.",
        scope=Scope.PROCESS,
        preset=1,
    ),
    counter(
        Total.PERMITS,
        ("account", "kind"),
        "Permits spent, one for each history call, by what the call was for: head (newest rows),"
        " window, lookup, backfill, doctor, retry.",
        scope=Scope.ACCOUNT,
        preset=1,
    ),
    gauge(
        "smsc_api_budget_limit",
        ("account",),
        "History calls that may be made in the rolling window now, after back-off and reserve.",
    ),
    gauge(
        "smsc_api_budget_remaining",
        ("account",),
        "History calls left of the limit in the rolling window now.",
    ),
    gauge(
        "smsc_poll_saturation_ratio",
        ("account",),
        "Share of the permits that it takes to read every new row once, at the rate of the last"
        " quarter of an hour; above 1 rows are being missed.",
    ),
)
