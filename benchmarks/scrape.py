"""How long rendering /metrics takes against plain client objects with the same series.

Prints, for 10,000 and 100,000 series and for both formats, the time of ``generate_latest`` over
plain Counter, Gauge and Histogram objects, and the exporter's time as a share of it: the first
scrape of a process, one of an unchanged snapshot, one after a page of 1000 messages, and one in
which every number changed. Below 1 is faster than plain client objects.
"""

import gc
import sys
import time
from collections.abc import Callable
from decimal import Decimal
from itertools import count
from typing import TypeVar

import msgspec
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
)
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from exporter.clock import SystemClock
from exporter.exposition.collector import LedgerCollector
from exporter.exposition.family import Family, Kind
from exporter.exposition.gauges import Facts, Names
from exporter.exposition.page import MetricsPage
from exporter.exposition.series import Rows
from exporter.ledger.snapshot import (
    BUCKETS,
    AccountState,
    Distribution,
    Labels,
    Observations,
    Snapshot,
    StreamState,
    Total,
)


OUTCOMES = (
    "delivered",
    "expired",
    "undeliverable",
    "invalid_number",
    "rejected",
    "no_funds",
    "cancelled",
    "pending",
    "unknown",
)
FORMATS = {"text": "text/plain", "openmetrics": "application/openmetrics-text; version=1.0.0"}
SERIES_OF_A_SET = 50
REPEATS = 5

_M = TypeVar("_M", Counter, Gauge, Histogram)


class Held:
    """A source whose snapshot is set by hand."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.now = snapshot

    def snapshot(self) -> Snapshot:
        """The snapshot that was set."""
        return self.now


def world(series: int) -> Snapshot:
    """A snapshot that shows about so many series, as several accounts would have them."""
    sets = series // SERIES_OF_A_SET
    accounts = [f"account-{number}" for number in range(max(1, sets // 200))]
    label_sets: list[tuple[Labels, str]] = [
        (
            (accounts[n % len(accounts)], "sms", "RU", f"operator {n % 89}", f"Sender {n}"),
            "RUB",
        )
        for n in range(sets)
    ]
    numbers = count(1)
    deadlines = {"5m": 300, "1h": 3600, "24h": 86400}
    matured = {
        (*labels, deadline, outcome): next(numbers)
        for labels, _ in label_sets
        for deadline in deadlines
        for outcome in OUTCOMES
    }
    totals: dict[Total, dict[Labels, int | Decimal]] = {
        Total.SUBMITTED: {labels: next(numbers) for labels, _ in label_sets},
        Total.SEGMENTS: {labels: next(numbers) for labels, _ in label_sets},
        Total.COST: {(*labels, cur): Decimal(next(numbers)) / 100 for labels, cur in label_sets},
        Total.MATURED: dict(matured),
    }
    routes = {labels[:4] for labels, _ in label_sets}
    delivery = {
        route: Observations(tuple(range(len(BUCKETS[Distribution.DELIVERY]) + 1)), Decimal("1.5"))
        for route in routes
    }
    now = time.time()
    return Snapshot(
        totals=totals,
        distributions={Distribution.DELIVERY: delivery},
        label_sets=tuple(label_sets),
        deadlines=deadlines,
        streams=tuple(
            StreamState(account=name, channel="sms", synced=True, last_success=now, cadence=120)
            for name in accounts
        ),
        accounts=tuple(AccountState(account=name, up=True, budget_limit=29) for name in accounts),
        ledger_saved=now,
    )


def grown(snapshot: Snapshot, most: int | None) -> Snapshot:
    """The snapshot after ``most`` series of each counter, or all, went up by one."""
    totals = {
        family: {
            labels: value + 1 if most is None or index < most else value
            for index, (labels, value) in enumerate(rows.items())
        }
        for family, rows in snapshot.totals.items()
    }
    return msgspec.structs.replace(snapshot, totals=totals)


def plain(views: list[tuple[Family, Rows]]) -> CollectorRegistry:
    """The same families as client objects with the same series."""
    registry = CollectorRegistry()
    for family, rows in views:
        if not rows:
            continue
        text = (family.base, family.help)
        if family.kind is Kind.COUNTER:
            counter = Counter(*text, family.labels, registry=registry)
            for labels, value in rows.items():
                _child(counter, labels).inc(_float(value))
        elif family.kind is Kind.GAUGE:
            gauge = Gauge(*text, family.labels, registry=registry)
            for labels, value in rows.items():
                _child(gauge, labels).set(_float(value))
        elif isinstance(family.source, Distribution):
            buckets = BUCKETS[family.source]
            histogram = Histogram(*text, family.labels, registry=registry, buckets=buckets)
            for labels in rows:
                _child(histogram, labels).observe(1.5)
    return registry


def _child(metric: _M, labels: Labels) -> _M:
    return metric.labels(*labels) if labels else metric


def _float(value: object) -> float:
    return float(value) if isinstance(value, int | float | Decimal) else 0.0


def best(work: Callable[[], object], before: Callable[[], object] = lambda: None) -> float:
    """Seconds of the fastest of some runs."""
    times = []
    for _ in range(REPEATS):
        before()
        gc.collect()
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return min(times)


def measure(series: int, name: str, accept: str) -> None:
    """Print one line of the table."""
    source = Held(world(series))
    facts = Facts(version="0", python="3")
    collector = LedgerCollector(
        source, clock=SystemClock(), facts=lambda: facts, names=Names(outcomes=OUTCOMES)
    )
    registry = CollectorRegistry()
    page = MetricsPage(collector, runtime=registry)
    encoder, _ = choose_encoder(accept)
    objects: Collector = plain(collector.views())
    shown = {family.source: rows.keys() for family, rows in collector.views() if family.source}
    source.now = msgspec.structs.replace(source.now, shown=shown)
    floor = best(lambda: encoder(objects))
    started = time.perf_counter()
    lines = page.render(accept).body.count(b"\n")
    first = time.perf_counter() - started

    def grow(most: int | None) -> None:
        source.now = grown(source.now, most)

    same = best(lambda: page.render(accept))
    few = best(lambda: page.render(accept), lambda: grow(100))
    every = best(lambda: page.render(accept), lambda: grow(None))
    ratios = "".join(f"{seconds / floor:12.2f}" for seconds in (first, same, few, every))
    sys.stdout.write(f"{lines:8} {name:12} {floor * 1000:10.1f} ms{ratios}\n")


def main() -> None:
    """Print the table."""
    lean: Callable[[], None] = disable_created_metrics
    lean()
    sys.stdout.write(
        "   lines format       plain client       first   unchanged    one page   all new\n"
    )
    for series in (10_000, 100_000):
        for name, accept in FORMATS.items():
            measure(series, name, accept)


if __name__ == "__main__":
    main()
