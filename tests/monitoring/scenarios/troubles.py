"""Refused sender names, stuck queues and slow operators, and what only looks like them."""

from collections.abc import Iterator

from tests.monitoring.scenarios.case import Case, File, Line, fires, line, silent
from tests.monitoring.scenarios.delivery import QUARTER
from tests.monitoring.scenarios.tracks import Piece, Track, later, pages
from tests.monitoring.scenarios.worlds import (
    JUDGED,
    OPERATOR,
    SENDER,
    STREAM,
    failures,
    final,
    matured,
    submitted,
    waiting,
)


REJECTED, STUCK, SLOW = "SmscSenderRejected", "SmscQueueStuck", "SmscSlowDelivery"
HELD = 1.5
"""Minutes for which a counter that comes up is shown at 0."""


def senders() -> File:
    """A name that is refused from minute 30 to 60."""
    lines = [
        *refused("refused", 1.0, 1.0),
        *refused("busy", 4.0, 1.0),
        *refused("rarely-used", 0.3, 1.0),
        *refused("a-tenth", 6.0, 0.1),
        *refused("by-operator", 1.0, 1.0, err="255"),
        *refused("enquiries", 1.0, 1.0, channel="hlr"),
        *refused("three", 3 / 30, 1.0),
        submitted(pages((30, 1.0), (3, 500.0), (77, 1.0)), account="mailing"),
        failures(_new(30, (3, 40.0), (77, 0.0)), "23", "254", account="mailing"),
    ]
    checks = [
        *silent(REJECTED, 29),
        fires(REJECTED, 42, _sender("busy"), _sender("refused")),
        fires(REJECTED, 60, _sender("busy"), _sender("refused"), _sender("rarely-used")),
        *silent(REJECTED, 99),
    ]
    return File("senders", [Case("a sender name is refused", lines, checks)])


def queues() -> File:
    """Messages that wait at the gateway from minute 30 to 60."""
    lines = [
        *queue("stuck", (36, 0), (4, 40), (20, 200), (40, 0), done=(30, 4), rest=0),
        waiting((36, 0), (64, 60), account="never-final"),
        *queue("mailing", (36, 0), (40, 3000), (24, 0), done=(30, 4), rest=50),
        *queue("fifteen", (36, 0), (24, 15), (40, 0), done=(30, 4), rest=0),
        *queue("trickling", (36, 0), (24, 400), (40, 0), done=(30, 4), rest=3),
        *queue("draining", (36, 0), (24, 400), (40, 0), done=(30, 4), rest=6),
        *queue("few", (36, 0), (64, 9), done=(30, 4), rest=0),
        *queue("short", (36, 0), (4, 200), (60, 0), done=(30, 4), rest=0),
        *queue("young", (36, 0), (64, 500), done=(30, 4), rest=0, age="0-5m"),
        *queue("passed-on", (36, 0), (64, 500), done=(30, 4), rest=0, state="accepted"),
        *queue("enquiries", (36, 0), (64, 500), done=(30, 4), rest=0, channel="hlr"),
    ]
    names = ("never-final", "stuck", "fifteen", "trickling")
    never, *stuck = ({**STREAM, "account": name} for name in names)
    checks = [
        *silent(STUCK, 35, 40),
        fires(STUCK, 48, *stuck, never),
        fires(STUCK, 59, *stuck, never),
        fires(STUCK, 62, never),
    ]
    return File("queues", [Case("messages are not passed on", lines, checks)])


def slowness() -> File:
    """Deliveries that take longer than a minute, from minute 40 to 80."""
    lines = [
        *slow("slow", 0.7),
        *slow("as-usual", 0.08),
        *slow("a-third", 0.3),
        *slow("five", 1.0, rate=5 / 40),
        *slow("calls", 0.7, channel="call"),
        *slow("enquiries", 0.7, channel="hlr"),
        *tail("mailing"),
        *drained("outage"),
    ]
    checks = [
        *silent(SLOW, 39, 46),
        fires(SLOW, 57, _route("slow")),
        fires(SLOW, 80, _route("slow")),
        fires(SLOW, 100, _route("slow")),
        *silent(SLOW, 112, 139),
    ]
    return File("slowness", [Case("an operator is slow", lines, checks)])


def refused(account: str, rate: float, share: float, err: str = "254", **how: str) -> list[Line]:
    """A sender of whose messages a share is refused."""
    track = _new(30, (30, rate * share), (50, 0.0))
    return [
        submitted(pages((110, rate)), account=account, **how),
        failures(track, "23", err, account=account, **how),
    ]


def queue(account: str, *pieces: Piece, done: Piece, rest: float, **how: str) -> Iterator[Line]:
    """Waiting messages, and how many get through: at first, and then."""
    yield waiting(*pieces, account=account, **how)
    channel = how.get("channel", "sms")
    yield final(pages(done, (100 - done[0], rest)), account=account, channel=channel)


def slow(account: str, share: float, rate: float = QUARTER, **how: str) -> Iterator[Line]:
    """An operator that delivers a share of its messages late for a while."""
    pieces = ((40.0, 0.08), (40.0, share), (60.0, 0.08))
    yield submitted(pages((140, rate)), account=account, **how)
    prompt = pages(*[(minutes, rate * (1 - late)) for minutes, late in pieces])
    yield from delivered(pages((140, rate)), prompt, account=account, **how)


def tail(account: str) -> Iterator[Line]:
    """A mailing of 1,500 whose slow tenth is read long after the rest."""
    yield submitted(pages((40, 0.3), (3, 500), (97, 0.3)), account=account)
    prompt = pages((40, 0.28), (3, 450), (97, 0.28))
    every = pages((40, 0.3), (3, 455), (17, 0.3), (3, 45), (77, 0.3))
    yield from delivered(every, prompt, account=account)


def drained(account: str) -> Iterator[Line]:
    """Nothing is delivered for 20 minutes, then all of it at once."""
    yield submitted(pages((140, QUARTER)), account=account)
    good = pages((JUDGED, 0), (40, QUARTER), (20, 0), (80, QUARTER))
    yield matured(good, "delivered", account=account)
    yield matured(pages((JUDGED + 40, 0), (20, QUARTER), (80, 0)), "pending", account=account)
    every = pages((40, QUARTER), (20, 0), (10, QUARTER * 3), (70, QUARTER))
    prompt = pages((40, QUARTER * 0.92), (30, 0), (70, QUARTER * 0.92))
    yield from delivered(every, prompt, account=account)


def delivered(every: Track, prompt: Track, **labels: str) -> Iterator[Line]:
    """Delivery times: all, and those within a minute."""
    name, chosen = "smsc_message_delivery_seconds", {**OPERATOR, **labels}
    yield line(f"{name}_bucket", prompt, **chosen, le="60.0")
    yield line(f"{name}_bucket", every, **chosen, le="+Inf")
    yield line(f"{name}_count", every, **chosen)


def _new(begin: float, *pieces: Piece) -> Track:
    """A counter that comes up, stands at 0 for a while, and then shows what it holds."""
    track = pages(*pieces, period=2)
    at = round(HELD * 2)
    return later([*[0.0] * at, *track[at:]], begin)


def _route(account: str) -> dict[str, str]:
    return {**OPERATOR, "account": account}


def _sender(account: str) -> dict[str, str]:
    return {**SENDER, "account": account}
