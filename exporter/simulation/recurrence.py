"""When recurring things happen and how the rate swings, in real Unix seconds."""

import math
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from exporter.simulation.spec import Recurrence, WorldSpec


MOSCOW = 10800.0
"""Moscow's offset from UTC in seconds."""
DAY = 86400.0


class Stretch(NamedTuple):
    """Half-open interval of Unix time."""

    start: float
    end: float

    def share(self, time: float) -> float:
        """How much of the stretch is over at ``time``, 0-1."""
        return min(1.0, max(0.0, (time - self.start) / (self.end - self.start)))


class Occurrences:
    """Occurrences of one recurrence on the real time axis."""

    def __init__(self, recurrence: Recurrence, time_scale: float) -> None:
        once = recurrence.period is None
        self._first = recurrence.at if once else (recurrence.at - MOSCOW) * time_scale
        self._duration = recurrence.duration * time_scale
        self._period = None if recurrence.period is None else recurrence.period * time_scale

    def within(self, start: float, end: float) -> Iterator[Stretch]:
        """Occurrences that overlap [start, end), oldest first."""
        if self._period is None:
            candidates: Iterable[float] = (self._first,)
        else:
            index = math.floor((start - self._first - self._duration) / self._period)
            last = math.floor((end - self._first) / self._period)
            candidates = (self._first + i * self._period for i in range(index, last + 1))
        for begin in candidates:
            if begin < end and begin + self._duration > start:
                yield Stretch(begin, begin + self._duration)

    def covering(self, time: float) -> Stretch | None:
        """The occurrence that ``time`` falls into."""
        if self._period is None:
            begin = self._first
        else:
            begin = self._first + math.floor((time - self._first) / self._period) * self._period
        inside = begin <= time < begin + self._duration
        return Stretch(begin, begin + self._duration) if inside else None


def rate_factor(spec: WorldSpec, time: float) -> float:
    """Factor of the mean rate at a Unix time: day curve and weekend of the scaled day."""
    local = time / spec.time_scale + MOSCOW
    phase = 2 * math.pi * (local / 3600 - spec.peak_hour) / 24
    day = math.floor(local / DAY)
    weekend = spec.weekend if (day + 3) % 7 >= 5 else 1.0
    return weekend * (1 + spec.day_amplitude * math.cos(phase))
