"""How busy a stream is, and where its rows stand: known rows by the time they were sent.

A contiguous page says how many rows lie in each stretch of time it covers. From that follow how
many rows a page back from a moment reaches down, and how many a gap probably holds.
"""

from collections.abc import Iterable, Sequence
from math import exp

import numpy as np
from numpy.typing import NDArray

from exporter.ledger.waiting import BUCKET


Floats = NDArray[np.float64]

KEPT = 4 * 86400
"""Seconds of history kept."""
RATE_MEMORY = 900.0
LONG_MEMORY = 10_800.0
"""Seconds over which the rate is averaged, and the rate that tells a burst from a busy day."""
AHEAD = 86_400.0
"""Seconds ahead of the present up to which rows are kept: some are scheduled for days later."""
LEAST_READ = 60.0
"""Seconds of history that must have been read to tell a rate."""
NEIGHBOURHOOD = 60
"""Seconds beside a gap that tell how many rows it holds."""


class Traffic:
    """Rows of one stream by ten seconds of send time.

    Times are Unix seconds, rates rows a second.
    """

    def __init__(self, now: float) -> None:
        self._size = KEPT // BUCKET
        self.version = 0
        """Another one whenever other rows are known."""
        self._ranks: NDArray[np.int64] | None = None
        self._begin(now)
        self.rate = 0.0
        """Rows sent in a second, averaged over the last quarter of an hour."""
        self.slow_rate = 0.0
        """The same over three hours, or since the beginning."""
        self._slow_weight = 0.0
        self.last_rate = 0.0
        """As the last head page showed it."""

    def restore(
        self,
        rows: Iterable[tuple[int, int]],
        now: float,
        unread: Sequence[tuple[float, float]] = (),
    ) -> None:
        """Begin with what the ledger knows: (bucket, rows), and the stretches never read."""
        for bucket, count in rows:
            if not self._first <= bucket <= (now + AHEAD) / BUCKET:
                continue
            self._counts[self._place(bucket)] = count
        self._changed()
        self.rate = self.last_rate = self._recent(now, RATE_MEMORY, unread)
        self.slow_rate = self._recent(now, LONG_MEMORY, unread)
        self._slow_weight = 1.0 if self.slow_rate else 0.0

    def add(self, sent: Floats) -> None:
        """Take in a contiguous page: the send times of its rows."""
        buckets = sent.astype(np.int64) // BUCKET
        buckets = buckets[buckets >= self._first]
        if not buckets.size:
            return
        low, high = int(buckets.min()), int(buckets.max())
        self._place(high)
        start = max(low, self._first)
        seen = np.bincount(buckets[buckets >= start] - start, minlength=high - start + 1)
        places = slice(start - self._first, high - self._first + 1)
        known = self._counts[places]
        inside = seen.copy()
        # The outermost stretches are covered in part only.
        inside[0], inside[-1] = max(seen[0], known[0]), max(seen[-1], known[-1])
        self._counts[places] = inside
        self._changed()

    def head(self, found: int, seconds: float, elapsed: float) -> None:
        """Learn the rate from a head page: rows sent within so many seconds.

        ``elapsed`` is the time since the head page before, for which the page stands.
        """
        elapsed = max(1.0, elapsed)
        self.last_rate = observed = found / max(1.0, seconds)
        share = 1 - exp(-elapsed / RATE_MEMORY)
        self.rate = self.rate + share * (observed - self.rate) if self.rate > 0 else observed
        share = 1 - exp(-elapsed / LONG_MEMORY)
        self._slow_weight += share * (1 - self._slow_weight)
        self.slow_rate += share / self._slow_weight * (observed - self.slow_rate)

    def rank(self, sent: Floats) -> Floats:
        """How many known rows were sent before each moment."""
        ranks = self._cumulated()
        place = np.clip(sent / BUCKET - self._first, 0.0, self._size - 1e-6)
        whole = place.astype(np.int64)
        return ranks[whole] + (place - whole) * self._counts[whole]

    def between(self, lower: float, upper: float) -> float:
        """Rows probably sent in a stretch that was not read, from what is known beside it."""
        length = max(0.0, upper - lower)
        ends = np.array([lower - NEIGHBOURHOOD, lower, upper, upper + NEIGHBOURHOOD], np.float64)
        ranks = self.rank(ends)
        beside = (ranks[1] - ranks[0] + ranks[3] - ranks[2]) / (2 * NEIGHBOURHOOD)
        return max(1.0, float(beside or self.rate) * length)

    def set_back(self, now: float) -> None:
        """Begin anew if what is sent ``now`` would be too old to be kept."""
        if now < self._first * BUCKET:
            self._begin(now)

    def _begin(self, now: float) -> None:
        self._first = int(now) // BUCKET - self._size // 2
        self._counts = np.zeros(self._size, np.int64)
        self._changed()

    def _recent(self, now: float, seconds: float, unread: Sequence[tuple[float, float]]) -> float:
        since = now - seconds
        ends = self.rank(np.array([since, now], np.float64))
        missing = sum(max(0.0, min(high, now) - max(low, since)) for low, high in unread)
        return float(ends[1] - ends[0]) / max(LEAST_READ, seconds - missing)

    def _cumulated(self) -> NDArray[np.int64]:
        if self._ranks is None:
            self._ranks = np.concatenate([[0], np.cumsum(self._counts)])
        return self._ranks

    def _changed(self) -> None:
        self._ranks = None
        self.version += 1

    def _place(self, bucket: int) -> int:
        """Index of a bucket, moving the window on if need be."""
        beyond = bucket - self._first - self._size + 1
        if beyond > 0:
            shift = beyond + self._size // 4
            kept = self._counts[shift:]
            self._counts = np.concatenate([kept, np.zeros(self._size - kept.size, np.int64)])
            self._first += shift
            self._changed()
        return max(0, bucket - self._first)
