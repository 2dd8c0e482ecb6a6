"""Every series that a query can read, with its labels."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import msgspec
from prometheus_client.utils import floatToGoString

from exporter.exposition.catalogue import CATALOGUE
from exporter.exposition.family import Family, Kind
from exporter.exposition.page import runtime_registry
from exporter.ledger.snapshot import BUCKETS, Distribution
from tests.monitoring.promql.parsing import SCRAPE_INTERVAL


TARGET = frozenset({"job", "instance"})
"""What Prometheus adds to all that it scrapes."""
ALERT = frozenset({"alertname", "alertstate", "severity"})
OF_THE_SCRAPE = (
    "up",
    "scrape_duration_seconds",
    "scrape_samples_scraped",
    "scrape_samples_post_metric_relabeling",
    "scrape_series_added",
)


class Labels(msgspec.Struct, frozen=True):
    """Names of labels that series have."""

    names: frozenset[str] = frozenset()
    open: bool = False
    """Whether there may be others that nobody knows."""

    def has(self, label: str) -> bool:
        """Whether series can have this label."""
        return self.open or label in self.names

    def plus(self, names: Iterable[str]) -> "Labels":
        """These and others."""
        return Labels(self.names | frozenset(names), open=self.open)

    def minus(self, names: Iterable[str]) -> "Labels":
        """These without some."""
        return Labels(self.names - frozenset(names), open=self.open)


class Series(NamedTuple):
    """Series of one name."""

    labels: Labels
    counter: bool = False
    """Whether its value only says something as an increase."""
    every: float = SCRAPE_INTERVAL
    """Seconds between samples."""
    bounds: tuple[str, ...] = ()
    """Values of ``le``, as the exporter writes them."""


Known = Mapping[str, Series]


def exposed() -> dict[str, Series]:
    """What a scrape of the exporter brings, and what Prometheus adds by itself."""
    return {
        **{name: series for family in CATALOGUE for name, series in _of_family(family)},
        **dict(_of_runtime()),
        **{name: Series(Labels(TARGET)) for name in OF_THE_SCRAPE},
    }


def alerting(labels: frozenset[str]) -> dict[str, Series]:
    """Series that Prometheus keeps of alerts with these labels."""
    states = Labels(labels | ALERT)
    return {"ALERTS": Series(states), "ALERTS_FOR_STATE": Series(states)}


def _of_family(family: Family) -> Iterator[tuple[str, Series]]:
    labels = Labels(TARGET | set(family.labels))
    if family.kind is not Kind.HISTOGRAM:
        yield family.name, Series(labels, counter=family.kind is Kind.COUNTER)
        return
    yield f"{family.name}_count", Series(labels, counter=True)
    yield f"{family.name}_sum", Series(labels, counter=True)
    assert isinstance(family.source, Distribution)
    bounds = (*map(floatToGoString, BUCKETS[family.source]), "+Inf")
    yield f"{family.name}_bucket", Series(labels.plus({"le"}), counter=True, bounds=bounds)


def _of_runtime() -> Iterator[tuple[str, Series]]:
    for metric in runtime_registry().collect():
        for sample in metric.samples:
            labels = Labels(TARGET | sample.labels.keys())
            yield sample.name, Series(labels, counter=metric.type == "counter")
