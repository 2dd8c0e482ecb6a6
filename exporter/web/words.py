"""Times and numbers as people read them."""

import math
from datetime import UTC, datetime
from itertools import pairwise


MINUTE, HOUR, DAY = 60, 3600, 86_400
_UNITS = (("d", DAY), ("h", HOUR), ("min", MINUTE), ("s", 1))


def lasting(seconds: float) -> str:
    """A duration in its two largest units, rounded down: ``2 min 22 s``, ``3 h``, ``0 s``."""
    whole = max(0, int(seconds))
    for (name, size), (smaller, part) in pairwise(_UNITS):
        if whole >= size:
            rest = whole % size // part
            return f"{whole // size} {name}" + (f" {rest} {smaller}" if rest else "")
    return f"{whole} s"


def stamp(moment: float, now: float, *, seconds: bool = True) -> str:
    """A time of day in UTC, with its date unless that is today's: ``22 Nov 09:12:40``."""
    then, today = datetime.fromtimestamp(moment, UTC), datetime.fromtimestamp(now, UTC).date()
    date = "" if then.date() == today else f"{then.day} {then:%b} "
    return date + f"{then:%H:%M:%S}"[: None if seconds else 5]


def number(count: float) -> str:
    """A whole number with its thousands told apart: ``12,345``."""
    return f"{count:,.0f}"


def percent(share: float) -> str:
    """A share, rounded down so that only all of it is 100% and none 0%: ``99.9%``."""
    thousandths = math.floor(share * 1000 + 1e-9)
    return "<0.1%" if share > 0 and not thousandths else f"{thousandths / 10:g}%"
