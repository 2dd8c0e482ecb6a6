"""Zero first: a counter's new series is shown at 0 before it grows.

Prometheus sees no increase in a series that is born at 40, because there is nothing to compare
the first sample with. So a new series is shown at 0 until a scrape has taken the 0 and ``hold``
seconds have gone by since; then it is ripe. It shows its true total once the ledger has noted that
it does: after a crash the series goes on from there, or from the 0 if it was not noted. Nothing is
lost: the first increase that Prometheus sees is all of them.
"""

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from exporter.exposition.family import Family
from exporter.exposition.series import Rows, zero
from exporter.ledger.snapshot import Labels


@dataclass(slots=True)
class _Series:
    family: Family
    held: dict[Labels, float | None] = field(default_factory=dict)
    """Series shown at 0, with the time at which a scrape first took the 0."""
    born: dict[Labels, float] = field(default_factory=dict)
    """When each series that this process has seen come up was first shown."""
    rows: Rows | None = None
    shown: AbstractSet[Labels] = frozenset()

    def meet(self, rows: Rows, shown: AbstractSet[Labels], now: float) -> None:
        """Find out what is to be held of these rows."""
        self.rows, self.shown = rows, shown
        before, self.held = self.held, {}
        for labels in rows.keys() - shown:
            if labels not in before:
                self.born[labels] = now
            self.held[labels] = before.get(labels)

    def ripe(self, hold: float, now: float) -> Iterator[Labels]:
        """Series held for long enough; the wait begins anew when the clock was set back."""
        for labels, since in self.held.items():
            if since is None:
                continue
            if now < since:
                self.held[labels] = now
            elif now - since >= hold:
                yield labels


class ZeroFirst:
    """Holds series at 0 until they may be shown; not thread-safe."""

    def __init__(self, hold: float) -> None:
        self._hold = hold
        self._families: dict[str, _Series] = {}

    def apply(self, family: Family, rows: Rows, shown: AbstractSet[Labels], now: float) -> Rows:
        """The rows to show now, those not in ``shown`` at 0; ``rows`` itself when none is held."""
        series = self._families.setdefault(family.name, _Series(family))
        if rows is not series.rows or shown is not series.shown:
            series.meet(rows, shown, now)
        if not series.held:
            return rows
        return {**rows, **dict.fromkeys(series.held, zero(family))}

    def served(self, now: float, seen: Mapping[str, Rows] | None = None) -> None:
        """A scrape took what ``apply`` gave last: these rows of the families named, or all."""
        for name, series in self._families.items():
            taken = series.held if seen is None else seen.get(name, {})
            for labels, since in series.held.items():
                if since is None and labels in taken:
                    series.held[labels] = now

    def ripe(self, now: float) -> list[tuple[Family, Labels]]:
        """Series whose 0 was taken at least the hold ago: they may be shown as they are."""
        return [
            (series.family, labels)
            for series in self._families.values()
            for labels in series.ripe(self._hold, now)
        ]

    def born(self, family: Family, labels: Labels) -> float | None:
        """When a series was first shown; None if it is older than this process."""
        return self._families[family.name].born.get(labels)
