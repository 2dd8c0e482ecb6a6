"""Alerts that look at hours and days of counters, or ask who was there a day ago."""

from collections.abc import Iterator

from exporter.monitoring import recorded as names
from tests.monitoring.scenarios.case import Case, File, Line, fires, line, silent
from tests.monitoring.scenarios.longterm import ALERTS_ONLY
from tests.monitoring.scenarios.tracks import filled, held, later, pages
from tests.monitoring.scenarios.worlds import (
    OPERATOR,
    STREAM,
    gauge,
    matured,
    recorded,
    submitted,
)


DAY = 24 * 60.0
OVER = DAY + 90
"""Minute at which everything ends that can end at once."""
LENGTH = DAY + 150
AT = DAY + 60


def day() -> File:
    """Everything that takes a day to see."""
    lines = [*receipts(), *numbers(), *surges(), *countries(), *budgets()]
    surging = ("new-code", "no-past", "enough", "a-seventh", "rising", "swinging")
    errors = {"operator": "mts", "err": "253"}
    sri_lanka = {"country": "LK"}
    at_once = {
        "SmscErrorCodeSurge": [{**errors, "account": name} for name in surging],
        "SmscUnexpectedCountry": [{"account": "unexpected", **sri_lanka}],
        "SmscNewCountryTraffic": [
            {"account": "new", **sri_lanka},
            {"account": "hardly-known", **sri_lanka},
        ],
        "SmscCountryVolumeSpike": [{"account": "spike", "country": "KZ"}],
        "SmscApiBudgetLow": [{"account": "eaten"}],
    }
    waiting = ("SmscErrorCodeSurge", "SmscNewCountryTraffic", "SmscCountryVolumeSpike")
    checks = [
        *silent("SmscReceiptsMissing", 20),
        fires("SmscReceiptsMissing", 5 * 60, {**OPERATOR, "account": "old-trouble"}),
        fires("SmscReceiptsMissing", 620, {**OPERATOR, "account": "old-trouble"}),
        fires(
            "SmscReceiptsMissing",
            AT,
            {**OPERATOR, "account": "no-receipts"},
            {**OPERATOR, "account": "enough"},
            {**OPERATOR, "account": "old-calm"},
        ),
        *silent("SmscWrongNumbers", 20, 190),
        fires("SmscWrongNumbers", AT, {**STREAM, "account": "old-list", "sender": "SHOP"}),
        *(fires(name, AT, *whose) for name, whose in at_once.items()),
        *(check for name in waiting for check in silent(name, DAY + 1)),
        *(check for name in at_once for check in silent(name, LENGTH)),
    ]
    return File("day", [Case("a day", lines, checks, every=5)], ALERTS_ONLY, alone=True)


def receipts() -> Iterator[Line]:
    """Messages without a final status after a day."""
    yield from outcomes("no-receipts", 240, 0.3, "pending")
    yield from outcomes("some", 240, 0.15, "pending")
    yield from outcomes("enough", 150, 0.3, "pending")
    yield from outcomes("few", 93, 0.5, "pending")
    yield from outcomes("hours", 240, 0.3, "pending", deadline="1h")
    yield from began_with("old-trouble", 0.1, bad=500)
    yield from began_with("old-calm", 0.3, good=2000)
    yield from outcomes("calls", 240, 0.3, "pending", channel="call")


def began_with(account: str, share: float, good: float = 0, bad: float = 0) -> Iterator[Line]:
    """240 messages a day, after many within the first minutes."""
    for what, part, first in (("delivered", 1 - share, good), ("pending", share, bad)):
        later_on = pages((LENGTH, 240 * part / DAY), period=60)
        at_once = [min(at, 10) / 10 * first for at in range(len(later_on))]
        track = [value + more for value, more in zip(at_once, filled(later_on), strict=True)]
        yield matured(track, what, account=account, deadline="24h")


def numbers() -> Iterator[Line]:
    """Numbers that do not exist."""
    yield from outcomes("old-list", 400, 0.3, "invalid_number", deadline="5m")
    yield from outcomes("good-list", 400, 0.1, "invalid_number", deadline="5m")
    yield from outcomes("short-list", 160, 0.5, "invalid_number", deadline="5m")
    yield from outcomes("later-list", 400, 0.3, "invalid_number", deadline="1h")
    yield from outcomes("enquiries", 400, 0.3, "invalid_number", deadline="5m", channel="hlr")


def outcomes(
    account: str, a_day: float, share: float, outcome: str, *, deadline: str = "24h", **how: str
) -> Iterator[Line]:
    """So many messages a day, a share of them with an outcome."""
    for what, part in (("delivered", 1 - share), (outcome, share)):
        track = pages((LENGTH, a_day * part / DAY), period=60)
        yield matured(track, what, account=account, deadline=deadline, **how)


def surges() -> Iterator[Line]:
    """Error codes of an hour, and what is usual."""
    for err, owner in (("253", "sender"), ("6", "recipient")):
        info = {"err": err, "name": "x", "owner": owner}
        yield line("smsc_error_info", held((LENGTH, 1)), **info)
    yield from surge("new-code", 60, 200, (1, 2))
    yield from surge("no-past", 60, 200, None)
    yield from surge("few", 19, 100, (0, 0))
    yield from surge("enough", 30, 100, (0, 0))
    yield from surge("a-seventh", 60, 400, (1, 2))
    yield from surge("rising", 60, 200, (8, 2))
    yield from surge("swinging", 60, 200, (4, 5))
    yield from surge("enquiries-before", 60, 200, (1, 2), since=DAY)
    yield submitted(held((LENGTH, 0)), account="enquiries-before", channel="hlr")
    yield from surge("hardly-any", 60, 1000, (1, 2))
    yield from surge("as-usual", 60, 200, (18, 2))
    yield from surge("unsteady", 60, 200, (1, 10))
    yield from surge("phones-off", 60, 200, (1, 2), err="6")
    yield from surge("first-day", 60, 200, (1, 2), since=DAY)


def surge(
    account: str,
    count: float,
    sent: float,
    past: tuple[float, float] | None,
    err: str = "253",
    since: float = 0,
) -> Iterator[Line]:
    """Messages with a code, messages in all, mean and deviation of the code."""
    operator = {"account": account, "operator": "mts"}
    yield present(account, since)
    yield recorded(names.OPERATOR_1H, (LENGTH, sent), **operator)
    yield recorded(names.ERRORS_1H, (OVER, count), (LENGTH - OVER, 0), **operator, err=err)
    for name, value in zip((names.ERRORS_MEAN, names.ERRORS_DEVIATION), past or (), strict=False):
        yield recorded(name, (LENGTH, value), **operator, err=err)


def countries() -> Iterator[Line]:
    """Messages of an hour to countries, and what is usual there."""
    yield from going("unexpected", "LK", 6, 0.001, None, expected="RU")
    yield from going("four", "LK", 4, 0.001, None, expected="RU")
    yield from going("no-list", "LK", 6, 0.001, None)
    yield from going("new", "LK", 30, 0.03, None)
    yield from going("hardly-known", "LK", 30, 0.03, (0.05, 1))
    yield from going("nineteen", "LK", 19, 0.03, None)
    yield from going("thin", "LK", 30, 0.005, None)
    yield from going("known", "LK", 30, 0.03, (5, 5))
    yield from going("expected", "LK", 30, 0.03, None, expected="LK")
    yield from going("new-account", "LK", 30, 0.03, None, since=DAY)
    yield from going("spike", "KZ", 300, 0.5, (5, 10))
    yield from going("mailing", "KZ", 300, 0.05, (5, 10))
    yield from going("ninety-nine", "KZ", 99, 0.5, (5, 10))
    yield from going("wild", "KZ", 300, 0.5, (5, 100))
    yield from going("busy-new-account", "KZ", 300, 0.5, (5, 10), since=DAY)


def going(
    account: str,
    country: str,
    count: float,
    share: float,
    past: tuple[float, float] | None,
    expected: str = "",
    since: float = 0,
) -> Iterator[Line]:
    """Messages to a country, their certain share of all, mean and deviation."""
    yield present(account, since)
    where = {"account": account, "country": country}
    yield recorded(names.COUNTRY_1H, (OVER, count), (LENGTH - OVER, 0), **where)
    yield recorded(names.COUNTRY_SHARE, (LENGTH, share), **where)
    yield recorded(names.COUNTRY_MEAN, (LENGTH, 95), account=account, country="RU")
    for name, value in zip((names.COUNTRY_MEAN, names.COUNTRY_DEVIATION), past or (), strict=False):
        yield recorded(name, (LENGTH, value), **where)
    if expected:
        yield gauge("smsc_country_expected", (LENGTH, 1), account=account, country=expected)


def budgets() -> Iterator[Line]:
    """Calls that may be made."""
    name = "smsc_api_budget_limit"
    yield gauge(name, (DAY, 29), (OVER - DAY, 12), (LENGTH - OVER, 29), account="eaten")
    yield gauge(name, (DAY, 29), (LENGTH - DAY, 20), account="shared")
    yield gauge(name, (AT - 10, 29), (20, 12), (LENGTH - AT - 10, 29), account="just-now")
    yield gauge(name, (LENGTH, 29), account="standby")
    yield gauge(name, (LENGTH, 0), account="standby", instance="other:10048")


def present(account: str, since: float) -> Line:
    """An account that has been there since a minute."""
    return submitted(later(held((LENGTH - since, 0)), since), account=account)
