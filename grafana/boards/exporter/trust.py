"""In eight numbers: how far can the others be believed."""

from typing import Final

from grafana_foundation_sdk.models.dashboard import Panel

from exporter.monitoring.thresholds import Thresholds
from grafana import measures, words
from grafana.charts import tiles
from grafana.face import About
from grafana.queries import (
    ACCOUNT,
    EXPORTER,
    RANGE,
    Query,
    largest,
    select,
)
from grafana.style import (
    BAD,
    GOOD,
    RATIO,
    SECONDS,
    WATCH,
    limits,
)


ANSWERS: Final = ((1, "up", GOOD), (0, "down", BAD))


def row(thresholds: Thresholds) -> list[Panel]:
    """Draw the tiles."""
    return [
        _up(),
        _trusted(thresholds),
        _age(),
        _coverage(thresholds),
        _saturation(thresholds),
        _budget(),
        _ledger(),
        _version(),
    ]


_UP: Final = About(
    "Whether the exporter answered Prometheus' last scrape.",
    words.PROCESS,
    "exporters that have not answered once in the time range.",
    "nothing on any dashboard is up to date: look at the process and at the network.",
)


def _up() -> Panel:
    ever = f"max_over_time({select('smsc_exporter_build_info', EXPORTER)}[{RANGE}])"
    return tiles(
        Query(
            f"min by (instance) ({select('up', EXPORTER)} and on (job, instance) {ever})",
            "{{instance}}",
        ),
        title="Exporter",
        about=_UP,
        mappings=measures.words(ANSWERS),
        limits=limits(BAD, (1, GOOD)),
        nothing="none seen",
    )


_TRUSTED: Final = About(
    "Whether an account's numbers are whole. Partly: less than {coverage:.0%} of 24 hours has been"
    " read, or the calls do not suffice for all rows. No: the last good page is too old, or the"
    " ledger cannot be written.",
    words.LAST_PAGE,
    words.NOTHING,
    "the panels below say which of it.",
)


def _trusted(thresholds: Thresholds) -> Panel:
    coverage = thresholds.polling.coverage
    return tiles(
        Query(measures.trust(thresholds, ("account",)), "{{account}}"),
        title="Numbers whole",
        about=_TRUSTED._replace(counts=_TRUSTED.counts.format(coverage=coverage)),
        mappings=measures.words(measures.TRUST),
        limits=limits(GOOD, (1, WATCH), (2, BAD)),
        nothing="No: no data",
    )


_AGE: Final = About(
    "Time since the last page that was read and stored, of each account's worse stream.",
    words.PROCESS,
    words.NOTHING,
    "far above the time between pages (see the table): the gateway does not answer or refuses. See"
    " the calls below, then the exporter's log.",
)


def _age() -> Panel:
    return tiles(
        Query(largest(measures.age_of_data(), ("account",)), "{{account}}"),
        title="Last good page",
        about=_AGE,
        coloured=False,
        unit=SECONDS,
        nothing="never",
    )


_COVERAGE: Final = About(
    "Share of the last 24 hours, or of the time since the first start, that has been read.",
    words.LAST_PAGE,
    words.NOTHING,
    "totals of the day are too low. Gaps are read later if calls are left over.",
)


def _coverage(thresholds: Thresholds) -> Panel:
    found = select("smsc_history_coverage_ratio", ACCOUNT)
    return tiles(
        Query(f"min by (account) ({found})", "{{account}}"),
        title="24 h read",
        about=_COVERAGE,
        unit=RATIO,
        decimals=1,
        limits=limits(BAD, (thresholds.polling.coverage, WATCH), (0.999, GOOD)),
        nothing="not known",
    )


_SATURATION: Final = About(
    "Share of the calls that it takes to read every new row once, at the pace of the last quarter"
    " of an hour.",
    words.LAST_PAGE,
    words.NOTHING,
    "near 1 statuses are known late; above 1 rows are missed. Ask the gateway for a higher limit,"
    " or split the account.",
)


def _saturation(thresholds: Thresholds) -> Panel:
    full = thresholds.polling.saturation
    found = select("smsc_poll_saturation_ratio", ACCOUNT)
    return tiles(
        Query(largest(found, ("account",)), "{{account}}"),
        title="Calls needed",
        about=_SATURATION,
        unit=RATIO,
        decimals=0,
        limits=limits(GOOD, (0.9 * full, WATCH), (full, BAD)),
        nothing="not known",
    )


_BUDGET: Final = About(
    "History calls left in the rolling window, as a share of what may be spent now.",
    words.PROCESS,
    words.NOTHING,
    "0 is no fault: the calls are spent evenly. A limit that falls (see the calls) is: another"
    " program spends them.",
)


def _budget() -> Panel:
    limit = select("smsc_api_budget_limit", ACCOUNT)
    left = f"{select('smsc_api_budget_remaining', ACCOUNT)} / ({limit} > 0)"
    return tiles(
        Query(largest(left, ("account",)), "{{account}}"),
        title="Calls left",
        about=_BUDGET,
        coloured=False,
        unit=RATIO,
        decimals=0,
        nothing="not known",
    )


_LEDGER: Final = About(
    "Whether the ledger, where everything is counted, could be written when last tried.",
    words.PROCESS,
    "standbys, which have none.",
    "polling has stopped: disk full, read-only, locked or damaged. The exporter's log says which.",
)


def _ledger() -> Panel:
    return tiles(
        Query(measures.ledger_up(), "{{account}}"),
        title="Ledger",
        about=_LEDGER,
        mappings=measures.words(ANSWERS),
        limits=limits(BAD, (1, GOOD)),
        nothing="not known",
    )


_VERSION: Final = About(
    "Which versions of the exporter run, and how many of each.",
    words.PROCESS,
    words.NOTHING,
    "two versions for long: an upgrade was not finished.",
)


def _version() -> Panel:
    return tiles(
        Query(
            f"count by (version) ({select('smsc_exporter_build_info', EXPORTER)})", "{{version}}"
        ),
        title="Version",
        about=_VERSION,
        coloured=False,
        nothing="none",
    )
