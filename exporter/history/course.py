"""How counters and histograms rose over a stretch of the past."""

from array import array
from collections.abc import Iterator, Sequence
from decimal import Decimal
from functools import cached_property
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from exporter.exposition.series import Value
from exporter.ledger.snapshot import BUCKETS, Distribution, Observations, Series, Total
from exporter.ledger.totals import Deltas


MICROSECONDS = 1_000_000


class Grid(msgspec.Struct, frozen=True):
    """When samples stand, Unix seconds: from ``start`` on each ``step``, and at the ``end``."""

    start: int
    end: int
    step: int

    @property
    def last(self) -> int:
        """Number of the last moment; the first has number 0."""
        return -((self.start - self.end) // self.step)

    def after(self, moment: float) -> int:
        """Number of the first sample that tells of what happened at a moment; at least 1."""
        return min(int(moment - self.start) // self.step + 1, self.last)

    def time(self, number: int) -> int:
        """When a sample stands."""
        return min(self.start + number * self.step, self.end)


class Point(NamedTuple):
    """From the sample of this number on a series has this value."""

    number: int
    value: Value


class Course:
    """Series, each at 0 from the sample before its first event on, and how they rose.

    A change takes 17 bytes: a month of a busy account fits into memory.
    """

    def __init__(self, grid: Grid) -> None:
        self.grid = grid
        self._born: dict[Series, int] = {}
        self._sums: dict[tuple[Series, int], int | Decimal] = {}
        self._keys: dict[Series, int] = {}
        self._changed = array("i")
        self._numbers = array("i")
        self._places = array("b")
        self._values = array("d")

    def know(self, series: Series, number: int) -> None:
        """Show a series at 0 in the sample before this one, if not earlier."""
        if series not in self._born:
            self._born[series] = number - 1
            self._keys[series] = len(self._keys)

    def take(self, deltas: Deltas, number: int) -> None:
        """Add what this sample is the first to tell of; numbers must not fall."""
        for series, amount in deltas.counts.items():
            self.know(series, number)
            self._rise(series, 0, amount, number)
        for observed, tally in deltas.observed.items():
            self.know(observed, number)
            for place, count in enumerate((*tally.counts, tally.microseconds)):
                self._rise(observed, place, count, number)

    def series(self) -> list[Series]:
        """Every series, in order."""
        return sorted(self._born)

    def born(self, series: Series) -> int:
        """Number of a series' first sample, which is 0."""
        return self._born[series]

    def points(self, series: Series) -> Iterator[Point]:
        """A series' values, each for as long as it holds; asked for when nothing more is taken."""
        source, born = series[0], self._born[series]
        places = len(BUCKETS[source]) + 2 if isinstance(source, Distribution) else 1
        state = [0.0] * places
        yield Point(born, _value(source, state))
        steps = ((self._numbers[at], self._places[at], self._values[at]) for at in self._of(series))
        for number, changes in groupby(steps, itemgetter(0)):
            for _, place, value in changes:
                state[place] = value
            yield Point(number, _value(source, state))

    @cached_property
    def times(self) -> Sequence[str]:
        """When each sample stands, as it ends a line."""
        return [f"{self.grid.time(number)}\n" for number in range(self.grid.last + 1)]

    def _of(self, series: Series) -> list[int]:
        """Where the changes of a series stand, in the order of time."""
        order, ordered = self._order
        key = self._keys[series]
        first, last = np.searchsorted(ordered, (key, key + 1))
        return [int(at) for at in order[first:last]]

    @cached_property
    def _order(self) -> tuple[NDArray[np.intp], NDArray[np.intc]]:
        changed = np.array(self._changed, np.intc)
        order = np.argsort(changed, kind="stable")
        return order, changed[order]

    def _rise(self, series: Series, place: int, amount: int | Decimal, number: int) -> None:
        if not amount:
            return
        risen = self._sums[series, place] = self._sums.get((series, place), 0) + amount
        self._changed.append(self._keys[series])
        self._numbers.append(number)
        self._places.append(place)
        self._values.append(float(risen))


def _value(source: Total | Distribution, state: list[float]) -> Value:
    if not isinstance(source, Distribution):
        return state[0]
    counts = tuple(int(count) for count in state[:-1])
    return Observations(counts, Decimal(int(state[-1])) / MICROSECONDS)
