"""The file is OpenMetrics, its series are those of a live page, and it is there whole or not."""

import shutil
from collections.abc import Callable, Iterable
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import pytest
from prometheus_client import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from exporter import wiring
from exporter.clock import SystemClock
from exporter.exposition.catalogue import BY_SOURCE
from exporter.exposition.collector import LedgerCollector
from exporter.exposition.gauges import Facts
from exporter.exposition.metrics import bucket_names
from exporter.exposition.page import MetricsPage
from exporter.history.course import Course, Grid
from exporter.history.errors import OutputError
from exporter.history.openmetrics import document, is_label, write
from exporter.history.replay import FAMILIES
from exporter.ledger.snapshot import (
    Distribution,
    Labels,
    Observations,
    Snapshot,
    StreamState,
    Total,
)
from exporter.ledger.totals import Deltas
from tests.history.past import (
    CALM,
    DAY,
    MANNER,
    T0,
    late_look,
    played,
    samples_of,
    world_of,
    written,
)


STEP = 1800
LABELS = ("main", "sms", "RU", "mts", "SHOP")


@pytest.fixture(scope="module")
def course() -> Course:
    return played(late_look(world_of(CALM, 5), "sms", T0 + 3 * DAY), T0 + DAY + 77, step=STEP)


parsed: Callable[[str], Iterable[Metric]] = text_string_to_metric_families


def without_later_buckets(text: str) -> str:
    """Histograms at the end only: the parser takes a second point of one for a repetition."""
    end = f" {T0 + DAY + 77}"
    lines = text.splitlines(keepends=True)
    return "".join(
        line
        for line in lines
        if "_seconds_" not in line.partition("{")[0] or line.rstrip().endswith(end)
    )


def test_a_strict_parser_reads_it(course: Course, tmp_path: Path) -> None:
    """Families, order, times and the end are as the standard has them."""
    text = written(tmp_path, course, job="smsc", instance='host:1"\\\n2')
    families = list(parsed(without_later_buckets(text)))
    assert len(families) == len({family.name for family in families}) > 8
    samples = [sample for family in families for sample in family.samples]
    assert {sample.labels["instance"] for sample in samples} == {'host:1"\\\n2'}
    assert all(sample.timestamp is not None for sample in samples)
    assert text.endswith("# EOF\n")


def test_every_series_stands_on_the_grid_from_zero_on(course: Course, tmp_path: Path) -> None:
    """Each begins at 0, never falls, and has every sample up to the end, which is the last."""
    found = samples_of(written(tmp_path, course))
    grid = [*range(T0, T0 + DAY + 77, STEP), T0 + DAY + 77]
    assert len(found) > 200
    for values in found.values():
        times = [time for time, _ in values]
        assert times == grid[grid.index(times[0]) :]
        numbers = [value for _, value in values]
        assert numbers[0] == 0
        assert numbers == sorted(numbers)


def live_page(course: Course) -> str:
    """What a running exporter shows that has counted the same."""
    counts: dict[Total, dict[Labels, Decimal]] = {}
    seen: dict[Distribution, dict[Labels, Observations]] = {}
    for source, labels in course.series():
        last = [*course.points((source, labels))][-1].value
        if isinstance(source, Distribution):
            assert isinstance(last, Observations)
            seen.setdefault(source, {})[labels] = last
        else:
            assert isinstance(last, float)
            counts.setdefault(source, {})[labels] = Decimal(last)
    sets = tuple((labels, "RUB") for labels in counts[Total.SUBMITTED])
    deadlines = MANNER.deadlines
    snapshot = Snapshot(
        totals=counts,
        distributions=seen,
        shown={source: frozenset(rows) for source, rows in (counts | seen).items()},
        label_sets=sets,
        deadlines=dict(zip(deadlines.names, deadlines.seconds, strict=True)),
        streams=(StreamState(account="main", channel="sms", synced=True),),
    )
    collector = LedgerCollector(
        SimpleNamespace(snapshot=lambda: snapshot),
        clock=SystemClock(),
        facts=lambda: Facts(version="", python=""),
        names=wiring.NAMES,
    )
    return MetricsPage(collector).render("application/openmetrics-text").body.decode()


def test_series_are_those_of_a_live_page(course: Course, tmp_path: Path) -> None:
    """Names, labels and last values are letter for letter what a running exporter shows."""
    names = {BY_SOURCE[source].name for source in FAMILIES}
    live = {
        line
        for line in live_page(course).splitlines()
        if line.partition("{")[0]
        .removesuffix("_bucket")
        .removesuffix("_sum")
        .removesuffix("_count")
        in names
        and not line.startswith("#")
    }
    text = written(tmp_path, course)
    last = {
        line.rpartition(" ")[0] for line in text.splitlines() if line.endswith(f" {T0 + DAY + 77}")
    }
    assert len(live) > 200
    assert last == live


def test_a_fault_leaves_nothing_behind(course: Course, tmp_path: Path) -> None:
    """A file that could not be written to its end is not there at all."""

    def fail(_size: int) -> None:
        raise OSError(28, "No space left on device")

    path = tmp_path / "past.om"
    with pytest.raises(OutputError, match=r"past\.om can't be written: no space is left"):
        write(path, document([course], {}), fail)
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_is_too_small_is_told_before(
    course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The size is known beforehand, to a tenth, so that nothing is begun in vain."""
    made = document([course], {"job": "smsc"})
    write(tmp_path / "past.om", made, lambda _size: None)
    assert made.size == pytest.approx((tmp_path / "past.om").stat().st_size, rel=0.1)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: SimpleNamespace(free=made.size - 1))
    with pytest.raises(OutputError, match="GB are free; a longer --step or fewer days take less"):
        write(tmp_path / "other.om", made, lambda _size: None)
    assert [path.name for path in tmp_path.iterdir()] == ["past.om"]


@pytest.mark.parametrize(
    ("name", "good"),
    [("job", True), ("account", False), ("le", False), ("__name__", False), ("a-b", False)],
)
def test_labels_that_may_be_added(name: str, *, good: bool) -> None:
    """Only those that the exporter's own series do not have."""
    assert is_label(name) is good


@pytest.mark.parametrize(
    ("end", "step", "times"),
    [(180, 60, [0, 60, 120, 180]), (181, 60, [0, 60, 120, 180, 181]), (10, 60, [0, 10])],
)
def test_the_grid_ends_at_the_end(end: int, step: int, times: list[int]) -> None:
    """The last sample stands at the end, whether or not a step does."""
    grid = Grid(0, end, step)
    assert [grid.time(number) for number in range(grid.last + 1)] == times
    assert [grid.after(moment) for moment in (0, end, end + 1)] == [1, grid.last, grid.last]


def test_buckets_are_told_apart() -> None:
    """Observations of one sample go to their own buckets and sum."""
    course = Course(Grid(0, 600, 60))
    deltas = Deltas()
    for seconds in (0.5, 3, 3, 100_000):
        deltas.observe(Distribution.DELIVERY, LABELS[:4], seconds)
    course.take(deltas, 4)
    first, last = course.points((Distribution.DELIVERY, LABELS[:4]))
    assert isinstance(first.value, Observations)
    assert isinstance(last.value, Observations)
    assert (first.number, float(first.value.sum)) == (3, 0)
    names = bucket_names(BY_SOURCE[Distribution.DELIVERY])
    counts = dict(zip(names, last.value.counts, strict=True))
    assert {n: count for n, count in counts.items() if count} == {"1.0": 1, "5.0": 2, "+Inf": 1}
    assert float(last.value.sum) == 100_006.5
