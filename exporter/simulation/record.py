"""One message of a world with everything that will ever happen to it."""

from decimal import Decimal
from typing import Literal, NamedTuple

import msgspec

from exporter.simulation.codes import Kind


Stream = Literal["sms", "email"]


class Transition(NamedTuple):
    """From ``time`` on (whole Unix seconds) the row shows this status and err."""

    time: int
    status: int
    err: int


class Price(NamedTuple):
    """From ``time`` on (whole Unix seconds) the row shows this cost."""

    time: int
    cost: Decimal


class Network(msgspec.Struct, frozen=True):
    """What a row says of the recipient's operator; all empty for e-mail."""

    mccmnc: str = ""
    country: str = ""
    iso: str = ""
    operator: str = ""
    regions: tuple[str, ...] = ("",)

    def region(self, phone: int) -> str:
        """Region a number is registered in: fixed for the number."""
        return self.regions[phone * 2654435761 % 4294967296 % len(self.regions)]


class Record(msgspec.Struct, gc=False):
    """A message; ``phone`` is the number itself, or the recipient's index in the e-mail stream."""

    int_id: int
    kind: Kind
    network: Network
    sender: str
    phone: int
    created: float
    visible: float
    send: int
    segments: int
    transitions: tuple[Transition, ...]
    prices: tuple[Price, ...]
    client_id: int
    salt: int
    """Number its text is made from."""

    def at(self, now: float) -> Transition:
        """What its status is at a moment, the first one before any."""
        last = self.transitions[-1]
        if last.time <= now:
            return last
        for transition in reversed(self.transitions):
            if transition.time <= now:
                return transition
        return self.transitions[0]

    def cost(self, now: float) -> Decimal:
        """What its cost is at a moment."""
        for price in reversed(self.prices):
            if price.time <= now:
                return price.cost
        return self.prices[0].cost


class Truth(msgspec.Struct, frozen=True, kw_only=True):
    """What really happened to one message, for tests to compare with.

    ``created`` and ``visible`` are Unix seconds; a row is in the history from ``visible`` on.
    ``transitions`` are (time, status, err), ``costs`` (time, cost), each oldest first with whole
    seconds, as rows show them; ``region`` and the rest are as the gateway writes them.
    """

    int_id: str
    stream: Stream
    type: int
    country: str
    """ISO 3166-1 alpha-2; empty for e-mail."""
    operator: str
    mccmnc: str
    sender: str
    region: str
    phone: str
    send: int
    created: float
    visible: float
    segments: int
    transitions: tuple[Transition, ...]
    costs: tuple[Price, ...]

    def at(self, now: float) -> Transition:
        """Status at a moment, the first one before any."""
        past = [transition for transition in self.transitions if transition.time <= now]
        return past[-1] if past else self.transitions[0]

    def cost(self, now: float) -> Decimal:
        """Cost at a moment."""
        past = [price for price in self.costs if price.time <= now]
        return (past or self.costs)[-1 if past else 0].cost
