"""Calls of the gateway: results, errors, durations, and the budget they come out of."""

from typing import Final

from grafana_foundation_sdk.models.dashboard import Panel

from exporter.monitoring.thresholds import Thresholds
from grafana import words
from grafana.charts import bars, lines
from grafana.face import About
from grafana.queries import ACCOUNT, EXPORTER, STEP, Query, grown, largest, per_minute, select
from grafana.style import (
    BAD,
    DASHED,
    ERROR_CODES,
    PER_MINUTE,
    QUIET,
    RATIO,
    RESULTS,
    SECONDS,
    WATCH,
    colour,
    colours,
    for_names,
    limits,
)


def row(thresholds: Thresholds) -> list[Panel]:
    """Draw them."""
    return [_results(), _errors(), _purposes(), _budget(), _saturation(thresholds), _durations()]


_RESULTS: Final = About(
    "Calls per minute by what came back: a page, an error code, an HTTP or network fault, nothing"
    " in time.",
    words.PROCESS,
    words.NOTHING,
    "error codes: see the next panel. HTTP faults and timeouts: the network, or the gateway"
    " itself.",
)


def _results() -> Panel:
    calls = select("smsc_api_requests_total", ACCOUNT)
    return bars(
        Query(per_minute(calls, ("result",)), "{{result}}"),
        title="Calls by result",
        about=_RESULTS,
        unit=PER_MINUTE,
        overrides=colours(RESULTS),
        nothing="none made",
    )


_ERRORS: Final = About(
    "Error answers by code: 1 parameters, 2 login refused, 4 address blocked, 9 too many calls.",
    words.PROCESS,
    "code 3, which only says that nothing was found.",
    "2: check login and password, do not restart to retry. 4: wait half an hour. 9: another program"
    " uses the account.",
)


def _errors() -> Panel:
    answers = select("smsc_api_errors_total", ACCOUNT)
    return bars(
        Query(grown(answers, by=("account", "code")), "{{code}} {{account}}"),
        title="Error answers by code",
        about=_ERRORS,
        decimals=0,
        overrides=[for_names(f"^{code} ", colour(value)) for code, value in ERROR_CODES.items()],
        nothing="none",
    )


_PURPOSES: Final = About(
    "Permits per minute by what the call was for: head reads the newest rows, window goes further"
    " back, lookup asks for the numbers of pending messages, backfill for what is older than the"
    " first start.",
    words.PROCESS,
    words.NOTHING,
    "mostly heads is right. Many retries: the gateway fails.",
)


def _purposes() -> Panel:
    permits = select("smsc_api_permits_total", ACCOUNT)
    return bars(
        Query(per_minute(permits, ("kind",)), "{{kind}}"),
        title="Permits by purpose",
        about=_PURPOSES,
        unit=PER_MINUTE,
        nothing="none",
    )


_BUDGET: Final = About(
    "History calls left in the rolling window, and how many may be made in it now.",
    words.PROCESS,
    words.NOTHING,
    "a limit that falls: the gateway refused calls as too many, because another program makes some."
    " Everything is known later until it recovers.",
)


def _budget() -> Panel:
    left, limit = (
        largest(select(f"smsc_api_budget_{what}", ACCOUNT), ("account",))
        for what in ("remaining", "limit")
    )
    return lines(
        Query(left, "left, {{account}}"),
        Query(limit, "limit, {{account}}"),
        title="Call budget",
        about=_BUDGET,
        decimals=0,
        overrides=[for_names("^limit", DASHED)],
        nothing="not known",
    )


_SATURATION: Final = About(
    "Share of the calls that it takes to read every new row once.",
    words.LAST_PAGE,
    words.NOTHING,
    "above the line for an hour rows are being missed: gaps open, totals are too low.",
)


def _saturation(thresholds: Thresholds) -> Panel:
    found = select("smsc_poll_saturation_ratio", ACCOUNT)
    return lines(
        Query(largest(found, ("account",)), "{{account}}"),
        title="Calls needed to read everything once",
        about=_SATURATION,
        unit=RATIO,
        limits=limits(QUIET, (thresholds.polling.saturation, BAD)),
        nothing="not known",
    )


_DURATIONS: Final = About(
    "Time within which half and 95 % of the calls were answered.",
    words.PROCESS,
    "calls that were given up: they are timeouts in the panel of results.",
    "above the line answers are so slow that calls run into their timeout.",
)


def _durations() -> Panel:
    buckets = select("smsc_api_request_duration_seconds_bucket", EXPORTER)
    summed = grown(buckets, STEP, ("le",))
    return lines(
        Query(f"histogram_quantile(0.5, {summed})", "half"),
        Query(f"histogram_quantile(0.95, {summed})", "95 %"),
        title="Duration of calls",
        about=_DURATIONS,
        unit=SECONDS,
        limits=limits(QUIET, (10, WATCH)),
        nothing="none made",
    )
