"""What may befall a world: something that happens for a while, once or again and again.

Durations are seconds and shrink with `WorldSpec.time_scale`.
"""

from typing import Literal

import msgspec


class Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Common ground of the parts of a world."""


class Recurrence(Part, frozen=True, kw_only=True):
    """Something that happens for a while, once or again and again.

    With a ``period``, ``at`` counts from Moscow midnight of the scaled day; without, ``at`` is a
    Unix time and it happens once.
    """

    at: float
    duration: float
    period: float | None = 86400.0

    def __post_init__(self) -> None:
        """Refuse occurrences that would overlap or never end."""
        if self.duration <= 0:
            raise ValueError("duration must be above 0")
        if self.period is not None and self.period < self.duration:
            raise ValueError("period must not be shorter than duration")


class Outage(Recurrence, frozen=True, kw_only=True):
    """An operator in trouble: nothing becomes final (stuck), all is refused, or all is slow."""

    kind: Literal["stuck", "refused", "slow"] = "stuck"
    err: int = 255
    """``err`` of what is refused."""
    drain: float = 900.0
    """How long what was stuck takes to become final afterwards."""
    factor: float = 10.0
    """How many times as long as usual it takes to become final when all is slow."""
    climb: float = 0.0
    """How long it takes until all is as slow as that."""


class Campaign(Recurrence, frozen=True, kw_only=True):
    """A mailing to ``size`` recipients of its own, spread evenly over its duration."""

    size: int
    sender: str = "SALE"
    operator: str = ""
    """Name of the operator that its recipients are with; all by their shares when empty."""


class Refusal(Recurrence, frozen=True, kw_only=True):
    """A sender name that is not taken: its messages end within a second, free of charge."""

    sender: str
    operator: str = ""
    """Name of the operator that does not take it; none does when empty."""
    status: int = 23
    err: int = 254
