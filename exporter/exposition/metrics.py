"""Rows as prometheus-client's metrics, which its encoders write."""

from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from itertools import accumulate

from prometheus_client import Metric
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
)
from prometheus_client.samples import Exemplar as ClientExemplar
from prometheus_client.samples import Sample
from prometheus_client.utils import floatToGoString

from exporter.exposition.exemplars import NONE, BySeries, Places, of_client, written
from exporter.exposition.family import Family, Kind
from exporter.exposition.series import Rows, Value
from exporter.ledger.snapshot import BUCKETS, Distribution, Labels, Observations


Born = Callable[[Family, Labels], float | None]
"""When a series was first shown, Unix seconds; None when that is not known."""

_written: Callable[[int | float | Decimal], str] = floatToGoString


def nobody(_family: Family, _labels: Labels) -> float | None:
    """Leaves every ``_created`` series out."""
    return None


def empty(family: Family) -> Metric:
    """The family without samples, as ``describe`` gives it."""
    return Metric(family.base, family.help, family.kind, family.unit)


def metric(
    family: Family,
    rows: Rows,
    born: Born = nobody,
    exemplars: BySeries = NONE,
) -> Metric:
    """The family with a sample for each row, and ``_created`` ones where ``born`` knows."""
    match family.kind:
        case Kind.COUNTER:
            return _counter(family, rows, born, exemplars)
        case Kind.HISTOGRAM:
            return _histogram(family, rows, born, exemplars)
        case Kind.GAUGE:
            filled = GaugeMetricFamily(
                family.name, family.help, labels=family.labels, unit=family.unit
            )
            for labels, value in rows.items():
                filled.add_metric(labels, _number(value))
            return filled


def _counter(family: Family, rows: Rows, born: Born, exemplars: BySeries) -> Metric:
    filled = CounterMetricFamily(family.base, family.help, labels=family.labels, unit=family.unit)
    for labels, value in rows.items():
        exemplar = of_client(exemplars[labels][0]) if labels in exemplars else None
        created = born(family, labels)
        filled.add_metric(labels, _number(value), created=created, exemplar=exemplar)
    return filled


def _histogram(family: Family, rows: Rows, born: Born, exemplars: BySeries) -> Metric:
    filled = HistogramMetricFamily(family.base, family.help, labels=family.labels, unit=family.unit)
    bounds = bucket_names(family)
    for labels, value in rows.items():
        counts = accumulate(_observations(value).counts)
        buckets = _buckets(zip(bounds, counts, strict=True), exemplars.get(labels, {}))
        filled.add_metric(labels, buckets, float(_observations(value).sum))
        created = born(family, labels)
        if created is not None:
            named = dict(zip(family.labels, labels, strict=True))
            filled.samples.append(Sample(f"{family.base}_created", named, created))
    return filled


def _buckets(
    counted: Iterable[tuple[str, int]], places: Places
) -> list[tuple[str, float] | tuple[str, float, ClientExemplar]]:
    return [
        (*pair, of_client(places[index])) if index in places else pair
        for index, pair in enumerate(counted)
    ]


def _number(value: Value) -> float:
    if isinstance(value, Observations):
        raise TypeError("a histogram's row in a family of single numbers")
    return float(value)


def _observations(value: Value) -> Observations:
    if not isinstance(value, Observations):
        raise TypeError("a single number in a histogram family")
    return value


def bucket_names(family: Family) -> tuple[str, ...]:
    """Values of the label ``le`` of a histogram, +Inf last."""
    if not isinstance(family.source, Distribution):
        raise TypeError(f"{family.name} is no histogram")
    return (*map(_written, BUCKETS[family.source]), "+Inf")


def exemplified(value: Value, places: Places) -> Iterator[str]:
    """As `values`, each number with its exemplar behind it as OpenMetrics writes it."""
    for index, number in enumerate(values(value)):
        found = places.get(index)
        yield number if found is None else number + written(found, _written(found.value))


def values(value: Value) -> Iterator[str]:
    """The numbers that the samples of one row end in, in the order of its samples."""
    if isinstance(value, Observations):
        cumulative = tuple(accumulate(value.counts))
        yield from map(_written, cumulative)
        yield _written(cumulative[-1])
        yield _written(value.sum)
    else:
        yield _written(value)
