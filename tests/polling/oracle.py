"""What an exporter should have counted in the end, from what really happened.

Reads nothing but the world's truth and shares no code with the ledger. Good for worlds in which
nothing changes after the first final status, and for exporters that have seen everything.
"""

from collections import Counter
from collections.abc import Iterable
from decimal import Decimal

import msgspec

from exporter.simulation.record import Transition, Truth


CHANNELS = {0: "sms", 1: "flash", 4: "hlr", 7: "call", 8: "email", 10: "viber"}
OUTCOMES = {
    1: "delivered",
    2: "delivered",
    3: "expired",
    4: "delivered",
    6: "rejected",
    20: "undeliverable",
    22: "invalid_number",
    23: "rejected",
    24: "no_funds",
    25: "undeliverable",
}
REFUSALS = {238, 239, 243, 244, 246, 247, 250, 251, 252, 253, 254, 255}
WAITING = {-2: "cancelled", -1: "pending", 0: "pending"}


class Counts(msgspec.Struct, kw_only=True):
    """Totals of an account, summed over the labels not named here."""

    submitted: Counter[str] = msgspec.field(default_factory=Counter)
    """By channel."""
    final: Counter[str] = msgspec.field(default_factory=Counter)
    """By status."""
    failures: Counter[tuple[str, ...]] = msgspec.field(default_factory=Counter)
    """By status and err."""
    matured: Counter[tuple[str, ...]] = msgspec.field(default_factory=Counter)
    """By deadline and outcome."""
    cost: Decimal = Decimal(0)


def expected(truths: Iterable[Truth], baseline: float, deadlines: dict[str, int]) -> Counts:
    """The totals of messages of which nothing more is to come."""
    counts = Counts()
    for truth in truths:
        end = next(change for change in truth.transitions if change.status not in WAITING)
        if truth.send > baseline:
            counts.submitted[CHANNELS[truth.type]] += 1
            counts.cost += truth.costs[0].cost
        if max(end.time, truth.send) > baseline:
            counts.final[str(end.status)] += 1
            if outcome(end) != "delivered":
                counts.failures[str(end.status), str(end.err)] += 1
        for name, seconds in deadlines.items():
            age_reached = truth.send + seconds
            if age_reached > baseline:
                in_time = end.time <= age_reached
                counts.matured[name, outcome(end) if in_time else "pending"] += 1
    return counts


def outcome(end: Transition) -> str:
    """What a final status means."""
    if end.status == 20 and end.err in REFUSALS:
        return "rejected"
    return OUTCOMES[end.status]
