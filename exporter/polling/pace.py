"""How fast permits can be spent without ever running dry."""

from collections.abc import Sequence


def even_spacing(free_at: Sequence[float], limit: int, window: float, now: float) -> float:
    """Seconds between calls that can be kept up from ``now`` on.

    ``free_at`` says when each permit that counts is free again, ascending. After a burst the
    spacing widens so that the rest lasts until the burst's permits return.
    """
    spacing = window / limit
    left = limit - len(free_at)
    for returned, moment in enumerate(free_at[max(0, -left) :], start=max(0, left)):
        spacing = max(spacing, (moment - now) / (returned + 1))
    return spacing


def first_free(free_at: Sequence[float], limit: int, now: float) -> float:
    """When a permit can be had at the earliest."""
    over = len(free_at) - limit
    return now if over < 0 else free_at[over]
