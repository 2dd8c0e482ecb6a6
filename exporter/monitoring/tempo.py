"""Lengths of time in expressions, so that a whole rule set can be compressed."""

from dataclasses import dataclass

from exporter.durations import parse_duration


_UNITS = {"d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1000, "ms": 1}


@dataclass(frozen=True, slots=True)
class Tempo:
    """How many times as fast as in real life everything happens.

    Limits on what the gateway measured, such as seconds to delivery, are not lengths of time here.
    """

    speed: float = 1.0

    def __call__(self, length: str | float) -> str:
        """A length of time (``5m``, or seconds) as Prometheus writes ranges and intervals."""
        milliseconds = max(1, round(self._compressed(length) * 1000))
        unit = next(unit for unit, size in _UNITS.items() if milliseconds % size == 0)
        return f"{milliseconds // _UNITS[unit]}{unit}"

    def seconds(self, length: str | float) -> str:
        """The same as a number of seconds, for limits on ages."""
        return f"{self._compressed(length):.10g}"

    def _compressed(self, length: str | float) -> float:
        return parse_duration(length) / self.speed
