"""Operators in trouble: their messages age slowly while nothing becomes final.

An outage is no property of the messages' age. An operator that delivers less than usual gets a
slow clock, and what it loses is no part of its messages' operational age: they wait, and are
young again when it recovers.
"""

import numpy as np

from exporter.polling.curves.groups import MOST_GROUPS
from exporter.polling.curves.table import VALIDITY, Flags, Floats, Numbers


HALF_LIFE = 300.0
"""Seconds after which an observation counts half."""
MOST_EXPECTED = 60.0
"""Expected deaths after which older observations give way, so that a recovery shows at once."""
DOUBT = 3.0
"""Imagined deaths that came as expected, when it is asked whether there is trouble."""
HOPE = 0.5
"""The same when it is asked how bad the trouble is."""
TROUBLE = 0.7
"""Share of the expected deaths below which an operator is in trouble."""
SLOWEST = 0.005
"""Speed of a clock at least."""
REACH = 900.0
"""Seconds for which a speed is taken to have held before it was observed, at most."""
PATIENCE = 6 * 3600.0
"""Seconds after which trouble is taken for the usual."""
LATE = 80_000.0
"""Age in seconds from which time counts as it is: the validity's end does not wait."""
MEMORY = VALIDITY + 3600.0
"""Seconds for which losses are remembered."""
SAME_SPEED = 0.02
"""Difference of speeds that is not worth a point."""

Point = tuple[float, float]
"""A moment (Unix seconds) and the seconds lost up to then."""


class OperatorClock:
    """One clock for each group; see `exporter.polling.curves.groups.Groups` for their numbers."""

    def __init__(self) -> None:
        self.speeds = np.ones(MOST_GROUPS)
        """Operational seconds a second, `SLOWEST`..1."""
        self.expected = np.zeros(MOST_GROUPS)
        self.died = np.zeros(MOST_GROUPS)
        self.slow_since = np.full(MOST_GROUPS, np.nan)
        """Unix seconds; NaN when not in trouble."""
        self.losses: dict[int, list[Point]] = {}
        """Points of each clock that ran slow lately, ascending; in between it ran evenly."""
        self.at = 0.0

    def judge(self, expected: Floats, died: Floats, now: float) -> None:
        """Follow the deaths of young messages since the last judgement.

        Both arrays have an entry for each group: how many should have become final by its usual
        curve, and how many did.
        """
        self._weigh(expected, died, now)
        self.set_speeds(now)
        self._lose(max(self.at, now - REACH), now)
        self.at = now

    def set_speeds(self, now: float) -> None:
        """Set the speeds by what was expected and what came."""
        is_slow = self.died + DOUBT < TROUBLE * (self.expected + DOUBT)
        self.slow_since = np.where(is_slow, np.fmin(self.slow_since, now), np.nan)
        is_news = now - self.slow_since < PATIENCE
        speeds = (self.died + HOPE) / (self.expected + HOPE)
        self.speeds = np.where(is_slow & is_news, speeds.clip(SLOWEST), 1.0)

    def ages(
        self, groups: Numbers, sent: Floats, seen: Floats, now: float
    ) -> tuple[Floats, Floats]:
        """Operational ages of messages when last ``seen`` and ``now``, in seconds.

        From the age of `LATE` on, plain ages. ``sent`` and ``seen`` are Unix seconds.
        """
        first, last = seen - sent, now - sent
        for group in self.losses:
            mine = np.flatnonzero((groups == group) & (last < LATE))
            before = self._lost(group, sent[mine])
            first[mine] -= self._lost(group, seen[mine]) - before
            last[mine] -= self._lost(group, np.array(now)) - before
        return first, last

    def is_untouched(self, groups: Numbers, sent: Floats, until: Floats, share: float) -> Flags:
        """Whether messages lost at most a ``share`` of the seconds between two moments."""
        lost = np.zeros(sent.size)
        for group in self.losses:
            mine = np.flatnonzero(groups == group)
            lost[mine] = self._lost(group, until[mine]) - self._lost(group, sent[mine])
        untouched: Flags = lost <= share * (until - sent)
        return untouched

    def _weigh(self, expected: Floats, died: Floats, now: float) -> None:
        kept = 0.5 ** (max(0.0, now - self.at) / HALF_LIFE)
        self.expected = self.expected * kept + expected
        self.died = self.died * kept + died
        surplus = np.maximum(self.expected / MOST_EXPECTED, 1.0)
        self.expected /= surplus
        self.died /= surplus

    def _lose(self, since: float, now: float) -> None:
        for group in np.flatnonzero(self.speeds < 1).tolist():
            points = self.losses.setdefault(group, [(since, 0.0)])
            _extend(points, since, now, 1 - float(self.speeds[group]))
        self.losses = {
            group: points for group, points in self.losses.items() if points[-1][0] > now - MEMORY
        }

    def _lost(self, group: int, moments: Floats) -> Floats:
        """Seconds that a group's clock lost up to each moment; all that matters is differences."""
        times, lost = zip(*self.losses[group], strict=True)
        later = lost[-1] + (1 - self.speeds[group]) * MEMORY
        return np.asarray(np.interp(moments, (*times, times[-1] + MEMORY), (*lost, later)))


def _extend(points: list[Point], since: float, now: float, slowness: float) -> None:
    """Lose time from ``since`` or the last point, whichever is later, to ``now``."""
    last, lost = points[-1]
    start = max(last, since)
    if now <= start:
        return
    if start > last:
        points.append((start, lost))
    points.append((now, lost + slowness * (now - start)))
    if len(points) > 2 and _is_straight(*points[-3:]):
        del points[-2]
    while points[1][0] < now - MEMORY:
        del points[0]


def _is_straight(first: Point, middle: Point, last: Point) -> bool:
    before = (middle[1] - first[1]) / (middle[0] - first[0])
    after = (last[1] - middle[1]) / (last[0] - middle[0])
    return abs(after - before) < SAME_SPEED
