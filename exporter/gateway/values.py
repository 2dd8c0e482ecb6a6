"""Reading of single values as they come in any format: numbers, money, times."""

import re
from datetime import datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from zoneinfo import ZoneInfo


TIME_LIMIT = 2**32
"""Times at or above this (the year 2106) are no Unix seconds."""
CODE_LIMIT = 1_000_000
"""Status, error and type codes are smaller than this."""
COST_LIMIT = Decimal(10) ** 12
"""A cost at or above this is no cost."""
COST_SCALE = 18
"""Most decimal places a cost can have."""
LONGEST_AMOUNT = 64
"""Most characters of an amount."""

_WHOLE = re.compile(r"[+-]?[0-9]{1,19}(?:\.0{1,9})?")
_DATE = re.compile(
    r"([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})\s+([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?"
)
_AMOUNT = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,2})?")
_SPACES = re.compile(r"[\s\u00a0\u202f]+")


def whole(value: object) -> int | None:
    """A whole number given as number or as text; None when it is neither."""
    if type(value) is int:
        return value
    if not isinstance(value, str):
        return None
    text = value.strip()
    return int(text.partition(".")[0]) if _WHOLE.fullmatch(text) else None


def code(value: object) -> int | None:
    """A status, error or type code."""
    number = whole(value)
    return number if number is not None and abs(number) < CODE_LIMIT else None


def unix_time(stamp: object, date: str | None, zone: ZoneInfo) -> int | None:
    """Unix seconds of a time stamp or, without one, of a date in the account's time zone."""
    number = whole(stamp)
    if number is not None and 0 < number < TIME_LIMIT:
        return number
    return local_time(date, zone) if date else None


def local_time(date: str, zone: ZoneInfo) -> int | None:
    """Unix seconds of ``DD.MM.YYYY hh:mm:ss`` (seconds may be missing); None for anything else."""
    match = _DATE.fullmatch(date.strip())
    if match is None:
        return None
    day, month, year, hour, minute, second = (int(part or 0) for part in match.groups())
    try:
        moment = datetime(year, month, day, hour, minute, second, tzinfo=zone)
        seconds = int(moment.timestamp())
    except (ValueError, OverflowError):
        return None
    return seconds if 0 < seconds < TIME_LIMIT else None


def amount(value: object) -> Decimal | None:
    """Money of either sign and any scale, a number or text with point or comma; None for others."""
    text = str(value) if type(value) is int and abs(value) < COST_LIMIT else value
    if not isinstance(text, str) or len(text) > LONGEST_AMOUNT:
        return None
    text = _SPACES.sub("", text).replace(",", ".")
    return _bounded(Decimal(text)) if _AMOUNT.fullmatch(text) else None


@lru_cache(maxsize=4096)
def money(raw: bytes) -> Decimal | None:
    """A cost of any scale, quoted or not, with point or comma; None when there is none."""
    text = _SPACES.sub("", raw.decode("utf-8", "replace").strip().strip('"')).replace(",", ".")
    try:
        cost = Decimal(text)
    except InvalidOperation:
        return None
    return _bounded(cost) if cost.is_finite() and cost >= 0 else None


def _bounded(found: Decimal) -> Decimal | None:
    """The money itself if it is a plausible sum."""
    exponent = found.as_tuple().exponent
    precise = isinstance(exponent, int) and exponent >= -COST_SCALE
    return found if precise and abs(found) < COST_LIMIT else None
