"""How well an exporter kept up: delays, shares learnt, calls made; per account or over several."""

import math
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from exporter.ledger.counting import Deadlines
from exporter.rehearsal.chronicle import NEVER, Times
from exporter.rehearsal.foreign import Foreign
from exporter.rehearsal.scenario import HOUR, START
from exporter.rehearsal.sightings import Sight, Sightings


CAP = 6 * HOUR
"""A delay counts as this at most: later is as good as never."""
WARM_UP = HOUR


class Span(NamedTuple):
    """What is judged: what happens from ``start`` until ``end`` (Unix seconds), cut at ``cap``."""

    start: float
    end: float
    cap: float

    def holds(self, times: Times) -> NDArray[np.bool_]:
        """Which times lie within."""
        return (times >= self.start) & (times < self.end)


class Delays(NamedTuple):
    """Each delay of what is judged, in seconds, ascending; ``inf`` for what never came."""

    discovery: Times
    knowledge: Times
    maturing: Times


def span_of(hours: float) -> Span:
    """The judged part of a rehearsal: all but the first hour and the last six.

    Of a short one all but the first and the last quarter at most.
    """
    whole = hours * HOUR
    cap = min(CAP, whole / 4)
    return Span(START + min(WARM_UP, whole / 4), START + whole - cap, cap)


def length_for(judged: float) -> float:
    """How many hours a rehearsal takes so that ``judged`` of them are judged."""
    begin, end = WARM_UP / HOUR, CAP / HOUR
    return min(2 * judged, (judged + begin) * 4 / 3, judged + begin + end)


class Delay(msgspec.Struct, frozen=True, kw_only=True):
    """Delays in seconds; ``inf`` for what never came."""

    count: int
    share: float
    """Share of them that came at all; 1 when there is nothing to come."""
    mean: float
    """With each delay cut at the span's cap."""
    p50: float
    p95: float
    p99: float


class Measures(msgspec.Struct, frozen=True, kw_only=True):
    """What a rehearsal shows of a policy."""

    discovery: Delay
    """From sending to the first page that shows a message; its share is the coverage."""
    knowledge: Delay
    """From the final status at the gateway to the first page that shows it."""
    maturing: Delay
    """From the first deadline of a message until it can be counted by it; never below the grace."""
    calls: dict[str, float]
    """Pages an hour by kind of call."""
    calls_per_hour: float
    """Calls that the gateway admitted, whatever it answered."""
    refused: int
    """Calls that met error 9."""
    foreign: Foreign
    digest: str
    """Equal for equal courses."""


class AccountCourse(msgspec.Struct, frozen=True, kw_only=True):
    """What is left of an account after a rehearsal."""

    name: str
    channels: tuple[str, ...]
    sightings: Sightings
    admitted: int
    refused: int
    foreign: Foreign


def measure(accounts: Sequence[AccountCourse], deadlines: Deadlines, hours: float) -> Measures:
    """The measures over all of these accounts together."""
    cap = span_of(hours).cap
    delays = delays_of(accounts, deadlines, hours)
    kinds = Counter(sight.kind for each in accounts for sight in each.sightings.sights)
    foreign = [account.foreign for account in accounts]
    return Measures(
        discovery=summary(delays.discovery, cap),
        knowledge=summary(delays.knowledge, cap),
        maturing=summary(delays.maturing, cap),
        calls={kind: count / hours for kind, count in sorted(kinds.items())},
        calls_per_hour=sum(account.admitted for account in accounts) / hours,
        refused=sum(account.refused for account in accounts),
        foreign=Foreign(*(sum(counts) for counts in zip(*foreign, strict=True))),
        digest=" ".join(account.sightings.digest for account in accounts),
    )


def delays_of(accounts: Sequence[AccountCourse], deadlines: Deadlines, hours: float) -> Delays:
    """The delays that `measure` sums up."""
    span = span_of(hours)
    parts = [_delays(account, deadlines, span) for account in accounts]
    return Delays(*(np.sort(np.concatenate(kind)) for kind in zip(*parts, strict=True)))


def summary(delays: Times, cap: float) -> Delay:
    """Share, mean and quantiles of delays."""
    count = len(delays)
    if not count:
        return Delay(count=0, share=1.0, mean=0.0, p50=0.0, p95=0.0, p99=0.0)
    ordered = np.sort(delays)
    p50, p95, p99 = (float(ordered[math.floor(q * (count - 1))]) for q in (0.5, 0.95, 0.99))
    return Delay(
        count=count,
        share=float(np.mean(ordered < NEVER)),
        mean=float(np.mean(np.minimum(ordered, cap))),
        p50=p50,
        p95=p95,
        p99=p99,
    )


def _delays(account: AccountCourse, deadlines: Deadlines, span: Span) -> tuple[Times, Times, Times]:
    """Delays of discovery, knowledge and maturing of what happens within the span."""
    chronicle = account.sightings.chronicle
    sent, final = chronicle.times("sent"), chronicle.times("final")
    begun, ended = span.holds(sent), span.holds(final)
    deadline = sent + deadlines.seconds[0]
    matured = matured_at(account, deadline, deadlines.grace)
    return (
        _since(sent[begun], chronicle.times("seen")[begun]),
        _since(final[ended], chronicle.times("known")[ended]),
        _since(deadline[begun], matured[begun]),
    )


def matured_at(account: AccountCourse, deadline: Times, grace: float) -> Times:
    """When the ledger can count each message by its deadline.

    That is with a page that shows it after deadline and grace, or shows that its final status came
    after the deadline; or, once its final status is known, with any page of its stream asked for
    after deadline and grace.
    """
    chronicle = account.sightings.chronicle
    final, known = chronicle.times("final"), chronicle.times("known")
    passed = np.full(len(chronicle), NEVER)
    for number, channel in enumerate(account.channels):
        mine = chronicle.channel == number
        passed[mine] = _next_page(account.sightings.sights, channel, deadline[mine] + grace)
    by_status = np.where(final > deadline, known, np.maximum(known, passed))
    return np.minimum(chronicle.times("ripe"), by_status)


def _next_page(sights: Sequence[Sight], channel: str, times: Times) -> Times:
    """When the first page of a stream that was asked for at each time or later was known."""
    pages = [(sight.started, sight.now) for sight in sights if sight.channel == channel]
    started = np.array([start for start, _ in pages] + [NEVER])
    known = np.array([now for _, now in pages] + [NEVER])
    return known[np.searchsorted(started, times)]


def _since(events: Times, learnt: Times) -> Times:
    return np.maximum(0.0, learnt - events)
