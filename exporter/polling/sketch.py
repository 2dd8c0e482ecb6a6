"""How many rows a number has had on a day: what a lookup of it would fill the page with."""

import numpy as np
from numpy.typing import NDArray


Numbers = NDArray[np.uint64]

DAYS = 4
"""Days kept."""
WIDTH = 1 << 19
"""Counters in each of two rows a day."""
_FACTORS = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F))
_SHIFT = np.uint64(64 - WIDTH.bit_length() + 1)
_MOST = np.iinfo(np.uint16).max


class RowsByNumber:
    """A count-min sketch for each of the last days: never too few, rarely too many.

    It holds counters only; a number can't be read out of it.
    """

    def __init__(self) -> None:
        self._days: dict[int, NDArray[np.uint16]] = {}

    def add(self, day: int, phones: Numbers) -> None:
        """Count one more row for each of the numbers."""
        counters = self._counters(day)
        if counters is None:
            return
        for row, places in zip(counters, _places(phones), strict=True):
            np.add.at(row, places[row[places] < _MOST], 1)

    def rows(self, day: int, phones: Numbers) -> NDArray[np.int64]:
        """Rows of each number on that day, at least one."""
        counters = self._days.get(day)
        if counters is None:
            return np.ones(phones.size, np.int64)
        first, second = (row[places] for row, places in zip(counters, _places(phones), strict=True))
        rows: NDArray[np.int64] = np.maximum(np.minimum(first, second), 1).astype(np.int64)
        return rows

    def _counters(self, day: int) -> NDArray[np.uint16] | None:
        if day not in self._days:
            if len(self._days) >= DAYS:
                oldest = min(self._days)
                if day < oldest:
                    return None
                del self._days[oldest]
            self._days[day] = np.zeros((2, WIDTH), np.uint16)
        return self._days[day]


def _places(phones: Numbers) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    first, second = _FACTORS
    return (phones * first) >> _SHIFT, (phones * second) >> _SHIFT
