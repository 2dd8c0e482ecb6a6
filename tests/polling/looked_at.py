"""A world of messages that are looked at now and then, and curves that learn from it."""

from collections.abc import Callable
from math import erfc, log, sqrt

import msgspec
import numpy as np
from numpy.typing import NDArray

from exporter.polling.curves import Curves, Looks
from exporter.polling.curves.table import VALIDITY


Floats = NDArray[np.float64]

START = 1_700_000_000.0
HOUR = 3600.0
PAGE = 1000
TAIL = ((0.06, 90.0, 1.3), (0.02, 3 * HOUR, 1.5))
"""Share, median (seconds) and spread (of the logarithm) of what is not fast."""


class Outage(msgspec.Struct, frozen=True):
    """An operator delivers nothing for a while, then all that waits, the oldest first."""

    operator: int
    begins: float
    """Seconds after `START`."""
    lasts: float
    drains: float


def survival(ages: Floats, median: float = 7.0) -> Floats:
    """Share still pending at some ages before the validity ends."""
    parts = ((0.92, median, 0.6), *TAIL)
    return np.array(
        [
            sum(
                share * erfc(log(age / middle) / spread / sqrt(2)) / 2
                for share, middle, spread in parts
            )
            for age in ages
        ]
    )


class World:
    """Messages of some operators, the share and median seconds of each given."""

    def __init__(
        self,
        per_hour: float,
        hours: float,
        operators: tuple[tuple[float, float], ...] = ((1.0, 7.0),),
        *,
        outage: Outage | None = None,
        seed: int = 1,
    ) -> None:
        self.random = np.random.default_rng(seed)
        count = int(per_hour * hours)
        self.sent = np.sort(START + self.random.random(count) * hours * HOUR)
        shares = [share for share, _ in operators]
        self.operator = self.random.choice(len(operators), count, p=shares)
        self.ended = self.sent + self._seconds(np.array([m for _, m in operators])[self.operator])
        if outage is not None:
            self._hold(outage)
        self.seen = np.full(count, np.nan)
        self.is_final = np.zeros(count, bool)

    def show(
        self,
        curves: Curves,
        begin: float,
        end: float,
        *,
        every: float = 120.0,
        after: Callable[[float], None] = lambda _: None,
    ) -> None:
        """Let curves learn from head pages and, one time in four, from some pending messages.

        ``begin`` and ``end`` are seconds after `START`; ``after`` is called with the seconds of
        each look.
        """
        for now in START + np.arange(begin, end, every):
            top = int(np.searchsorted(self.sent, now))
            waiting = np.flatnonzero(~np.isnan(self.seen) & ~self.is_final)
            if self.random.random() < 0.25 and waiting.size:
                shown = self.random.choice(waiting, min(waiting.size, 400), replace=False)
            else:
                shown = np.arange(max(0, top - PAGE), top)
            self._look(curves, shown[~self.is_final[shown]], float(now))
            after(float(now) - START)

    def _seconds(self, medians: Floats) -> Floats:
        normal = self.random.standard_normal(medians.size)
        seconds = medians * np.exp(0.6 * normal)
        kind = self.random.random(medians.size)
        for share, median, spread in TAIL:
            mine = (kind >= 0) & (kind < share)
            seconds[mine] = median * np.exp(spread * normal[mine])
            kind -= share
        expired = VALIDITY + 60 * self.random.random(medians.size)
        return np.where(seconds > VALIDITY, expired, seconds)

    def _hold(self, outage: Outage) -> None:
        begins = START + outage.begins
        recovers = begins + outage.lasts
        held = (self.operator == outage.operator) & (self.ended > begins) & (self.sent < recovers)
        place = np.clip((self.sent - begins) / outage.lasts, 0, 1) * outage.drains
        self.ended[held] = np.maximum(self.ended, recovers + place)[held]

    def _look(self, curves: Curves, shown: NDArray[np.intp], now: float) -> None:
        sent = np.floor(self.sent[shown])
        final = self.ended[shown] <= now
        seen = self.seen[shown]
        groups = [curves.group("sms", f"operator {k}") for k in range(self.operator.max() + 1)]
        looks = Looks(
            groups=np.array(groups)[self.operator[shown]],
            sent=sent,
            seen=np.where(np.isnan(seen), sent, seen),
            until=np.where(final, np.floor(self.ended[shown]), now),
            final=final,
        )
        curves.learn(looks, now)
        self.seen[shown] = now
        self.is_final[shown] = final
