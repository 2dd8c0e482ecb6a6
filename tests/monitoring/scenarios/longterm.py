"""Alerts that compare with the past, over what the recording rules give."""

from collections.abc import Iterator, Sequence

from tests.monitoring.scenarios.case import JOB, Case, File, Line, fires, silent
from tests.monitoring.scenarios.tracks import Piece, held, later
from tests.monitoring.scenarios.worlds import OPERATOR, STREAM, recorded


ALERTS_ONLY = ("smsc-alerts.yml",)


def habits() -> File:
    """Losses that are nothing new, and losses that are."""
    lines = [
        *habit("new", 0.6, 0.05),
        *habit("unknown-past", 0.6, None),
        *habit("worse-than-ever", 0.6, 0.4),
        *habit("as-ever", 0.6, 0.5),
        *habit("below", 0.24, 0.0),
        *habit("calls", 0.6, 0.05, channel="call"),
    ]
    names = ("new", "unknown-past", "worse-than-ever")
    routes = [{**OPERATOR, "account": name} for name in names]
    streams = [{**STREAM, "account": name} for name in names]
    checks = [
        *silent("SmscDeliveryDegraded", 2),
        fires("SmscDeliveryDegraded", 2.5, *streams),
        *silent("SmscOperatorDeliveryDegraded", 2.5),
        fires("SmscOperatorDeliveryDegraded", 3, *routes),
        *silent("SmscOperatorDown", 2.5),
        fires("SmscOperatorDown", 3, *routes),
    ]
    cases = [Case("losses, new or as ever", lines, checks), slow_habits()]
    return File("habits", cases, ALERTS_ONLY)


def slow_habits() -> Case:
    """An operator that is slow now, that was so before, or that loses messages as well."""
    name = "SmscSlowDelivery"
    always = ("new", "unknown-past", "worse-than-ever", "losing-some")
    at_once = [{**OPERATOR, "account": account} for account in always]
    lines = [
        *slowly("new", 0.05),
        *slowly("unknown-past", None),
        *slowly("worse-than-ever", 0.4),
        *slowly("as-ever", 0.5),
        *slowly("losing-some", 0.05, ((110, 0.2),)),
        *slowly("losing-many", 0.05, ((110, 0.3),)),
        *slowly("outage", 0.05, ((30, 0.6), (80, 0.0))),
    ]
    checks = [
        *silent(name, 3.5),
        fires(name, 4, *at_once),
        fires(name, 85, *at_once),
        fires(name, 95, *at_once, {**OPERATOR, "account": "outage"}),
    ]
    return Case("an operator is as slow as ever, or slower", lines, checks)


def habit(account: str, now: float, past: float | None, **how: str) -> Iterator[Line]:
    """A share that is certain now, and what it was in the past."""
    for level, labels in (("account", STREAM), ("account_country_operator", OPERATOR)):
        chosen = {**labels, "account": account, **how}
        yield begun(f"{level}:smsc_undelivered:certain", now, **chosen)
        if past is not None:
            label = {"deadline": "5m", "window": "1h"}
            yield recorded(f"{level}:smsc_undelivered:baseline7d", (10, past), **chosen, **label)


def slowly(account: str, past: float | None, lost: Sequence[Piece] = ()) -> Iterator[Line]:
    """The same of slow deliveries, and the share that certainly got lost meanwhile."""
    level, chosen = "account_country_operator", {**OPERATOR, "account": account}
    yield begun(f"{level}:smsc_slow:certain", 0.6, **chosen)
    if past is not None:
        yield recorded(f"{level}:smsc_slow:baseline7d", (110, past), **chosen, window="1h")
    if lost:
        yield recorded(f"{level}:smsc_undelivered:certain", *lost, **chosen)


def begun(name: str, value: float, **labels: str) -> Line:
    """What is recorded from minute 2 on."""
    return Line(name, {"job": JOB, **labels}, later(held((108, value)), 2))


def objective() -> File:
    """The objective: 5 % may be lost, and it is noticed at three times as much."""
    lines = [
        Line("smsc:delivery_slo:ratio", {"deadline": "1h"}, held((40, 0.95))),
        *burning("burning", (1000, 800), (100, 80)),
        *burning("burning-small", (150, 120), (30, 24)),
        *burning("over", (1000, 800), (100, 88)),
        *burning("just-begun", (1000, 880), (100, 80)),
        *burning("leaking", (1000, 880), (100, 88)),
        *burning("few-a-day", (99, 79), (99, 79)),
        *burning("few-now", (1000, 800), (19, 15)),
        *burning("calls", (1000, 800), (100, 80), channel="call"),
        *burning("other-deadline", (1000, 800), (100, 80), deadline="5m"),
    ]
    burns = [{**STREAM, "account": name, "deadline": "1h"} for name in ("burning", "burning-small")]
    name = "SmscDeliverySloBurn"
    checks = [*silent(name, 14), fires(name, 17, *burns), *silent(name, 38)]
    case = Case("the objective is missed", lines, checks)
    return File("objective", [case], ALERTS_ONLY)


def burning(
    account: str, day: tuple[int, int], hours: tuple[int, int], **how: str
) -> Iterator[Line]:
    """Messages that should and that did arrive, over a day and two hours; for half an hour."""
    chosen = {**STREAM, "account": account, "deadline": "1h", **how}
    for length, counts in (("1d", day), ("2h", hours)):
        for what, count in zip(("eligible", "ontime"), counts, strict=True):
            name = f"account:smsc_messages_{what}:increase{length}"
            yield recorded(name, (32, count), (8, counts[0]), **chosen)
