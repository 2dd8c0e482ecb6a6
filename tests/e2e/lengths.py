"""Lengths of time as Prometheus and Alertmanager write them."""

import re


_LENGTH = re.compile(r"(\d+)(ms|[smhdw])")
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}


def seconds(text: str) -> float:
    """A length of time as Prometheus and Alertmanager write it."""
    return sum(int(number) * _UNITS[unit] for number, unit in _LENGTH.findall(text))


def length(seconds: float, speed: float) -> str:
    """So many seconds, compressed."""
    return f"{max(1, round(1000 * seconds / speed))}ms"
