"""Alerts about what is known: pages that stop, refusals, calls that do not suffice, gaps."""

from collections.abc import Iterator

from exporter.monitoring.recorded import SUBMITTED_1H
from tests.monitoring.scenarios.case import Case, File, Fires, Line, fires, line, silent
from tests.monitoring.scenarios.longterm import ALERTS_ONLY
from tests.monitoring.scenarios.tracks import Track, gone, held, later, stamps
from tests.monitoring.scenarios.worlds import POLL, STREAM, gauge, recorded


BEGIN, END, LENGTH = 30.0, 80.0, 150.0
STALE, AUTH, BLOCKED = "SmscPollStale", "SmscAuthFailed", "SmscIpBlocked"
LIMITED, SATURATED = "SmscRateLimited", "SmscBudgetSaturated"
BEHIND, COVERAGE, UNREAD = "SmscHistoryBehind", "SmscHistoryCoverageLow", "SmscHistoryUnread"
OVERDUE, SKIPPED = "SmscCohortsOverdue", "SmscRowsSkipped"
SUCCESS = "smsc_poll_last_success_timestamp_seconds"
WATERMARK = "smsc_history_watermark_timestamp_seconds"


def polling() -> File:
    """From minute 30 to 80 something is wrong with what is known."""
    return File(
        "polling",
        [
            Case("pages stop", [*stopping()], [*stale()]),
            Case("calls are refused", [*refusing()], [*refused()]),
            Case("not all is seen", [*unseen()], [*missing()]),
        ],
        ALERTS_ONLY,
    )


def stopping() -> Iterator[Line]:
    """Accounts whose pages stop for a while."""
    stop = ((BEGIN, True), (END - BEGIN, False), (LENGTH - END, True))
    yield from polled("stops", 144, *stop)
    yield from polled("stops", 1, (LENGTH, True), endpoint="other")
    yield from polled("stops-briefly", 144, (BEGIN, True), (8, False), (LENGTH - BEGIN - 8, True))
    yield from polled("rarely", 900, (LENGTH, True), period=15)
    yield from polled("rarely", 144, (1, True), (LENGTH - 1, False), instance="other:10048")
    yield from polled("rarely-stops", 900, *stop, period=15)
    yield from polled("one-stream", 144, (LENGTH, True))
    yield from polled("one-stream", 144, *stop, channel="email")
    cadence = {**POLL, "account": "never"}
    yield line("smsc_poll_cadence_seconds", later(held((70, 250)), 10), **cadence)
    yield from polled("taken-over", 144, *stop)
    yield from polled("taken-over", 144, (LENGTH, True), instance="other:10048")
    for each in polled("away", 144, (LENGTH, True)):
        yield Line(each.name, each.labels, gone(each.track, BEGIN, BEGIN + 15))


def stale() -> Iterator[Fires]:
    """Ten minutes, or three times the time between pages where that is longer; not while the
    exporter itself is away, which is another alert's business.
    """
    stops = {**STREAM, "account": "stops"}
    email = {**STREAM, "account": "one-stream", "channel": "email"}
    rarely = {**STREAM, "account": "rarely-stops"}
    never = {**STREAM, "account": "never"}
    yield from silent(STALE, 19)
    yield fires(STALE, 22, never)
    yield fires(STALE, 38, never)
    yield fires(STALE, 42, never, stops, email)
    yield fires(STALE, 58, never, stops, email)
    yield fires(STALE, 62, never, stops, email, rarely)
    yield from silent(STALE, 98, 149)


def polled(
    account: str, cadence: float, *pieces: tuple[float, bool], period: float = 3, **how: str
) -> Iterator[Line]:
    """Time of the last page, and the seconds aimed at between two."""
    chosen = {**POLL, "account": account, **how}
    yield line(SUCCESS, stamps(*pieces, period=period), **chosen)
    yield line("smsc_poll_cadence_seconds", held((LENGTH, cadence)), **chosen)


def refusing() -> Iterator[Line]:
    """Accounts whose calls are refused, with different numbers."""
    again = [BEGIN, 40.0, 70.0]
    for code, name in (("2", "refused"), ("4", "blocked"), ("1", "misunderstood")):
        yield errors(name, code, again)
        yield up(name, (BEGIN, 1), (END - BEGIN, 0), (LENGTH - END, 1))
    yield errors("refused-once", "2", [BEGIN])
    yield up("refused-once", (BEGIN, 1), (3, 0), (LENGTH - BEGIN - 3, 1))
    for code in ("2", "4"):
        yield errors("unreachable", code, [])
        yield errors("refused-long-ago", code, [1])
        yield errors("taken-over", code, again)
    yield up("unreachable", (BEGIN, 1), (END - BEGIN, 0), (LENGTH - END, 1))
    yield up("refused-long-ago", (1, 1), (10, 0), (60, 1), (LENGTH - 71, 0))
    yield up("taken-over", (LENGTH, 0))
    yield gauge("smsc_up", (LENGTH, 1), account="taken-over", instance="other:10048")
    yield errors("shared", "9", [BEGIN, 55])
    yield errors("shared-once", "9", [BEGIN])
    yield errors("shared-once", "9", [BEGIN, 55], endpoint="balance")


def refused() -> Iterator[Fires]:
    """At once, and for as long as it lasts."""
    for name, account in ((AUTH, "refused"), (BLOCKED, "blocked")):
        once = [{"account": "refused-once"}] if name == AUTH else []
        yield from silent(name, 29.5)
        yield fires(name, 31, {"account": account}, *once)
        yield fires(name, 35, {"account": account})
        yield fires(name, 69, {"account": account})
        yield from silent(name, 81, 100, 149)
    yield from silent(LIMITED, 54)
    yield fires(LIMITED, 56, {"account": "shared"})
    yield from silent(LIMITED, 93)


def errors(account: str, code: str, times: list[float], endpoint: str = "history") -> Line:
    """Error answers at some minutes."""
    chosen = {"account": account, "endpoint": endpoint, "code": code}
    return line("smsc_api_errors_total", happened(times), **chosen)


def happened(times: list[float], many: float = 1) -> Track:
    """A counter that grows at some minutes."""
    return [many * sum(at / 2 >= time for time in times) for at in range(round(LENGTH * 2) + 1)]


def up(account: str, *pieces: tuple[float, float]) -> Line:
    """Whether the last poll worked."""
    return gauge("smsc_up", *pieces, account=account)


def unseen() -> Iterator[Line]:
    """Accounts of which something is not seen."""
    yield from saturated()
    yield from behind("gap", 55)
    yield from behind("small-gap", 25)
    yield from behind("outage", 55, pages=False)
    for account, coverage, minutes in (("holes", 0.9, 70), ("fine", 0.96, 70), ("brief", 0.9, 50)):
        pieces = ((BEGIN, 1.0), (minutes, coverage), (LENGTH - BEGIN - minutes, 1.0))
        yield gauge("smsc_history_coverage_ratio", *pieces, **{**STREAM, "account": account})
    second = {**STREAM, "account": "fine", "instance": "other:10048"}
    yield gauge("smsc_history_coverage_ratio", (LENGTH, 0.5), **second)
    unread = "smsc_history_unread_seconds_total"
    yield line(unread, happened([BEGIN], 600), **{**STREAM, "account": "given-up"})
    old = gone(happened([-1], 600), 40, 44)
    yield line(unread, old, **{**STREAM, "account": "given-up-long-ago"})
    yield from overdue("blind", 150, 500)
    yield from overdue("small", 99, 100)
    yield from overdue("huge", 200, 1300)
    yield from overdue("brief", 200, 500, minutes=25)
    yield from overdue("later-deadline", 200, 500, deadline="1h")
    for account, many in (("changed", 12), ("odd-rows", 8)):
        chosen = {**STREAM, "account": account, "reason": "time"}
        yield line("smsc_rows_skipped_total", happened([BEGIN], many), **chosen)


def saturated() -> Iterator[Line]:
    """How many calls it takes to read all."""
    name = "smsc_poll_saturation_ratio"
    for account, share, minutes in (("full", 1.3, 70), ("nearly", 0.95, 70), ("mailing", 1.3, 45)):
        pieces = ((BEGIN, 0.1), (minutes, share), (LENGTH - BEGIN - minutes, 0.1))
        yield gauge(name, *pieces, account=account)
        yield gauge(name, (LENGTH, 0.1), account=account, instance="other:10048")


def behind(account: str, most: float, *, pages: bool = True) -> Iterator[Line]:
    """The point up to which all is seen stands still, with or without pages, until far behind."""
    stream = {**STREAM, "account": account}
    works = ((BEGIN, True), (most, False), (LENGTH - BEGIN - most, True))
    yield line(WATERMARK, stamps(*works), **stream)
    reads = ((LENGTH, True),) if pages else works
    yield line(SUCCESS, stamps(*reads), **{**POLL, "account": account})
    behind = [0.0] * (round(LENGTH * 2) + 1)
    yield line(SUCCESS, behind, **{**POLL, "account": account, "instance": "other:10048"})
    yield line(WATERMARK, behind, **stream, instance="other:10048")
    if not pages:
        yield line(SUCCESS, stamps((LENGTH, True)), **{**POLL, "account": account, "endpoint": "x"})


def overdue(
    account: str, count: float, sent: float, minutes: float = 50, deadline: str = "5m"
) -> Iterator[Line]:
    """Messages past the deadline that no page has told of, and messages of an hour."""
    stream = {**STREAM, "account": account}
    pieces = ((BEGIN, 0.0), (minutes, count), (LENGTH - BEGIN - minutes, 0.0))
    yield gauge("smsc_messages_overdue", *pieces, **stream, deadline=deadline)
    yield recorded(SUBMITTED_1H, (LENGTH, sent), **stream)


def missing() -> Iterator[Fires]:
    """Each after its time."""
    for name, account, first, last in (
        (SATURATED, {"account": "full"}, 91, 98),
        (BEHIND, {**STREAM, "account": "gap"}, 77, 83),
        (COVERAGE, {**STREAM, "account": "holes"}, 91, 98),
        (UNREAD, {**STREAM, "account": "given-up"}, 31, 85),
        (OVERDUE, {"account": "blind"}, 61, 78),
        (SKIPPED, {**STREAM, "account": "changed", "reason": "time"}, 31, 85),
    ):
        yield from silent(name, first - 3)
        yield fires(name, first, account)
        yield fires(name, last, account)
        yield from silent(name, 103, 149)
