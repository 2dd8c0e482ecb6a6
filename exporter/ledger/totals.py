"""The running totals: a mirror in memory of what the ledger holds, changed only by commits."""

import json
from bisect import bisect_left
from collections.abc import Collection, Iterable, Mapping
from collections.abc import Set as AbstractSet
from decimal import Decimal
from functools import cache
from typing import TypeVar

import msgspec
from sqlalchemy import Connection, Insert, Table, select

from exporter.ledger.dialects import replacing
from exporter.ledger.exemplars import Place, offer
from exporter.ledger.schema import distribution, total
from exporter.ledger.snapshot import (
    BUCKETS,
    OWN,
    Distribution,
    Exemplar,
    Labels,
    Observations,
    Series,
    Total,
)


MONEY = frozenset({Total.COST, Total.COST_REFUNDED, Total.MATURED_COST})
"""Families that add up Decimals; the others count."""

_Family = TypeVar("_Family")
_Value = TypeVar("_Value")


class Tally(msgspec.Struct):
    """Observations of one histogram within a transaction."""

    counts: list[int]
    microseconds: int = 0


class Deltas:
    """What one transaction adds to the totals."""

    def __init__(self) -> None:
        self.counts: dict[tuple[Total, Labels], int | Decimal] = {}
        self.observed: dict[tuple[Distribution, Labels], Tally] = {}
        self.exemplars: dict[Place, Exemplar] = {}

    def add(self, family: Total, labels: Labels, amount: int | Decimal = 1) -> None:
        """Add ``amount``, which is never negative; 0 makes the label set known."""
        key = (family, labels)
        self.counts[key] = self.counts.get(key, 0) + amount

    def know(self, series: Series) -> None:
        """Add nothing, but make the series known."""
        source, labels = series
        if isinstance(source, Distribution):
            nothing = Tally([0] * (len(BUCKETS[source]) + 1))
            self.observed.setdefault((source, labels), nothing)
        else:
            self.add(source, labels, 0)

    def observe(self, family: Distribution, labels: Labels, value: float) -> None:
        """Add an observation in seconds, kept to the microsecond, to a histogram."""
        bounds = BUCKETS[family]
        tally = self.observed.get((family, labels))
        if tally is None:
            tally = self.observed[family, labels] = Tally([0] * (len(bounds) + 1))
        tally.counts[bisect_left(bounds, value)] += 1
        tally.microseconds += round(value * 1_000_000)

    def parted(self) -> tuple["Deltas", "Deltas"]:
        """What is added for the account, and what for the process."""
        account, own = Deltas(), Deltas()
        for key, amount in self.counts.items():
            (own if key[0] in OWN else account).counts[key] = amount
        for observed, tally in self.observed.items():
            (own if observed[0] in OWN else account).observed[observed] = tally
        account.exemplars = self.exemplars
        return account, own

    def exemplify(self, series: Series, exemplar: Exemplar) -> None:
        """Name a message of those just added to a series; the last of each bucket is kept."""
        source, _ = series
        bounds = BUCKETS[source] if isinstance(source, Distribution) else ()
        offer(self.exemplars, (series, bisect_left(bounds, exemplar.value)), exemplar)


class Totals:
    """An account's counters and histograms, or the process's own, as of the last commit.

    The mappings handed out are never changed afterwards: a commit replaces them. What is the
    process's own is stored behind the name of its ``replica``, and without an account.
    """

    def __init__(self, account_id: int = 0, replica: str | None = None) -> None:
        self._account_id = account_id
        self._before: Labels = () if replica is None else (replica,)
        self.counts: dict[Total, Mapping[Labels, int | Decimal]] = {f: {} for f in Total}
        self.distributions: dict[Distribution, Mapping[Labels, Observations]] = {
            f: {} for f in Distribution
        }
        self.shown: Mapping[Total | Distribution, AbstractSet[Labels]] = {}

    def load(self, connection: Connection) -> None:
        """Read all of them from the ledger."""
        counts: dict[Total, dict[Labels, int | Decimal]] = {family: {} for family in Total}
        shown: list[Series] = []
        for row in connection.execute(select(total).where(total.c.account_id == self._account_id)):
            if (decoded := self._decode(row.labels)) is None:
                continue
            family, labels = Total(row.family), decoded
            counts[family][labels] = Decimal(row.value) if family in MONEY else int(row.value)
            if row.shown:
                shown.append((family, labels))
        histograms: dict[Distribution, dict[Labels, Observations]] = {f: {} for f in Distribution}
        mine = distribution.c.account_id == self._account_id
        for row in connection.execute(select(distribution).where(mine)):
            if (decoded := self._decode(row.labels)) is None:
                continue
            source, labels = Distribution(row.family), decoded
            counted = tuple(int(part) for part in row.counts.split())
            histograms[source][labels] = Observations(counted, Decimal(row.sum))
            if row.shown:
                shown.append((source, labels))
        self.counts = dict(counts)
        self.distributions = dict(histograms)
        self.shown = _with({}, shown)

    def write(
        self, connection: Connection, deltas: Deltas, shown: Collection[Series] = ()
    ) -> "Totals":
        """Store the totals after ``deltas``; gives the mirror to use once it is committed.

        Series in ``shown`` are stored as shown at their value; one without a total gets one of 0.
        """
        for series in shown:
            deltas.know(series)
        after = self._empty()
        after.counts = _merged(self.counts, self._new_counts(deltas))
        after.distributions = _merged(self.distributions, self._new_distributions(deltas))
        after.shown = _with(self.shown, shown)
        if deltas.counts:
            rows = [after.total_row(*key) for key in deltas.counts]
            connection.execute(_upsert(connection.dialect.name, total), rows)
        if deltas.observed:
            rows = [after.distribution_row(*key) for key in deltas.observed]
            connection.execute(_upsert(connection.dialect.name, distribution), rows)
        return after

    def _empty(self) -> "Totals":
        return Totals(self._account_id, *self._before)

    def _decode(self, text: str) -> Labels | None:
        """The labels of a stored series; None for another replica's."""
        labels, width = tuple(json.loads(text)), len(self._before)
        return labels[width:] if labels[:width] == self._before else None

    def total_row(self, family: Total, labels: Labels) -> dict[str, object]:
        """A counter as it is stored."""
        value = str(self.counts[family][labels])
        return {**self._key(family, labels), "value": value}

    def distribution_row(self, family: Distribution, labels: Labels) -> dict[str, object]:
        """A histogram as it is stored."""
        state = self.distributions[family][labels]
        counts = " ".join(map(str, state.counts))
        return {**self._key(family, labels), "counts": counts, "sum": str(state.sum)}

    def _key(self, source: Total | Distribution, labels: Labels) -> dict[str, object]:
        shown = labels in self.shown.get(source, ())
        stored = json.dumps((*self._before, *labels), ensure_ascii=False, separators=(",", ":"))
        return {
            "account_id": self._account_id,
            "family": source.value,
            "labels": stored,
            "shown": shown,
        }

    def _new_counts(self, deltas: Deltas) -> dict[Total, dict[Labels, int | Decimal]]:
        changed: dict[Total, dict[Labels, int | Decimal]] = {}
        for (family, labels), amount in deltas.counts.items():
            before = self.counts[family].get(labels, 0)
            changed.setdefault(family, {})[labels] = before + amount
        return changed

    def _new_distributions(self, deltas: Deltas) -> dict[Distribution, dict[Labels, Observations]]:
        changed: dict[Distribution, dict[Labels, Observations]] = {}
        for (family, labels), tally in deltas.observed.items():
            before = self.distributions[family].get(labels)
            added = Observations(tuple(tally.counts), Decimal(tally.microseconds) / 1_000_000)
            changed.setdefault(family, {})[labels] = _plus(before, added) if before else added
        return changed


@cache
def _upsert(dialect: str, table: Table) -> Insert:
    return replacing(dialect, table)


def _merged(
    before: Mapping[_Family, Mapping[Labels, _Value]],
    changed: Mapping[_Family, Mapping[Labels, _Value]],
) -> dict[_Family, Mapping[Labels, _Value]]:
    merged = dict(before)
    for family, values in changed.items():
        merged[family] = {**before[family], **values}
    return merged


def _with(
    before: Mapping[Total | Distribution, AbstractSet[Labels]], series: Iterable[Series]
) -> Mapping[Total | Distribution, AbstractSet[Labels]]:
    """Those before and these; sets to which nothing is added stay the same objects."""
    added: dict[Total | Distribution, set[Labels]] = {}
    for source, labels in series:
        added.setdefault(source, set()).add(labels)
    return {**before, **{f: frozenset(before.get(f, ())) | found for f, found in added.items()}}


def _plus(one: Observations, other: Observations) -> Observations:
    counts = tuple(a + b for a, b in zip(one.counts, other.counts, strict=True))
    return Observations(counts, one.sum + other.sum)
