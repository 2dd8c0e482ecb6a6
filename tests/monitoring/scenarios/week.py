"""Alerts that compare with the same hour a week ago."""

from collections.abc import Iterator

from exporter.monitoring import recorded as names
from tests.monitoring.scenarios.case import Case, File, Line, fires, line, silent
from tests.monitoring.scenarios.day import DAY, present
from tests.monitoring.scenarios.longterm import ALERTS_ONLY
from tests.monitoring.scenarios.money import CRITICAL, LOW
from tests.monitoring.scenarios.tracks import Track
from tests.monitoring.scenarios.worlds import POLL, STREAM, gauge, recorded


WEEK = 7 * DAY
QUIET, BACK, LENGTH = WEEK + 60, WEEK + 150, WEEK + 180
"""Minutes at which traffic stops, comes back, and the end."""
SUCCESS = "smsc_poll_last_success_timestamp_seconds"
DROPPED, SPIKE = "SmscTrafficDropped", "SmscCostSpike"


def week() -> File:
    """Everything that takes a week to see."""
    stopped = [{**STREAM, "account": name} for name in ("stopped", "rare-pages")]
    checks = [
        *silent(DROPPED, QUIET + 10),
        fires(DROPPED, QUIET + 20, *stopped),
        fires(DROPPED, QUIET + 75, *stopped),
        *silent(DROPPED, BACK + 10),
        fires(LOW, WEEK, *(money(name) for name in ("by-day", "by-hour", "till-tonight"))),
        fires(CRITICAL, WEEK, money("by-hour")),
        *silent(SPIKE, QUIET - 5),
        fires(SPIKE, QUIET + 5, money("dear")),
        *silent(SPIKE, BACK + 10),
    ]
    lines = [*traffic(), *costs(), *spent()]
    return File("week", [Case("a week", lines, checks, every=5)], ALERTS_ONLY, alone=True)


def traffic() -> Iterator[Line]:
    """Messages of an hour, day by day: what stops, and what only seems to."""
    yield from sending("stopped", [35] * 7)
    yield from sending("rare-pages", [35] * 7, period=15)
    yield from sending("nearly", [35] * 7, then=1)
    yield from sending("week-end", [35, 35, 35, 35, 35, 35, 15])
    yield from sending("holiday-a-week-ago", [15, 35, 35, 35, 35, 35, 35])
    yield from sending("mailings", [35] * 7, typical=15)
    yield from sending("unpolled", [35] * 7, until=QUIET)
    other = {**POLL, "account": "unpolled", "endpoint": "balance"}
    yield line(SUCCESS, last_pages(LENGTH, 5), **other)
    yield from sending("short", [35] * 7, back=QUIET + 10)


def sending(
    account: str,
    days: list[float],
    *,
    then: float = 0,
    typical: float = 30,
    until: float = LENGTH,
    period: float = 5,
    back: float = BACK,
) -> Iterator[Line]:
    """Messages of an hour on each day, until they stop."""
    pieces = [(DAY, count) for count in days]
    rest = [(QUIET - WEEK, days[-1]), (back - QUIET, then), (LENGTH - back, days[-1])]
    stream = {**STREAM, "account": account}
    yield recorded(names.SUBMITTED_1H, *pieces, *rest, **stream)
    yield recorded(names.TYPICAL_1H, (LENGTH, typical), **stream)
    polls = {**POLL, "account": account}
    yield line(SUCCESS, last_pages(until, period), **polls)
    yield line(SUCCESS, last_pages(QUIET, period), **polls, instance="standby:10048")


def last_pages(until: float, period: float) -> Track:
    """Time of the last page, in seconds."""
    return [min(at / 2 // period * period, until) * 60 for at in range(round(LENGTH * 2) + 1)]


def costs() -> Iterator[Line]:
    """Money of an hour, and the dearest hour of two weeks."""
    yield from costing("dear", 5000, 1000)
    yield from costing("mailings", 5000, 1500)
    yield from costing("cheap", 2500, 100)
    yield from costing("new-account", 5000, 1000, since=DAY)
    yield from costing("no-past", 5000, None)


def spent() -> Iterator[Line]:
    """Money that was spent at another pace until some hours before the week's end."""
    yield from spending("by-day", 1000, 100, 9, 0)
    yield from spending("by-hour", 1500, 1000, 3, 0)
    yield from spending("till-tonight", 2000, 1000, 7, 10)
    yield from spending("till-yesterday", 2000, 1000, 26, 10)


def spending(account: str, left: float, pace: float, hours: float, then: float) -> Iterator[Line]:
    """What is left, and what an hour cost until and since ``hours`` before the week's end."""
    change = WEEK - hours * 60
    yield gauge("smsc_account_balance", (LENGTH, left), **money(account))
    yield recorded(names.COST_1H, (change, pace), (LENGTH - change, then), **money(account))


def money(account: str) -> dict[str, str]:
    """Labels of an account's money."""
    return {"account": account, "currency": "RUB"}


def costing(account: str, cost: float, most: float | None, since: float = 0) -> Iterator[Line]:
    """What an hour costs for a while."""
    yield present(account, since)
    pieces = [(QUIET, 10), (BACK - QUIET, cost), (LENGTH - BACK, 10)]
    yield recorded(names.COST_1H, *pieces, **money(account))
    if most is not None:
        yield recorded(names.COST_MOST, (LENGTH, most), **money(account))
