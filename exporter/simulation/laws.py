"""How a message ends: outcome and time to it, drawn from an operator's or a type's law."""

import math
from bisect import bisect_right
from collections.abc import Iterable
from itertools import accumulate
from random import Random
from statistics import NormalDist
from typing import NamedTuple

from exporter.simulation.codes import Status
from exporter.simulation.recurrence import Occurrences, Stretch
from exporter.simulation.spec import Emails, Operator, Outage, WorldSpec


CELLS = 8192
NORMAL = tuple(NormalDist().inv_cdf((cell + 0.5) / CELLS) for cell in range(CELLS))
"""Quantiles of the normal distribution: one lookup is much cheaper than one draw."""
EXPIRY_SPREAD = 60.0
ABSENT = 6
UNREPORTED = 245


class Outcome(NamedTuple):
    """One way to end: status and err after a log-normal time, or expiry with ``lapse``."""

    share: float
    status: int
    err: int
    median: float
    sigma: float
    lapse: int = ABSENT
    free: bool = False


class Ending(NamedTuple):
    """A drawn end: status and err at a Unix time."""

    time: float
    status: int
    err: int
    free: bool


def log_normal(random: float, median: float, sigma: float) -> float:
    """Log-normal value at a uniform draw."""
    return median * math.exp(sigma * NORMAL[int(random * CELLS)])


class Law:
    """Outcomes by share (the rest is the last one), cut by validity and bent by outages."""

    def __init__(
        self,
        outcomes: Iterable[Outcome],
        spec: WorldSpec,
        outages: Iterable[Outage] = (),
    ) -> None:
        self._outcomes = tuple(outcomes)
        self._bounds = tuple(accumulate(outcome.share for outcome in self._outcomes[:-1]))
        self._scale = spec.time_scale
        self._validity = spec.validity * spec.time_scale
        self._outages = [(outage, Occurrences(outage, spec.time_scale)) for outage in outages]

    def draw(self, rng: Random, send: float) -> Ending:
        """The end of a message that leaves at ``send``."""
        random = rng.random
        chosen = self._outcomes[bisect_right(self._bounds, random())]
        _, status, err, median, sigma, lapse, free = chosen
        delay = self._scale * median * math.exp(sigma * NORMAL[int(random() * CELLS)])
        if delay >= self._validity:
            return self._expired(rng, send, lapse)
        ending = Ending(send + delay, status, err, free)
        return self._bend(rng, send, ending) if self._outages else ending

    def _expired(self, rng: Random, send: float, err: int) -> Ending:
        spread = rng.random() * EXPIRY_SPREAD * self._scale
        return Ending(send + self._validity + spread, Status.EXPIRED, err, free=False)

    def _bend(self, rng: Random, send: float, ending: Ending) -> Ending:
        for outage, occurrences in self._outages:
            if outage.kind == "refused":
                ending = self._refused(rng, send, ending, outage, occurrences)
            elif outage.kind == "slow":
                ending = self._slowed(rng, send, ending, outage, occurrences)
            elif (stretch := occurrences.covering(ending.time)) is not None:
                ending = self._stuck(rng, send, ending, outage, stretch)
        return ending

    def _refused(
        self,
        rng: Random,
        send: float,
        ending: Ending,
        outage: Outage,
        occurrences: Occurrences,
    ) -> Ending:
        if ending.free or occurrences.covering(send) is None:
            return ending
        delay = log_normal(rng.random(), 3.0, 0.5) * self._scale
        return Ending(send + delay, Status.UNDELIVERABLE, outage.err, free=False)

    def _slowed(
        self,
        rng: Random,
        send: float,
        ending: Ending,
        outage: Outage,
        occurrences: Occurrences,
    ) -> Ending:
        stretch = occurrences.covering(send)
        if stretch is None:
            return ending
        climb = outage.climb * self._scale
        climbed = min(1.0, (send - stretch.start) / climb) if climb else 1.0
        delay = (ending.time - send) * (1 + (outage.factor - 1) * climbed)
        if delay >= self._validity:
            return self._expired(rng, send, UNREPORTED)
        return ending._replace(time=send + delay)

    def _stuck(
        self, rng: Random, send: float, ending: Ending, outage: Outage, stretch: Stretch
    ) -> Ending:
        queue = stretch.share(send) * outage.drain + rng.random() * 120.0
        time = stretch.end + queue * self._scale
        if time >= send + self._validity:
            return self._expired(rng, send, UNREPORTED)
        return ending._replace(time=time)


def operator_law(operator: Operator, spec: WorldSpec) -> Law:
    """Law of plain and flash SMS to one operator."""
    latency = operator.latency
    quick = (latency.refusal_median, latency.refusal_sigma)
    refused = [
        Outcome(spec.invalid_share, Status.WRONG_NUMBER, 249, 0.3, 0.3, free=True),
        Outcome(spec.unregistered_share, Status.FORBIDDEN, 254, 0.5, 0.3, free=True),
        Outcome(spec.no_route_share, Status.UNREACHABLE, 248, 0.5, 0.3, free=True),
    ]
    lost = [
        Outcome(share, Status.UNDELIVERABLE, err, *quick) for err, share in operator.losses.items()
    ]
    got = Status.DELIVERED
    delivered = [
        Outcome(latency.unreported_share, got, 0, math.inf, 0.0, UNREPORTED),
        Outcome(latency.absent_share, got, 0, latency.absent_median, latency.absent_sigma),
        Outcome(latency.slow_share, got, 0, latency.slow_median, latency.slow_sigma),
        Outcome(1.0, got, 0, latency.fast_median, latency.fast_sigma),
    ]
    return Law((*refused, *lost, *delivered), spec, operator.outages)


def email_law(emails: Emails, spec: WorldSpec) -> Law:
    """Law of the e-mail stream."""
    lost = [
        Outcome(share, Status.UNDELIVERABLE, err, 5.0, 1.0) for err, share in emails.losses.items()
    ]
    spam = Outcome(emails.spam_share, Status.SPAM, 0, 5.0, 1.0)
    arrived = Outcome(1.0, Status.DELIVERED, 0, emails.median, emails.sigma)
    return Law((*lost, spam, arrived), spec)


def hlr_law(spec: WorldSpec) -> Law:
    """Law of HLR requests: an answer within seconds."""
    absent = Outcome(0.1, Status.UNDELIVERABLE, ABSENT, 2.0, 0.5)
    return Law((absent, Outcome(1.0, Status.DELIVERED, 0, 2.0, 0.5)), spec)


def call_law(spec: WorldSpec) -> Law:
    """Law of voice calls: unanswered, busy, answering machine, or heard."""
    missed = [
        Outcome(share, Status.UNDELIVERABLE, err, 40.0, 0.4)
        for err, share in {237: 0.2, 240: 0.1, 242: 0.05}.items()
    ]
    return Law((*missed, Outcome(1.0, Status.DELIVERED, 0, 30.0, 0.5)), spec)


def viber_law(spec: WorldSpec) -> Law:
    """Law of Viber messages: some people don't have it, some are offline for long."""
    missing = Outcome(0.15, Status.UNDELIVERABLE, 21, 4.0, 0.5)
    offline = Outcome(0.1, Status.DELIVERED, 0, 7200.0, 1.5)
    return Law((missing, offline, Outcome(1.0, Status.DELIVERED, 0, 5.0, 0.8)), spec)
