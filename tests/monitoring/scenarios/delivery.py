"""Operators and accounts whose messages do not arrive, and what only looks like it."""

from collections.abc import Iterator

from tests.monitoring.scenarios.case import Case, File, Fires, Line, fires, silent
from tests.monitoring.scenarios.tracks import gone, pages
from tests.monitoring.scenarios.worlds import JUDGED, OPERATOR, STREAM, course, matured, submitted


QUARTER = 250 / 60
"""Messages a minute of an operator that carries a quarter of 1,000 an hour."""
USUAL = 0.06
"""Share that is lost on any day."""
OPERATORS = ("mts", "megafon", "beeline", "tele2")
BEGIN, END, LENGTH = 40.0, 80.0, 140.0
DEGRADED = "SmscDeliveryDegraded"
OPERATOR_DEGRADED = "SmscOperatorDeliveryDegraded"
DOWN = "SmscOperatorDown"


def delivery() -> File:
    """All three alerts about delivery, over the same accounts."""
    name = "messages are lost from minute 40 to 80, and what looks like it"
    return File("delivery", [Case(name, lines(), [*account(), *degraded(), *down()])])


def lines() -> list[Line]:
    """What happens is the account's name."""
    return [
        *losing("one-dies"),
        *(line for name in OPERATORS[1:] for line in losing("one-dies", USUAL, operator=name)),
        *(line for name in OPERATORS for line in losing("all-die", operator=name)),
        *losing("rare-pages", rate=4 * QUARTER, period=4, phase=3.4),
        *losing("nearly-half", 0.6),
        *losing("a-fifth", 0.2),
        *losing("small", rate=1 / 3),
        *losing("five-losses", rate=5 / 40),
        *losing("low-traffic", 0.67, rate=3 / 60),
        *mailing("mailing"),
        *parts("mailing-in-parts"),
        *night("night"),
        *restarted("restarted"),
        *new_ledger("new-ledger"),
        *unpolled("unpolled"),
        *losing("bad-list", 0.8, outcome="invalid_number"),
        *losing("stopped", 0.8, outcome="cancelled"),
        *losing("calls", 0.8, channel="call"),
        *losing("enquiries", 0.8, channel="hlr"),
        *losing("other-deadline", 0.8, deadline="1h"),
    ]


def account() -> Iterator[Fires]:
    """A whole account: at its best known within 12 minutes."""
    dead, rare, half = (_stream(name) for name in ("all-die", "rare-pages", "nearly-half"))
    small = _stream("small")
    yield from silent(DEGRADED, 39, 46)
    yield fires(DEGRADED, 51, dead, rare)
    yield fires(DEGRADED, 80, dead, rare, half, small)
    yield fires(DEGRADED, 116, small)
    yield from silent(DEGRADED, 139)


def degraded() -> Iterator[Fires]:
    """An operator: one of a quarter of 1,000 an hour is known within 15 minutes."""
    dead = [_route("all-die", operator) for operator in OPERATORS]
    one, rare = _route("one-dies"), _route("rare-pages")
    half, small = _route("nearly-half"), _route("small")
    yield from silent(OPERATOR_DEGRADED, 39, 46)
    yield fires(OPERATOR_DEGRADED, 52, one, rare, *dead)
    yield fires(OPERATOR_DEGRADED, 80, one, rare, half, small, *dead)
    yield fires(OPERATOR_DEGRADED, 116, small)
    yield from silent(OPERATOR_DEGRADED, 139)


def down() -> Iterator[Fires]:
    """More than half is certainly lost."""
    dead = [_route("all-die", operator) for operator in OPERATORS]
    yield from silent(DOWN, 39, 46)
    yield fires(DOWN, 55, _route("one-dies"), _route("rare-pages"), *dead)
    yield fires(DOWN, 80, _route("one-dies"), _route("rare-pages"), *dead)
    yield fires(DOWN, 105, _route("one-dies"), *dead)
    yield from silent(DOWN, 116, 139)


def losing(account: str, share: float = 1.0, rate: float = QUARTER, **how: object) -> list[Line]:
    """An operator that loses ``share`` of its messages for a while."""
    shares = ((BEGIN, USUAL), (END - BEGIN, share), (LENGTH - END, USUAL))
    pieces = [(minutes, rate, lost) for minutes, lost in shares]
    return list(course(pieces, account=account, **how))  # type: ignore[arg-type]


def mailing(account: str) -> Iterator[Line]:
    """1,500 messages within three minutes; most that are lost are read long after the rest."""
    rest = LENGTH - BEGIN
    yield submitted(pages((BEGIN, 0.3), (3, 500), (rest - 3, 0.3)), account=account)
    good = pages((BEGIN + JUDGED, 0.28), (6, 230), (rest - 6, 0.28))
    bad = pages((BEGIN + JUDGED, 0.02), (6, 5), (12, 0), (3, 30), (rest - 21, 0.02))
    yield matured(good, "delivered", account=account)
    yield matured(bad, "pending", account=account)


def parts(account: str) -> Iterator[Line]:
    """The same in parts of 500: the losses of one are read while the next is being sent."""
    sent = [(BEGIN, 0.3), *[(1, 500), (11, 0)] * 4, (LENGTH - BEGIN - 48, 0.3)]
    good = [(BEGIN + JUDGED, 0.3), *[(3, 155), (9, 0)] * 4, (LENGTH - BEGIN - 48, 0.3)]
    bad = [(BEGIN + JUDGED + 9, 0), *[(1, 35), (11, 0)] * 4, (LENGTH - BEGIN - 57, 0)]
    yield submitted(pages(*sent, period=2), account=account)
    yield matured(pages(*good, period=2), "delivered", account=account)
    yield matured(pages(*bad, period=2), "pending", account=account)


def night(account: str) -> Iterator[Line]:
    """Hardly anything is sent any more, and some of it is lost."""
    pieces = [(BEGIN, QUARTER, USUAL), (LENGTH - BEGIN, 4 / 60, 0.4)]
    yield from course(pieces, account=account)


def restarted(account: str) -> Iterator[Line]:
    """Away for five minutes; the counters go on where they were."""
    for line in losing(account, USUAL):
        yield Line(line.name, line.labels, gone(line.track, 50, 55))


def new_ledger(account: str) -> Iterator[Line]:
    """Counters that begin anew, those of losses first."""
    begins = {"smsc_messages_submitted_total": 50.0, "delivered": 56.0, "undeliverable": 50.0}
    for line in losing(account, USUAL):
        begin = begins[line.labels.get("outcome", line.name)]
        fresh = [value or 0.0 for value in line.track]
        at = round(begin * 2)
        track = [*fresh[:at], *(max(0.0, value - fresh[at]) for value in fresh[at:])]
        yield Line(line.name, line.labels, track)


def unpolled(account: str) -> Iterator[Line]:
    """No page for half an hour; then all at once, losses before the rest."""
    for line in losing(account, USUAL):
        until = 140 if line.labels.get("outcome") == "undeliverable" else 144
        track = [*line.track[:80], *[line.track[80]] * (until - 80), *line.track[until:]]
        yield Line(line.name, line.labels, track)


def _route(account: str, operator: str = "mts") -> dict[str, str]:
    return {**OPERATOR, "account": account, "operator": operator}


def _stream(account: str) -> dict[str, str]:
    return {**STREAM, "account": account}
