"""Numbers and times in words."""

import math
from datetime import datetime, tzinfo


UNITS = (("d", 86400), ("h", 3600), ("m", 60), ("s", 1))


def span(seconds: float) -> str:
    """A length of time by its two largest units: ``2d 3h``, ``5m 10s``, ``0s``; never negative."""
    left = max(0, math.ceil(seconds))
    for at, (unit, size) in enumerate(UNITS):
        if left >= size:
            whole, rest = divmod(left, size)
            finer = [f"{rest // s}{u}" for u, s in UNITS[at + 1 : at + 2] if rest // s]
            return " ".join([f"{whole}{unit}", *finer])
    return "0s"


def counted(count: int, noun: str) -> str:
    """``1 row``, ``2 rows``."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def moment(until: float, zone: tzinfo, now: float) -> str:
    """A time (Unix seconds) to come, as ``14:03:22 MSK (in 12m)``."""
    shown = datetime.fromtimestamp(until, zone)
    return f"{shown:%H:%M:%S %Z} (in {span(until - now)})"
