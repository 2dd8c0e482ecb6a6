"""What befalls messages on their way, whatever their operator: no funds, refused names, a hold."""

from random import Random

from exporter.simulation.codes import Kind, Status
from exporter.simulation.laws import Ending, log_normal
from exporter.simulation.record import Record
from exporter.simulation.recurrence import Occurrences
from exporter.simulation.spec import Recurrence, Refusal, WorldSpec


NAMED = frozenset({Kind.SMS, Kind.FLASH})
"""Kinds of messages whose sender name operators look at."""


class Troubles:
    """The troubles of a world, at their times."""

    def __init__(self, spec: WorldSpec) -> None:
        def occurrences(event: Recurrence) -> Occurrences:
            return Occurrences(event, spec.time_scale)

        self._scale = spec.time_scale
        self._no_funds = [occurrences(funds) for funds in spec.no_funds]
        self._refusals = [(refusal, occurrences(refusal)) for refusal in spec.refusals]
        self._holds = [occurrences(hold) for hold in spec.holds]

    def held_until(self, send: float) -> float | None:
        """When a message sent at ``send`` is passed on, if it is held up; Unix seconds."""
        if not self._holds:
            return None
        stretches = (hold.covering(send) for hold in self._holds)
        return max((stretch.end for stretch in stretches if stretch is not None), default=None)

    def bend(self, rng: Random, draft: Record, leaves: float, ending: Ending) -> Ending:
        """The end of a message that is passed on at ``leaves``, if not for them ``ending``."""
        send = max(draft.created, draft.send)
        if any(funds.covering(send) for funds in self._no_funds):
            return Ending(leaves, Status.NO_FUNDS, 0, free=True)
        for refusal, occurrences in self._refusals:
            if _concerns(refusal, draft) and occurrences.covering(send):
                delay = log_normal(rng.random(), 0.5, 0.3) * self._scale
                return Ending(leaves + delay, refusal.status, refusal.err, free=True)
        return ending


def _concerns(refusal: Refusal, draft: Record) -> bool:
    taken = refusal.operator in {"", draft.network.operator}
    return taken and draft.sender == refusal.sender and draft.kind in NAMED
