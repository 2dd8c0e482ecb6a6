"""How long one account's messages take to their final status, learnt from looking at them."""

from typing import Any, Self

import msgspec
import numpy as np

from exporter.polling.curves.clock import LATE, OperatorClock
from exporter.polling.curves.groups import MOST_GROUPS, Groups
from exporter.polling.curves.state import read_state, write_state
from exporter.polling.curves.survival import Chances, Survival
from exporter.polling.curves.table import Flags, Floats, LifeTable, Numbers


YOUNG = 300.0
"""Age in seconds at the look before, up to which a message tells how its operator does."""
JUDGED = 600.0
"""Age in seconds up to which it does so."""
RECENT = 900.0
"""Seconds since sending after which it tells of the past only."""
KNOWN = 200.0
"""Deaths (weighted) from which on it is known what is usual for an operator."""
UNTOUCHED = 0.05
"""Share of its age that a message may have lost to trouble and still teach the curve."""

BLOCK = 16_384
"""Messages asked about in one go, so that intermediate results stay in the processor's cache."""


class Looks(msgspec.Struct, frozen=True, kw_only=True):
    """What a page tells of messages that were not known as final; arrays with an entry for each.

    Times are Unix seconds.
    """

    groups: Numbers
    """See `Curves.group`."""
    sent: Floats
    seen: Floats
    """When it was last seen pending; ``sent``, or any time before, when it wasn't."""
    until: Floats
    """When it became final by the gateway's word (NaN: not said); when read, if still pending."""
    final: Flags


class Curves:
    """Time-to-final curves of an account, by operator and channel as far as these are known.

    Groups that little is known of are like the group above them: an operator like its channel, a
    channel like the account, and that like a vague prior.
    """

    def __init__(self) -> None:
        self._groups = Groups()
        self._table = LifeTable()
        self._clock = OperatorClock()
        self._fit()

    def group(self, channel: str, operator: str = "") -> int:
        """The small number that stands for an operator within a channel, or for a channel.

        The same for as long as this object lives, but not after a restart.
        """
        known = len(self._groups)
        number = self._groups.number(channel, operator)
        if len(self._groups) > known:
            self._fit()
        return number

    def speed(self, group: int) -> float:
        """How fast messages of a group become final compared with usual; 1 without trouble."""
        return float(self._clock.speeds[group])

    def learn(self, looks: Looks, now: float) -> None:
        """Learn from a page read ``now`` (Unix seconds)."""
        looks = _usable(looks)
        self._judge(looks, now)
        self._add(looks, now)
        self._fit()

    def chances(self, groups: Numbers, sent: Floats, seen: Floats, now: float) -> Chances:
        """Chances that messages, pending when last ``seen``, are final ``now``.

        Arrays of one length, as in `Looks`. Seconds are those of the operator's clock, which are
        fewer while it is in trouble.
        """
        found = np.empty((2, sent.size))
        for start in range(0, sent.size, BLOCK):
            part = slice(start, start + BLOCK)
            first, last = self._clock.ages(groups[part], sent[part], seen[part], now)
            found[:, part] = self._survival.chances(groups[part], first, last)
        return Chances(*found)

    def chances_at(self, ages: Floats, group: int = 0) -> Chances:
        """Chances at some ages (seconds) of messages never seen, by default of any channel."""
        groups = np.full(ages.shape, group)
        return self._survival.chances(groups, np.zeros(ages.shape), ages)

    def to_state(self) -> dict[str, Any]:
        """All that was learnt, as plain values fit for JSON."""
        return write_state(self._groups, self._table, self._clock)

    @classmethod
    def from_state(cls, state: object) -> Self:
        """Curves as `to_state` described them; ones that know nothing if it can't be used."""
        curves = cls()
        read_state(state, curves._groups, curves._table, curves._clock)
        curves._fit()
        return curves

    def _fit(self) -> None:
        self._survival = Survival(self._table.hazards(self._groups))

    def _judge(self, looks: Looks, now: float) -> None:
        """Tell the clock how many young messages should have become final, and how many did."""
        known = self._table.deaths_within(self._groups) >= KNOWN
        first = looks.seen - looks.sent
        last = now - looks.sent
        young = known[looks.groups] & (first < YOUNG) & (last < RECENT)
        groups, first = looks.groups[young], first[young]
        expected = self._survival.chances(groups, first, last[young].clip(None, JUDGED)).final
        died = looks.final[young] & ((looks.until - looks.sent)[young] <= JUDGED)
        self._clock.judge(_by_group(groups, expected), _by_group(groups, died), now)

    def _add(self, looks: Looks, now: float) -> None:
        """Add to the table what trouble has not touched; the validity's end it never touches."""
        first, last = looks.seen - looks.sent, looks.until - looks.sent
        untouched = self._clock.is_untouched(looks.groups, looks.sent, looks.until, UNTOUCHED)
        since = np.where(untouched, first, np.maximum(first, LATE))
        told = untouched | (last > LATE)
        self._table.add(looks.groups[told], since[told], last[told], looks.final[told], now)


def _usable(looks: Looks) -> Looks:
    """Without messages that are still to be sent or became final at an unknown time."""
    told = looks.until >= looks.sent
    return Looks(
        groups=looks.groups[told],
        sent=looks.sent[told],
        seen=looks.seen[told],
        until=looks.until[told],
        final=looks.final[told],
    )


def _by_group(groups: Numbers, weights: Floats | Flags) -> Floats:
    return np.bincount(groups, weights, MOST_GROUPS).astype(np.float64)
