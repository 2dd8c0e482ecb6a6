"""How fast the budget is used up, and by whom."""

from typing import Final

from grafana_foundation_sdk.models.dashboard import Panel

from exporter.monitoring.thresholds import Thresholds
from grafana import measures, words
from grafana.boards.objectives.counts import ACCOUNT, LEFT_OUT, Counts
from grafana.charts import lines, ranking
from grafana.face import About
from grafana.queries import (
    ELIGIBLE,
    RANGE,
    SENDER,
    Query,
    grown,
    matured,
    of_all,
    share,
)
from grafana.style import BAD, NUMBER, QUIET, RATIO, WATCH, limits


def how_fast(counts: Counts, thresholds: Thresholds) -> list[Panel]:
    """Draw the budget and its burning."""
    return [_course(counts), _burn(counts, thresholds)]


def who(counts: Counts, thresholds: Thresholds) -> list[Panel]:
    """Draw days and operators."""
    return [_daily(counts, thresholds), _who(counts)]


_COURSE: Final = About(
    "What was left of the budget of the 30 days before each moment, by account.",
    words.EVALUATED,
    LEFT_OUT,
    "a step down is an incident, a slope is a habit.",
)


def _course(counts: Counts) -> Panel:
    return lines(
        Query(counts.left(ACCOUNT), "{{account}}"),
        title="Error budget left",
        about=_COURSE,
        unit=RATIO,
        minimum=-1,
        maximum=1,
        limits=limits(BAD, (0, QUIET)),
        step="1h",
        nothing="no messages yet",
    )


_BURN: Final = About(
    "How many times as fast as the objective allows messages are lost, over a day and over two"
    " hours. 1 uses the budget up in exactly 30 days.",
    words.EVALUATED,
    LEFT_OUT,
    "both above the line for a quarter of an hour raise a warning: no need to get up, plan the"
    " work. The alerts for operators are what wakes people.",
)


def _burn(counts: Counts, thresholds: Thresholds) -> Panel:
    windows = {"1d": "a day", "2h": "two hours"}
    return lines(
        *(
            Query(counts.burn(length), f"{{{{account}}}}, {name}")
            for length, name in windows.items()
        ),
        title="Burn rate",
        about=_BURN,
        unit=NUMBER,
        decimals=1,
        limits=limits(QUIET, (1, WATCH), (thresholds.objective.burn_factor, BAD)),
        nothing="no messages yet",
    )


_DAILY: Final = About(
    "The share of messages that were delivered in time, of the day before each moment, by account.",
    words.EVALUATED,
    LEFT_OUT,
    "days below the line broke the promise.",
)


def _daily(counts: Counts, thresholds: Thresholds) -> Panel:
    kept = share(counts.window("ontime", "1d"), counts.window("eligible", "1d"))
    return lines(
        Query(kept, "{{account}}"),
        title="Delivered in time, day by day",
        about=_DAILY,
        unit=RATIO,
        height=10,
        floor=0.8,
        maximum=1,
        limits=measures.objective_line(thresholds),
        nothing="no messages yet",
    )


_WHO: Final = About(
    "Whose messages were lost or late in the time range: each operator's part of all of them.",
    words.AT_AGE,
    words.UNDELIVERABLE,
    "one long bar is one phone call to make.",
)


def _who(counts: Counts) -> Panel:
    late = matured(SENDER, f'deadline="{counts.age}"', f'{ELIGIBLE},outcome!="delivered"')
    by = ("country", "operator")
    part = of_all(grown(late, RANGE, by), grown(late, RANGE))
    return ranking(
        Query(f"sort_desc(topk(8, {part}))", "{{operator}} {{country}}"),
        above=True,
        title="Who spent the budget",
        about=_WHO,
        unit=RATIO,
        decimals=0,
        height=10,
        maximum=1,
        nothing="no messages were lost",
    )
