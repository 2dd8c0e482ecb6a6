"""Which of several things a uniform draw falls on."""

from bisect import bisect_right
from collections.abc import Iterable
from itertools import accumulate
from statistics import NormalDist
from typing import Generic, TypeVar

from exporter.simulation.laws import CELLS


T = TypeVar("T")


class Choice(Generic[T]):
    """Weighted choice by a uniform draw."""

    def __init__(self, weights: Iterable[tuple[T, float]]) -> None:
        pairs = tuple(weights)
        total = sum(weight for _, weight in pairs)
        self._values = tuple(value for value, _ in pairs)
        self._bounds = tuple(accumulate(weight / total for _, weight in pairs[:-1]))

    def pick(self, random: float) -> T:
        """The value a draw from [0, 1) falls on."""
        return self._values[bisect_right(self._bounds, random)]


class Popularity:
    """Which of equally many numbers a message goes to, when their shares are log-normal.

    The numbers stand in the order of their shares. A draw by share from a log-normal law falls on
    a place that is ``sigma`` further up on the scale of the normal distribution.
    """

    def __init__(self, sigma: float) -> None:
        normal = NormalDist()
        quantiles = (normal.inv_cdf(cell / CELLS) for cell in range(1, CELLS))
        self._places = (0.0, *(normal.cdf(quantile + sigma) for quantile in quantiles), 1.0)

    def place(self, random: float) -> float:
        """Place of the number among all, from [0, 1), at a uniform draw."""
        cell, rest = divmod(random * CELLS, 1.0)
        low, high = self._places[int(cell)], self._places[int(cell) + 1]
        return low + (high - low) * rest


def squared(random: float) -> float:
    """A place in [0, 1) at a uniform draw: the lower ones come up far more often."""
    return random**2
