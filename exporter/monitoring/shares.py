"""Shares of messages over several windows, and what each of them certainly is.

A share of few messages says little: one of two lost is no outage. So alerts do not look at the
share but at the lower bound of Wilson's interval for it: the least that it is with near certainty.
The bound rises with the share and with the number of messages, so that one limit serves 3 messages
an hour as well as 3000.

Nor is the share in a window always that of what was sent. What is known to be final is judged with
any page, what is pending only with one that shows it: after a mailing the losses are read last, on
their own. So a window never judges more messages than were sent in it, and in the same time one
deadline earlier.
"""

from dataclasses import dataclass

from exporter.monitoring.model import Record
from exporter.monitoring.promql import by, chosen, lines, nested, on, wilson


RECOVERED_Z = 2.0
"""Standard deviations with which a short window must be good so that a longer one is history."""
HISTORY = "7d"
SETTLING = "2h"
"""What is too recent to be history."""
FEWEST_HOURS = 24
FEWEST_MESSAGES = 50
"""Hours and messages without which there is no history to compare with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """The share of messages that something is wrong with, as recorded: names and windows.

    Everything that is recorded by window has the label ``window``.
    """

    level: str
    """First part of the names of what is recorded."""
    labels: tuple[str, ...]
    name: str
    """Second part of the names of the share and its bounds; the names below are of counts."""
    of: str
    """Messages that it is a share of."""
    good: str = ""
    """Those that nothing is wrong with, if these are what is counted."""
    judged: str
    """The messages that a window may judge."""
    bad: str
    """Those of them that something is wrong with."""
    windows: tuple[str, ...]
    """From the shortest to the longest."""
    only: str = ""
    """Matcher for what is judged."""

    @property
    def whole_name(self) -> str:
        """Messages by window."""
        return self._count(self.of)

    @property
    def good_name(self) -> str:
        """Messages that nothing is wrong with, by window."""
        return self._count(self.good)

    @property
    def judged_name(self) -> str:
        """Messages that a window may judge."""
        return self._count(self.judged)

    @property
    def bad_name(self) -> str:
        """Those of them that something is wrong with."""
        return self._count(self.bad)

    @property
    def ratio_name(self) -> str:
        """The share itself, by window."""
        return f"{self.level}:{self.name}:ratio"

    @property
    def certain_name(self) -> str:
        """What the share certainly is at least, over all windows."""
        return f"{self.level}:{self.name}:certain"

    @property
    def baseline_name(self) -> str:
        """The share over the last 7 days."""
        return f"{self.level}:{self.name}:baseline7d"

    def bound_name(self, which: str) -> str:
        """Bound of the share by window: ``lower`` or ``upper``."""
        return f"{self.level}:{self.name}:wilson_{which}"

    def limited(self, sent: str) -> tuple[Record, Record]:
        """What a window may judge, and what of it is bad.

        ``sent`` has messages by window and one label more, of which the least counts.
        """
        kept = by((*self.labels, "window"))
        whole = chosen(self.whole_name, self.only)
        windows = f'window=~"{"|".join(self.windows)}"'
        good = chosen(self.good_name, self.only)
        return (
            Record(
                name=self.judged_name,
                expr=f"min {kept} ({whole} or {chosen(sent, windows)})",
            ),
            Record(
                name=self.bad_name,
                expr=f"clamp_min({self.judged_name} - {on((*self.labels, 'window'))} {good}, 0)",
            ),
        )

    def summed(self, parts: "Share") -> tuple[Record, Record]:
        """The same of all ``parts`` together."""
        kept = by((*self.labels, "window"))
        return (
            Record(name=self.judged_name, expr=f"sum {kept} ({parts.judged_name})"),
            Record(name=self.bad_name, expr=f"sum {kept} ({parts.bad_name})"),
        )

    def bounds(self, z: float) -> tuple[Record, Record, Record]:
        """The share by window, and its lower and upper bound."""
        ratio, count = self.ratio_name, self.judged_name
        lower, upper = self.bound_name("lower"), self.bound_name("upper")
        return (
            Record(name=ratio, expr=f"clamp({self.bad_name} / ({count} > 0), 0, 1)"),
            Record(name=lower, expr=wilson(ratio, count, z)),
            Record(name=upper, expr=wilson(ratio, count, RECOVERED_Z, upper=True)),
        )

    def certain(self, limit: float, fewest: int = 0) -> Record:
        """The highest lower bound of a window that is not history.

        A window is history once a shorter one is well below ``limit``. At least ``fewest``
        messages must be bad.
        """
        windows = [self._current(at, limit, fewest) for at in range(len(self.windows))]
        inside = nested("\nor\n".join(windows), 2)
        return Record(name=self.certain_name, expr=f"max {by(self.labels)} (\n  {inside}\n)")

    def baseline(self, hours: str, ago: str) -> Record:
        """The share over ``hours``, a subquery of hours that do not overlap, that ended ``ago``."""
        good, whole = (
            f"{chosen(name, self.only, _window('1h'))}[{hours}] offset {ago}"
            for name in (self.good_name, self.whole_name)
        )
        return Record(
            name=self.baseline_name,
            expr=lines(
                f"""
                (
                  1 - sum_over_time({good})
                  / (sum_over_time({whole}) >= {FEWEST_MESSAGES})
                )
                and
                count_over_time({whole}) >= {FEWEST_HOURS}
                """
            ),
        )

    def _count(self, name: str) -> str:
        return f"{self.level}:{name}:increase"

    def _current(self, at: int, limit: float, fewest: int) -> str:
        window, shorter = _window(self.windows[at]), self.windows[:at]
        parts = [chosen(self.bound_name("lower"), window)]
        if fewest:
            parts.append(f"and {chosen(self.bad_name, window)} >= {fewest}")
        if shorter:
            good = f"{chosen(self.bound_name('upper'), _window(*shorter))} < {limit:g}"
            parts.append(f"unless {on(self.labels)} ({good})")
        inside = nested("\n".join(parts), 2)
        return f"(\n  {inside}\n)"


def _window(*lengths: str) -> str:
    operator = "=" if len(lengths) == 1 else "=~"
    return f'window{operator}"{"|".join(lengths)}"'
