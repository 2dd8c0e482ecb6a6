"""The running totals: a mirror in memory of what the ledger holds, changed only by commits."""

import json
from bisect import bisect_left
from collections.abc import Mapping
from decimal import Decimal
from typing import TypeVar

import msgspec
from sqlalchemy import Connection, select
from sqlalchemy.dialects.sqlite import insert

from exporter.ledger.schema import distribution, total
from exporter.ledger.snapshot import BUCKETS, Distribution, Labels, Observations, Total


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

    def add(self, family: Total, labels: Labels, amount: int | Decimal = 1) -> None:
        """Add ``amount``, which is never negative; 0 makes the label set known."""
        key = (family, labels)
        self.counts[key] = self.counts.get(key, 0) + amount

    def observe(self, family: Distribution, labels: Labels, value: float) -> None:
        """Add an observation in seconds, kept to the microsecond, to a histogram."""
        bounds = BUCKETS[family]
        tally = self.observed.get((family, labels))
        if tally is None:
            tally = self.observed[family, labels] = Tally([0] * (len(bounds) + 1))
        tally.counts[bisect_left(bounds, value)] += 1
        tally.microseconds += round(value * 1_000_000)


class Totals:
    """All counters and histograms as of the last commit.

    The mappings handed out are never changed afterwards: a commit replaces them.
    """

    def __init__(self) -> None:
        self.counts: dict[Total, Mapping[Labels, int | Decimal]] = {f: {} for f in Total}
        self.distributions: dict[Distribution, Mapping[Labels, Observations]] = {
            f: {} for f in Distribution
        }

    def load(self, connection: Connection) -> None:
        """Read everything from the ledger."""
        counts: dict[Total, dict[Labels, int | Decimal]] = {family: {} for family in Total}
        for row in connection.execute(select(total)):
            family = Total(row.family)
            value = Decimal(row.value) if family in MONEY else int(row.value)
            counts[family][_decode(row.labels)] = value
        histograms: dict[Distribution, dict[Labels, Observations]] = {f: {} for f in Distribution}
        for row in connection.execute(select(distribution)):
            counted = tuple(int(part) for part in row.counts.split())
            observations = Observations(counted, Decimal(row.sum))
            histograms[Distribution(row.family)][_decode(row.labels)] = observations
        self.counts = dict(counts)
        self.distributions = dict(histograms)

    def write(self, connection: Connection, deltas: Deltas) -> "Totals":
        """Store the totals after ``deltas``; gives the mirror to use once it is committed."""
        after = Totals()
        after.counts = _merged(self.counts, self._new_counts(deltas))
        after.distributions = _merged(self.distributions, self._new_distributions(deltas))
        if deltas.counts:
            connection.execute(_UPSERT_TOTAL, [after._total_row(*key) for key in deltas.counts])
        if deltas.observed:
            rows = [after._distribution_row(*key) for key in deltas.observed]
            connection.execute(_UPSERT_DISTRIBUTION, rows)
        return after

    def _total_row(self, family: Total, labels: Labels) -> dict[str, str]:
        value = str(self.counts[family][labels])
        return {"family": family.value, "labels": _encode(labels), "value": value}

    def _distribution_row(self, family: Distribution, labels: Labels) -> dict[str, str]:
        state = self.distributions[family][labels]
        counts = " ".join(map(str, state.counts))
        return {
            "family": family.value,
            "labels": _encode(labels),
            "counts": counts,
            "sum": str(state.sum),
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


_insert_total = insert(total)
_UPSERT_TOTAL = _insert_total.on_conflict_do_update(
    index_elements=["family", "labels"], set_={"value": _insert_total.excluded.value}
)
_insert_distribution = insert(distribution)
_UPSERT_DISTRIBUTION = _insert_distribution.on_conflict_do_update(
    index_elements=["family", "labels"],
    set_={
        "counts": _insert_distribution.excluded.counts,
        "sum": _insert_distribution.excluded.sum,
    },
)


def _merged(
    before: Mapping[_Family, Mapping[Labels, _Value]],
    changed: Mapping[_Family, Mapping[Labels, _Value]],
) -> dict[_Family, Mapping[Labels, _Value]]:
    merged = dict(before)
    for family, values in changed.items():
        merged[family] = {**before[family], **values}
    return merged


def _plus(one: Observations, other: Observations) -> Observations:
    counts = tuple(a + b for a, b in zip(one.counts, other.counts, strict=True))
    return Observations(counts, one.sum + other.sum)


def _encode(labels: Labels) -> str:
    return json.dumps(labels, ensure_ascii=False, separators=(",", ":"))


def _decode(text: str) -> Labels:
    return tuple(json.loads(text))
