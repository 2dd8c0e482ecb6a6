"""Zero first: a counter's new series is shown at 0 before it grows.

Prometheus sees no increase in a series that is born at 40, because there is nothing to compare
the first sample with. So a new series is shown at 0 until a scrape has taken the 0 and ``hold``
seconds have gone by since; then it shows its true total. Nothing is lost: the first increase that
Prometheus sees is all of them.
"""

from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass, field

from exporter.exposition.family import Family, L
from exporter.exposition.series import Rows, zero
from exporter.ledger.snapshot import Labels, Total


@dataclass(slots=True)
class _Series:
    known: set[Labels] = field(default_factory=set)
    """Series shown as they are; kept for good, so that one that comes back does not fall to 0."""
    held: dict[Labels, float | None] = field(default_factory=dict)
    """Series shown at 0, with the time at which a scrape first took the 0."""
    born: dict[Labels, float] = field(default_factory=dict)
    """When each series that this process has seen come up was first shown."""
    rows: Rows | None = None


class ZeroFirst:
    """Remembers which series have been shown at 0; not thread-safe."""

    def __init__(self, hold: float) -> None:
        self._hold = hold
        self._families: dict[str, _Series] = {}

    def apply(
        self, family: Family, rows: Rows, restored: Callable[[Labels], bool], now: float
    ) -> Rows:
        """The rows to show now; ``rows`` itself when none is held.

        ``restored`` tells of a series never met whether it was shown before the process started.
        """
        series = self._families.setdefault(family.name, _Series())
        if rows is not series.rows:
            _meet(series, rows, restored, now)
        if series.held:
            self._release(series, now)
        if not series.held:
            return rows
        return {**rows, **dict.fromkeys(series.held, zero(family))}

    def served(self, now: float, families: Container[str] | None = None) -> None:
        """A scrape took what ``apply`` gave last, of these families or of all."""
        for name, series in self._families.items():
            if families is None or name in families:
                for labels, since in series.held.items():
                    if since is None:
                        series.held[labels] = now

    def born(self, family: Family, labels: Labels) -> float | None:
        """When a series was first shown; None if it is older than this process."""
        return self._families[family.name].born.get(labels)

    def _release(self, series: _Series, now: float) -> None:
        for labels, since in tuple(series.held.items()):
            if since is None:
                continue
            if now < since:
                series.held[labels] = now
            elif now - since >= self._hold:
                del series.held[labels]
                series.known.add(labels)


def _meet(series: _Series, rows: Rows, restored: Callable[[Labels], bool], now: float) -> None:
    series.rows = rows
    for labels in [labels for labels in series.held if labels not in rows]:
        del series.held[labels]
        del series.born[labels]
    for labels in rows.keys() - series.known:
        if labels in series.held:
            continue
        if restored(labels):
            series.known.add(labels)
        else:
            series.held[labels] = None
            series.born[labels] = now


class Restored:
    """Series that were there before the process started, as the ledger remembers them."""

    def __init__(self, restored: Iterable[tuple[str, Labels]]) -> None:
        self._series: dict[str, set[Labels]] = {}
        for name, labels in restored:
            kept = labels[1:] if name == Total.LABEL_OVERFLOW else labels
            self._series.setdefault(name, set()).add(kept)
        sets = self._series.get(Total.SUBMITTED, set())
        self._parents = {n: {labels[:n] for labels in sets} for n in (1, 2, 4, 5)}

    def knows(self, family: Family, labels: Labels) -> bool:
        """Whether a series was shown before: it, or the label set whose series all exist."""
        if family.source is not None and labels in self._series.get(family.source, ()):
            return True
        width = family.preset
        return (
            width > 0
            and family.labels[:width] == L[:width]
            and labels[:width] in self._parents[width]
        )
