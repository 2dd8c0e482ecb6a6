"""Lengths of time as people write them: ``90s``, ``5m``, ``1h30m``, or a number of seconds."""

import re


LONGEST = 100 * 366 * 86400
"""Longest duration that is understood, in seconds."""

_MILLISECONDS = {"w": 604_800_000, "d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1000, "ms": 1}
_WITH_UNITS = re.compile("".join(f"(?:(?P<{unit}>[0-9]{{1,15}}){unit})?" for unit in _MILLISECONDS))
_NUMBER = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,12})?")
_EXPLANATION = "must be a duration such as 90s, 5m or 1h30m, or a number of seconds"


def parse_duration(value: str | float) -> float:
    """Seconds, to the millisecond; units w d h m s ms, each at most once and in this order.

    Raises ValueError for anything else, and for what is negative or longer than `LONGEST`.
    """
    seconds = _seconds(value.strip()) if isinstance(value, str) else value
    if isinstance(seconds, bool) or not 0 <= seconds <= LONGEST:
        raise ValueError(_EXPLANATION)
    return round(float(seconds), 3)


def format_duration(seconds: float) -> str:
    """The largest unit up to hours that gives a whole number: ``5m``, ``24h``, ``90s``, ``1500ms``.

    Fractions of a millisecond are rounded; `parse_duration` reads the text back.
    """
    milliseconds = round(seconds * 1000)
    if milliseconds == 0:
        return "0s"
    unit = next(unit for unit in ("h", "m", "s", "ms") if milliseconds % _MILLISECONDS[unit] == 0)
    return f"{milliseconds // _MILLISECONDS[unit]}{unit}"


def _seconds(text: str) -> float:
    if _NUMBER.fullmatch(text):
        return float(text)
    parts = _WITH_UNITS.fullmatch(text)
    if not text or parts is None:
        raise ValueError(_EXPLANATION)
    amounts = parts.groupdict(default="0")
    return sum(int(amounts[unit]) * size for unit, size in _MILLISECONDS.items()) / 1000
