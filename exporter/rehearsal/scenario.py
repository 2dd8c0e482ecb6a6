"""What is rehearsed: accounts with their traffic, what befalls them, and for how long."""

import msgspec

from exporter.config import Budget
from exporter.simulation.faults import Fault
from exporter.simulation.limits import Limits
from exporter.simulation.record import Stream
from exporter.simulation.spec import WorldSpec


HOUR = 3600.0
DAY = 24 * HOUR
START = 1_699_995_600.0
"""Unix time at which a rehearsal begins: midnight in Moscow, a Wednesday."""


class Sender(msgspec.Struct, frozen=True, kw_only=True):
    """An account and the traffic it sends."""

    world: WorldSpec
    seed: int = 1
    """Of the world."""
    channels: tuple[Stream, ...] = ("sms",)
    name: str = "main"


class Stop(msgspec.Struct, frozen=True, kw_only=True):
    """The exporter ends and is started again."""

    at: float
    """Seconds after the beginning."""
    down: float = 0.0
    """Seconds until it is started again."""
    crash: bool = True
    """Whether it can't write anything more."""


class Scenario(msgspec.Struct, frozen=True, kw_only=True):
    """One rehearsal, but for the policy: the same scenario always takes the same course."""

    name: str
    senders: tuple[Sender, ...]
    hours: float = 48.0
    foreign: float = 0.0
    """History calls an hour that another program wants to make with each account."""
    faults: tuple[Fault, ...] = ()
    limits: Limits = Limits()
    """What the gateway allows."""
    budget: Budget = Budget()
    """What each account's exporter allows itself."""
    latency: float = 1.0
    """Seconds the gateway takes to answer."""
    stops: tuple[Stop, ...] = ()
    """In the order of time."""
    seed: int = 1
    """Of everything but the worlds."""

    @property
    def seconds(self) -> float:
        """How long it takes in virtual time."""
        return self.hours * HOUR

    @property
    def end(self) -> float:
        """Unix time at which it ends."""
        return START + self.seconds
