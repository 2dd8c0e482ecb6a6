"""The collector over the ledger's snapshot."""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import Protocol

from prometheus_client import Metric
from prometheus_client.registry import Collector

from exporter.clock import Clock
from exporter.exposition.catalogue import CATALOGUE, SCRAPE_DURATION
from exporter.exposition.exemplars import BySeries, of_rows
from exporter.exposition.family import Family
from exporter.exposition.gauges import Facts, Names, gauges
from exporter.exposition.metrics import empty, metric, nobody
from exporter.exposition.selection import ByAccount, narrowed
from exporter.exposition.series import (
    Rows,
    Visibility,
    completed,
    counted,
    presets,
)
from exporter.exposition.zero_first import ZeroFirst
from exporter.ledger.snapshot import Distribution, Labels, Series, Snapshot, Total


_NONE: frozenset[Labels] = frozenset()


class SnapshotSource(Protocol):
    """Where the state to show comes from."""

    def snapshot(self) -> Snapshot:
        """The newest state, at once and from any thread; the same object while nothing changed.

        Mappings inside that did not change since the snapshot before are best the same objects
        as well: they are then not looked through again.
        """
        ...


class _Counted:
    """Rows of counters and histograms, kept while what they come from is the same."""

    def __init__(self, names: Names) -> None:
        self._outcomes = names.outcomes
        self._basis: tuple[object, ...] = ()
        self._visibility = Visibility(Snapshot())
        self._presets: dict[Total | Distribution, Rows] = {}
        self._kept: dict[str, tuple[Rows, Rows]] = {}

    def prepare(self, snapshot: Snapshot) -> None:
        """Find out which series exist from the start."""
        visibility = Visibility(snapshot)
        basis = (visibility.key, snapshot.label_sets, tuple(snapshot.deadlines))
        if basis != self._basis:
            self._basis = basis
            self._visibility = visibility
            self._presets = presets(snapshot, visibility, self._outcomes)
            self._kept.clear()

    def rows(self, family: Family, snapshot: Snapshot) -> Rows:
        """What the family shows of the snapshot; the same object while nothing changed."""
        source = family.source
        if source is None:
            return {}
        found = counted(snapshot, source)
        kept = self._kept.get(family.name)
        if kept is not None and (kept[0] is found or kept[0] == found):
            return kept[1]
        visible = self._visibility.filtered(family, found)
        rows = completed(family, self._presets.get(source, {}), visible)
        self._kept[family.name] = (found, rows)
        return rows


class LedgerCollector(Collector):
    """Every family of the catalogue but the duration of the scrape, over one frozen snapshot.

    ``facts`` is asked at each scrape. With ``created_series`` each counter and histogram that came
    up in this process has a ``_created`` sample with the time it was first shown, at 0. Series
    older than the process have none: their time is not kept, and a later one would look like a
    reset.
    """

    def __init__(
        self,
        source: SnapshotSource,
        *,
        clock: Clock,
        facts: Callable[[], Facts],
        names: Names,
        zero_hold: float = 60.0,
        created_series: bool = False,
    ) -> None:
        self.lock = threading.RLock()
        """Held over ``views`` and ``served`` when the one must tell of the other."""
        self._source = source
        self._clock = clock
        self._facts = facts
        self._names = names
        self.created_series = created_series
        self._zero_first = ZeroFirst(zero_hold)
        self._counted = _Counted(names)
        self._by_account = ByAccount()
        self._snapshot: Snapshot | None = None

    def describe(self) -> Iterable[Metric]:
        """The families without samples."""
        return [empty(family) for family in CATALOGUE if family is not SCRAPE_DURATION]

    def collect(self) -> Iterator[Metric]:
        """The families that have samples now. This alone is no scrape: see `served`."""
        with self.lock:
            metrics = [self.metric(family, rows) for family, rows in self.views() if rows]
        return iter(metrics)

    def metric(self, family: Family, rows: Rows) -> Metric:
        """A family of the views as prometheus-client's metric."""
        born = self._zero_first.born if self.created_series else nobody
        return metric(family, rows, born, self.exemplars(family, rows))

    def exemplars(self, family: Family, rows: Rows) -> BySeries:
        """Exemplars of a family of the views, by series and bucket."""
        with self.lock:
            snapshot = self._snapshot
            return {} if snapshot is None else of_rows(family, rows, snapshot.exemplars)

    def views(self, accounts: AbstractSet[str] | None = None) -> list[tuple[Family, Rows]]:
        """What is to be shown now, family by family; rows must not be changed.

        With ``accounts`` families that tell of accounts have rows of these alone.
        """
        with self.lock:
            snapshot = self._source.snapshot()
            now = self._clock.now()
            if snapshot is not self._snapshot:
                self._snapshot = snapshot
                self._counted.prepare(snapshot)
            asked = snapshot if accounts is None else narrowed(snapshot, accounts)
            measured = gauges(asked, self._facts(), self._names, now)
            views = [
                (family, self._rows(family, snapshot, measured, now))
                for family in CATALOGUE
                if family is not SCRAPE_DURATION
            ]
            if accounts is None:
                return views
            return [
                (family, self._by_account.rows(family, rows, accounts)) for family, rows in views
            ]

    def served(self, seen: Mapping[str, Rows] | None = None) -> None:
        """A scrape took the views given last: these rows of the families named, or everything."""
        with self.lock:
            self._zero_first.served(self._clock.now(), seen)

    def ripe(self) -> list[Series]:
        """Series held at 0 that may be shown at their value; they are, once a snapshot says so.

        Told as the ledger is to note them: see `Ledger.note_shown`.
        """
        with self.lock:
            held = self._zero_first.ripe(self._clock.now())
            if not held:
                return []
            snapshot = self._source.snapshot()
            return [
                (family.source, labels)
                for family, labels in held
                if family.source is not None
                and labels not in snapshot.shown.get(family.source, _NONE)
            ]

    def _rows(
        self, family: Family, snapshot: Snapshot, measured: dict[str, Rows], now: float
    ) -> Rows:
        if family.source is None:
            return measured.get(family.name, {})
        rows = self._counted.rows(family, snapshot)
        noted = snapshot.shown.get(family.source, _NONE)
        return self._zero_first.apply(family, rows, noted, now)
