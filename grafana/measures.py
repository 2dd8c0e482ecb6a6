"""Limits and queries that several dashboards share."""

from typing import Final

from grafana_foundation_sdk.models.dashboard import (
    DashboardFieldConfigSourceOverrides as Override,
)
from grafana_foundation_sdk.models.dashboard import ThresholdsConfig, ValueMap, ValueMappingResult

from exporter.durations import format_duration
from exporter.monitoring.thresholds import Thresholds
from grafana.queries import ACCOUNT, EXPORTER, HISTORY, Query, largest, matured, per_minute, select
from grafana.style import BAD, GOOD, QUIET, RATIO, WATCH, Property, absent, for_name, limits, unit
from grafana.tables import GAUGE


FEW: Final = 20
"""Messages below which a share is not shown in a table: one or two more would turn it round."""
CODE_IN_TIME: Final = 10.0
"""Seconds within which a one-time code should arrive."""

Meaning = tuple[tuple[int, str, str], ...]

TRUST: Final[Meaning] = ((0, "Yes", GOOD), (1, "Partly", WATCH), (2, "No", BAD))
YES_NO: Final[Meaning] = ((1, "Yes", GOOD), (0, "No", BAD))


def label(seconds: float) -> str:
    """A deadline as the exporter labels it."""
    return format_duration(seconds)


def delivery_limits(thresholds: Thresholds) -> ThresholdsConfig:
    """Of a delivered share: green from the objective on, red where the alert begins."""
    alarming = 1 - thresholds.delivery.degraded_share
    return limits(BAD, (alarming, WATCH), (thresholds.objective.target_share, GOOD))


def speed_limits(thresholds: Thresholds) -> ThresholdsConfig:
    """Of the time that half of them need: red where the alert calls a message slow."""
    return limits(GOOD, (CODE_IN_TIME, WATCH), (thresholds.slow.seconds, BAD))


def tail_limits(thresholds: Thresholds) -> ThresholdsConfig:
    """Of the time that 95 % need: some phones are always off, so only much of it is a sign."""
    return limits(GOOD, (10 * thresholds.slow.seconds, WATCH))


def objective_line(thresholds: Thresholds) -> ThresholdsConfig:
    """The share that is aimed at, drawn across."""
    return limits(BAD, (thresholds.objective.target_share, GOOD))


def loss_limits(thresholds: Thresholds) -> ThresholdsConfig:
    """Of what is certainly lost: where the alerts for operators begin."""
    found = thresholds.delivery
    return limits(QUIET, (found.degraded_share, WATCH), (found.down_share, BAD))


def delivered_column(thresholds: Thresholds) -> Override:
    """How a table shows a delivered share."""
    cells = delivered_cells(thresholds)
    return for_name("Delivered", GAUGE, *cells, Property("min", 0), Property("max", 1))


def delivered_cells(thresholds: Thresholds) -> list[Property]:
    """Number and colour of a delivered share, without its shape."""
    judged = Property("thresholds", delivery_limits(thresholds))
    return [*unit(RATIO, 1), Property("mappings", [absent("few")]), judged]


def words(meaning: Meaning) -> list[ValueMap]:
    """Show each number as a word in a colour."""
    results = {
        str(number): ValueMappingResult(text=word, color=colour, index=place)
        for place, (number, word, colour) in enumerate(meaning)
    }
    return [ValueMap(options=results)]


def outcomes(*matchers: str) -> list[Query]:
    """Messages per minute by outcome, delivered ones first: they are drawn at the bottom."""
    first = ("delivered", "pending")
    picks = [*(f'outcome="{one}"' for one in first), f'outcome!~"{"|".join(first)}"']
    found = (per_minute(matured(*matchers, pick), ("outcome",)) for pick in picks)
    return [Query(expr, "{{outcome}}") for expr in found]


def watched(thresholds: Thresholds) -> str:
    """Matcher for the channels that alerts about delivery watch."""
    return f'channel=~"{thresholds.delivery.channels}"'


def age_of_data() -> str:
    """Seconds since the last good page, of each stream."""
    last = select("smsc_poll_last_success_timestamp_seconds", ACCOUNT, HISTORY)
    return f"time() - {largest(last, ('account', 'channel'))}"


def stale(thresholds: Thresholds) -> str:
    """1 for each stream whose last good page is too old."""
    cadence = largest(select("smsc_poll_cadence_seconds", ACCOUNT, HISTORY), ("account", "channel"))
    polling = thresholds.polling
    limit = f"clamp_min({polling.stale_cadences:g} * {cadence}, {polling.stale:g})"
    return f"({age_of_data()}) > bool {limit}"


def trust(thresholds: Thresholds, by: tuple[str, ...] = ()) -> str:
    """0: the numbers are whole; 1: something is missing; 2: they are old or cannot be stored."""
    polling = thresholds.polling
    gaps = f"{select('smsc_history_coverage_ratio', ACCOUNT)} < bool {polling.coverage:g}"
    crowded = f"{select('smsc_poll_saturation_ratio', ACCOUNT)} > bool {polling.saturation:g}"
    blind = f"2 * {largest(stale(thresholds), by)}"
    mute = f"2 * {largest(f'1 - ({ledger_up()})', by)}"
    return f"clamp_max({blind} + {mute} + {largest(gaps, by)} + {largest(crowded, by)}, 2)"


def ledger_up() -> str:
    """1 for each account whose ledger can be written; a standby's need not be."""
    both = f"0 * {select('smsc_up', ACCOUNT)} + on (job, instance) group_left () "
    return largest(both + select("smsc_exporter_ledger_up", EXPORTER), ("account",))
