"""Life table of messages: how many became final at which age, and how long they were at risk."""

import numpy as np
from numpy.typing import NDArray

from exporter.polling.curves.groups import EVERYONE, MOST_GROUPS, Groups


Floats = NDArray[np.float64]
Bins = NDArray[np.intp]
Numbers = NDArray[np.integer]
"""Numbers of groups, see `exporter.polling.curves.groups.Groups`; any width will do."""
Flags = NDArray[np.bool_]

VALIDITY = 86_400.0
"""Age in seconds at which the gateway gives a message up, unless its sender said otherwise."""
OLDEST = 3 * VALIDITY
"""Age in seconds beyond which nothing is learnt or told apart."""
HALF_LIFE = 12 * 3600.0
"""Seconds after which an observation counts half."""
PRIOR_ROWS = 3.0
"""Imagined messages at risk at every age, with the hazard supposed before anything is known."""
PARENT_ROWS = 20.0
"""Imagined messages at risk at every age of a group, with the hazard of its parent."""


def _edges() -> Floats:
    """Ages that bound the bins; observed ages are whole seconds, so edges lie between them."""
    fast = np.arange(1, 11)
    slow = np.geomspace(12, 80_000, 41).round()
    end = VALIDITY + np.array([-1800, -120, -60, -30, 0, 15, 30, 60, 120, 300, 3600])
    late = np.array([108_000, 150_000, 200_000])
    inner = np.concatenate([fast, slow, end, late]) - 0.5
    return np.concatenate([[0.0], inner, [OLDEST]])


def _prior(edges: Floats) -> Floats:
    """A hazard to begin with: most are final within half a minute, the rest ever more slowly."""
    middle = (edges[:-1] + edges[1:]) / 2
    hazard = np.where(middle < 30, 0.1, 0.4 / middle)
    expiring = (middle > VALIDITY) & (middle < VALIDITY + 300)
    # Without this, nobody would look at that age and learn better.
    return np.where(expiring, 1 / 60, hazard)


EDGES = _edges()
WIDTHS: Floats = np.diff(EDGES)
BINS = WIDTHS.size
PRIOR = _prior(EDGES)
_BIN_OF_SECOND = np.searchsorted(EDGES[1:-1], np.arange(OLDEST + 1)).astype(np.uint8)


def bins_of(ages: Floats) -> Bins:
    """The bin of each age within 0..`OLDEST`."""
    return _BIN_OF_SECOND.take((ages + 0.5).astype(np.intp)).astype(np.intp)


class LifeTable:
    """Deaths (messages that became final) and exposure (seconds at risk) by group and age bin.

    Both are weights: an observation counts half after `HALF_LIFE`.
    """

    def __init__(self) -> None:
        self.deaths = np.zeros((MOST_GROUPS, BINS))
        self.exposure = np.zeros((MOST_GROUPS, BINS))
        self.at = 0.0
        """When the weights were right, Unix seconds."""

    def add(self, groups: Numbers, since: Floats, until: Floats, died: Flags, now: float) -> None:
        """Add messages at risk from age ``since`` to ``until``, where some ``died``.

        ``groups``, ``since``, ``until`` and ``died`` are of one length, one entry a message; ages
        are seconds; death is never before ``since``.
        """
        self._forget(now)
        since = since.clip(0.0, OLDEST)
        until = until.clip(since, OLDEST)
        self.exposure += np.maximum(_lived(groups, until) - _lived(groups, since), 0.0)
        self.deaths += _count(groups[died], bins_of(until[died]))

    def deaths_within(self, groups: Groups) -> Floats:
        """Deaths at any age by group, those of the groups below it included."""
        return _with_children(self.deaths.sum(axis=1), groups)

    def hazards(self, groups: Groups) -> Floats:
        """Deaths a second at risk, by group and age bin; little known groups are as their parent.

        Numbers that no group has yet are as everyone.
        """
        deaths = _with_children(self.deaths, groups)
        exposure = _with_children(self.exposure, groups)
        imagined = PRIOR_ROWS * WIDTHS
        everyone = (deaths[EVERYONE] + imagined * PRIOR) / (exposure[EVERYONE] + imagined)
        hazards = np.tile(everyone, (MOST_GROUPS, 1))
        imagined = PARENT_ROWS * WIDTHS
        for group, parent in groups.with_parents():
            supposed = imagined * hazards[parent]
            hazards[group] = (deaths[group] + supposed) / (exposure[group] + imagined)
        return hazards

    def _forget(self, now: float) -> None:
        kept = 0.5 ** (max(0.0, now - self.at) / HALF_LIFE)
        self.deaths *= kept
        self.exposure *= kept
        self.at = now


def _lived(groups: Numbers, ages: Floats) -> Floats:
    """Seconds that messages live in each bin up to their ages."""
    bins = bins_of(ages)
    within = _count(groups, bins, ages - EDGES[bins])
    ended = _count(groups, bins)
    passed = ended[:, ::-1].cumsum(axis=1)[:, ::-1] - ended
    return within + passed * WIDTHS


def _count(groups: Numbers, bins: Bins, weights: Floats | None = None) -> Floats:
    cells = np.multiply(groups, BINS, dtype=np.intp) + bins
    counted = np.bincount(cells, weights, MOST_GROUPS * BINS)
    return counted.reshape(MOST_GROUPS, BINS).astype(np.float64)


def _with_children(table: Floats, groups: Groups) -> Floats:
    total = table.copy()
    for group, parent in reversed(groups.with_parents()):
        total[parent] += total[group]
    return total
