"""The page of /metrics.

``GOLDEN=rewrite pytest tests/exposition/test_page.py`` writes the expected pages anew; read the
difference before keeping it.
"""

import gzip
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from prometheus_client import CollectorRegistry, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as parse_openmetrics,
)
from prometheus_client.parser import text_string_to_metric_families as parse_text

from exporter.exposition.collector import LedgerCollector
from exporter.exposition.page import MetricsPage, negotiate
from exporter.exposition.selection import Selection


TEXT = "text/plain;version=0.0.4"
OPENMETRICS = "application/openmetrics-text;version=1.0.0"
PROMETHEUS = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
    "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=0.0.4;q=0.4,*/*;q=0.1"
)
MATURED = Selection(names=frozenset({"smsc_messages_matured_total"}))
NOTHING = Selection(names=frozenset({"nothing"}))
GOLDEN = Path(__file__).parent / "golden"


def ticking() -> Callable[[], float]:
    """A timer by which each rendering takes a quarter of a second."""
    moments: Iterator[float] = (0.25 * tick for tick in range(1000))
    return lambda: next(moments)


@pytest.fixture
def page(collector: LedgerCollector) -> MetricsPage:
    """The small world's page, without the metrics of this process."""
    return MetricsPage(collector, runtime=CollectorRegistry(), timer=ticking())


@pytest.mark.parametrize(("accept", "name"), [(TEXT, "small.txt"), (OPENMETRICS, "small.om.txt")])
def test_whole_page_byte_for_byte(page: MetricsPage, accept: str, name: str) -> None:
    """A known state gives exactly the expected page."""
    body = page.render(accept).body
    if os.environ.get("GOLDEN") == "rewrite":
        (GOLDEN / name).write_bytes(body)
    assert body == (GOLDEN / name).read_bytes()


@pytest.mark.parametrize("accept", [TEXT, OPENMETRICS, PROMETHEUS])
def test_quick_writing_equals_the_encoder(
    page: MetricsPage, collector: LedgerCollector, accept: str
) -> None:
    """What is remembered of each line never differs from what prometheus-client would write."""
    registry = CollectorRegistry()
    registry.register(collector)
    encoder, _ = choose_encoder(accept)
    expected = encoder(registry).removesuffix(b"# EOF\n")
    for _ in range(2):
        assert page.render(accept).body.startswith(expected)


def families(body: bytes, accept: str) -> dict[str, Metric]:
    """What prometheus-client reads in a page."""
    parse: Any = parse_openmetrics if "openmetrics" in accept else parse_text
    return {metric.name: metric for metric in parse(body.decode())}


@pytest.mark.parametrize("accept", [TEXT, OPENMETRICS])
@pytest.mark.parametrize("settings", [{"created_series": True}, {}])
def test_both_formats_parse(
    build: Any, source: Any, clock: Any, accept: str, settings: dict[str, bool]
) -> None:
    """prometheus-client's strict parsers read every page, with process metrics and odd labels."""
    page = MetricsPage(build(source, clock, **settings))
    found = families(page.render(accept).body, accept)
    odd = [
        sample
        for sample in found["smsc_messages_submitted"].samples
        if sample.labels["channel"] == "viber" and sample.name.endswith("_total")
    ]
    assert [(s.labels["sender"], s.value) for s in odd] == [('say "hi"\\\nback', 2.0)]
    assert "process_cpu_seconds" in found
    assert "python_info" in found


def test_openmetrics_names_units_and_ends(page: MetricsPage) -> None:
    """OpenMetrics gets units and the end mark, the text format neither."""
    body = page.render(OPENMETRICS).body
    assert b"# UNIT smsc_message_delivery_seconds seconds\n" in body
    assert b"# UNIT smsc_history_coverage_ratio ratio\n" in body
    assert body.endswith(b"# EOF\n")
    assert body.count(b"# EOF") == 1
    assert b"# UNIT" not in page.render(TEXT).body


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        ("", "text/plain; version=0.0.4; charset=utf-8"),
        ("*/*", "text/plain; version=0.0.4; charset=utf-8"),
        (TEXT, "text/plain; version=0.0.4; charset=utf-8"),
        (OPENMETRICS, "application/openmetrics-text; version=1.0.0"),
        (PROMETHEUS, "application/openmetrics-text; version=1.0.0"),
        ("application/openmetrics-text; version=new", "text/plain; version=0.0.4; charset=utf-8"),
        ("text/plain; version=new", "text/plain; version=0.0.4; charset=utf-8"),
    ],
)
def test_format_follows_the_accept_header(
    page: MetricsPage, accept: str, content_type: str
) -> None:
    """Every header gets a page, and a version that is no number gets plain text."""
    assert page.render(accept).content_type.startswith(content_type)


def test_many_formats_do_not_pile_up(page: MetricsPage) -> None:
    """Made-up versions in Accept headers cannot fill the memory."""
    for number in range(50):
        page.render(f"application/openmetrics-text; version=1.0.{number}")
    assert len(page._writers) <= 4


def test_names_narrow_the_page(page: MetricsPage) -> None:
    """?name[]= leaves only samples with these names."""
    names = ["smsc_up", "smsc_message_delivery_seconds_count", "smsc_cost_total", "nothing"]
    body = page.render(TEXT, Selection(names=frozenset(names))).body.decode()
    samples = {re.split(r"[{ ]", line)[0] for line in body.splitlines() if not line.startswith("#")}
    assert samples == {"smsc_up", "smsc_message_delivery_seconds_count", "smsc_cost_total"}
    assert page.render(OPENMETRICS, NOTHING).body == b"# EOF\n"


def test_names_reach_the_process_metrics(collector: LedgerCollector) -> None:
    """?name[]= finds metrics of the process and the duration of the scrape, too."""
    page = MetricsPage(collector)
    names = ["process_start_time_seconds", "smsc_exporter_scrape_duration_seconds"]
    body = page.render(TEXT, Selection(names=frozenset(names))).body.decode()
    assert body.count("# TYPE") == 2
    assert all(f"\n{name} " in body for name in names)


def test_compressed_page_is_the_page(page: MetricsPage) -> None:
    """gzip changes nothing but the size."""
    whole = page.render(TEXT, MATURED)
    packed = page.render(TEXT, MATURED, compress=True)
    assert packed.compressed
    assert not whole.compressed
    assert gzip.decompress(packed.body) == whole.body
    assert len(packed.body) < len(whole.body) / 3


def test_created_series_only_for_what_came_up(
    build: Any, source: Any, clock: Any, small: Any
) -> None:
    """_created is the first showing of a new series; series from before a restart have none."""
    page = MetricsPage(
        build(source, clock, created_series=True), runtime=CollectorRegistry(), timer=ticking()
    )
    first = clock.time
    page.render(OPENMETRICS)
    clock.time += 1000
    new = ("main", "sms", "KZ", "beeline", "Shop")
    source.current = msgspec.structs.replace(small, label_sets=(*small.label_sets, (new, "RUB")))
    found = families(page.render(OPENMETRICS).body, OPENMETRICS)
    created = {
        (sample.labels["operator"], sample.value)
        for sample in found["smsc_messages_submitted"].samples
        if sample.name.endswith("_created")
    }
    assert created == {("beeline", first + 1000)}
    waits = found["smsc_message_delivery_seconds"].samples
    assert [s.value for s in waits if s.name.endswith("_created")] == [first + 1000]


def test_negotiation_is_the_librarys(page: MetricsPage) -> None:
    """A readable header is answered as prometheus-client would."""
    assert negotiate(PROMETHEUS)[1] == choose_encoder(PROMETHEUS)[1]


def test_series_that_left_are_forgotten(page: MetricsPage, source: Any, small: Any) -> None:
    """Beginnings of lines are kept for no more series than were shown lately."""
    for turn in range(400):
        names = [(f"operator {turn} {n}", "RU", "250", str(n)) for n in range(50)]
        source.current = msgspec.structs.replace(small, operators=tuple(names))
        page.render(TEXT)
    (writer,) = page._writers.values()
    starts = writer._starts["smsc_operator_info"]
    assert len(starts.known) + len(starts._older) < 10_000
