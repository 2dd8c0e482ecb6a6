"""Survival curves ready to be asked about many messages at once."""

from typing import NamedTuple

import numpy as np

from exporter.polling.curves.table import (
    BINS,
    EDGES,
    OLDEST,
    WIDTHS,
    Bins,
    Floats,
    Numbers,
    bins_of,
)


LEAST_HAZARD = 1e-8
"""Deaths a second at least: once in three years."""
MOST_IN_BIN = 8.0
"""Hazard times width of a bin at most: one in 3000 outlives it. Keeps exponentials finite."""


class Chances(NamedTuple):
    """What is to be expected of messages, one entry each."""

    final: Floats
    """Probability that it is final."""
    accrued: Floats
    """Expected seconds for which the final status has been waiting unseen."""


class Survival:
    """Time-to-final curves of groups, piecewise exponential, from hazards by group and age bin.

    With S the survival and T the integral of S from an age to `OLDEST`, within bin b
    ``-ln S(a) = intercept[b] + hazard[b] * a`` and ``T(a) = S(a) / hazard[b] + rest[b]``.
    """

    def __init__(self, hazards: Floats) -> None:
        hazard = hazards.clip(LEAST_HAZARD, MOST_IN_BIN / WIDTHS)
        step = hazard * WIDTHS
        after = step.cumsum(axis=1)
        survival = np.exp(-after)
        inside = np.exp(step - after) * -np.expm1(-step) / hazard
        beyond = inside[:, ::-1].cumsum(axis=1)[:, ::-1] - inside
        self._hazard = hazard.ravel()
        self._intercept = (after - hazard * EDGES[1:]).ravel()
        self._mean = 1 / self._hazard
        self._rest = (beyond - survival / hazard).ravel()

    def chances(self, groups: Numbers, since: Floats, until: Floats) -> Chances:
        """Chances at age ``until`` of messages that were pending at age ``since``.

        Arrays of one length, one entry a message; ages are seconds, any finite or infinite number;
        ``until`` before ``since`` counts as ``since``, all beyond `OLDEST` as `OLDEST`. The
        probability lies within 0..1, the expectation within 0 and the seconds between the ages;
        both rise with ``until``.
        """
        offset = np.multiply(groups, BINS, dtype=np.intp)
        since = since.clip(0.0, OLDEST)
        until = until.clip(since, OLDEST)
        first, last = bins_of(since), bins_of(until)
        first += offset
        last += offset
        hazard = self._cumulated(first, since)
        alive = np.exp(np.minimum(hazard - self._cumulated(last, until), 0.0))
        # The integral of S between the ages, divided by S at the first.
        pending = self._rest.take(first)
        pending -= self._rest.take(last)
        pending *= np.exp(hazard)
        pending += self._mean.take(first)
        pending -= self._mean.take(last) * alive
        elapsed = until - since
        return Chances(1 - alive, (elapsed - pending).clip(0.0, elapsed))

    def _cumulated(self, bins: Bins, ages: Floats) -> Floats:
        """Cumulated hazard at each age, ``-ln S``."""
        found = self._hazard.take(bins)
        found *= ages
        found += self._intercept.take(bins)
        return found
