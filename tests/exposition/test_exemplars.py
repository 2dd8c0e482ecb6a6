"""Exemplars on the page: the gateway's id of a message behind what it was counted in."""

import json
import math
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from prometheus_client import CollectorRegistry, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from exporter.exposition.collector import LedgerCollector
from exporter.exposition.exemplars import LABEL
from exporter.exposition.page import MetricsPage
from exporter.exposition.selection import Selection
from exporter.gateway.answers import decode
from exporter.gateway.rows import ID_LIMIT
from exporter.ledger.snapshot import (
    DELIVERY_BUCKETS,
    Distribution,
    Exemplar,
    Exemplars,
    Snapshot,
    Total,
)
from tests.exposition.conftest import FACTS, MTS, NAMES, SetClock, SetSource, with_all_shown
from tests.ledger.conftest import MEMORY
from tests.ledger.desk import T0, Desk
from tests.ledger.worlds import World, worlds


TEXT = "text/plain;version=0.0.4"
OPENMETRICS = "application/openmetrics-text;version=1.0.0"
ODD = 'say "hi"\\'
FAILED = (*MTS, "20", "6")
EXEMPLARS: Exemplars = {
    Total.FAILURES: {FAILED: {0: Exemplar("401671913", 1, 1_699_999_000)}},
    Distribution.DELIVERY: {
        MTS[:4]: {1: Exemplar(ODD, 2, 1_699_999_100), 15: Exemplar("7", 99_999, 1_699_999_200.5)}
    },
}
NAMED = {
    "smsc_message_failures_total",
    "smsc_message_delivery_seconds_bucket",
    "smsc_message_final_seconds_bucket",
}
LOWER = dict(zip((*DELIVERY_BUCKETS, math.inf), (-math.inf, *DELIVERY_BUCKETS), strict=True))
"""The bound below each bucket's own."""
CANARIES = ("79161234567", "canary text", "7654321", "canary@example.org")


@pytest.fixture
def naming(source: SetSource, small: Snapshot) -> SetSource:
    """The small world with exemplars."""
    source.current = msgspec.structs.replace(small, exemplars=EXEMPLARS)
    return source


def page_of(collector: LedgerCollector) -> MetricsPage:
    ticks: Iterator[float] = (0.25 * tick for tick in range(1000))
    return MetricsPage(collector, runtime=CollectorRegistry(), timer=lambda: next(ticks))


def families(body: bytes) -> list[Metric]:
    """What prometheus-client reads in an OpenMetrics page."""
    parse: Callable[[str], Iterable[Metric]] = text_string_to_metric_families
    return list(parse(body.decode()))


def named(body: bytes) -> list[tuple[Sample, Exemplar]]:
    """Samples with an exemplar, and that as it was before it was written."""
    return [
        (sample, Exemplar(found.labels.pop("int_id"), found.value, float(found.timestamp or 0)))
        for family in families(body)
        for sample in family.samples
        if (found := sample.exemplar) is not None
    ]


def test_parsed_back(naming: SetSource, build: Any, clock: SetClock) -> None:
    """The library's own parser finds each exemplar on its sample, with id, value and time."""
    found = named(page_of(build(naming, clock)).render(OPENMETRICS).body)
    told = [(sample.name, sample.labels.get("le"), exemplar) for sample, exemplar in found]
    delivery = EXEMPLARS[Distribution.DELIVERY][MTS[:4]]
    bucket = "smsc_message_delivery_seconds_bucket"
    assert told == [
        ("smsc_message_failures_total", None, EXEMPLARS[Total.FAILURES][FAILED][0]),
        (bucket, "2.0", delivery[1]),
        (bucket, "+Inf", delivery[15]),
    ]
    assert [sample.exemplar.labels for sample, _ in found if sample.exemplar] == 3 * [{}], (
        "no label but the id"
    )


@pytest.mark.parametrize("created", [False, True])
@pytest.mark.parametrize("names", [(), ("smsc_message_delivery_seconds_bucket",)])
def test_written_as_by_the_encoder(
    naming: SetSource, build: Any, clock: SetClock, names: tuple[str, ...], *, created: bool
) -> None:
    """However the page is put together, it is what prometheus-client would write."""
    collector = build(naming, clock, created_series=created)
    registry = CollectorRegistry()
    registry.register(collector)
    asked = registry.restricted_registry(names) if names else registry
    expected = choose_encoder(OPENMETRICS)[0](asked).removesuffix(b"# EOF\n")
    assert expected.count(b"# {int_id=") == (2 if names else 3)
    assert (
        page_of(collector)
        .render(OPENMETRICS, Selection(names=frozenset(names)))
        .body.startswith(expected)
    )


def test_text_format_has_none(naming: SetSource, small: Snapshot, build: Any, clock: Any) -> None:
    """The classic page is the same byte for byte, whole and narrowed."""
    for names in ((), ("smsc_message_failures_total",)):
        one, other = (
            page_of(build(SetSource(snapshot), clock))
            .render(TEXT, Selection(names=frozenset(names)))
            .body
            for snapshot in (naming.current, small)
        )
        assert one == other


def test_nothing_but_exemplars_is_added(
    naming: SetSource, small: Snapshot, build: Any, clock: Any
) -> None:
    """Without what stands behind the samples, the page is the one without exemplars."""
    one, other = (
        page_of(build(SetSource(snapshot), clock)).render(OPENMETRICS).body.decode()
        for snapshot in (naming.current, small)
    )
    stripped = [line if line[:1] == "#" else line.partition(" # ")[0] for line in one.split("\n")]
    assert "\n".join(stripped) == other != one


def test_a_series_held_at_zero_has_none(naming: SetSource, build: Any, clock: SetClock) -> None:
    """No message is named beside a 0; it comes with the true total."""
    naming.current = msgspec.structs.replace(naming.current, shown={})
    collector = build(naming, clock, zero_hold=0)
    page = page_of(collector)
    assert named(page.render(OPENMETRICS).body) == []
    naming.note(collector.ripe())
    assert len(named(page.render(OPENMETRICS).body)) == 3


def test_labels_fit() -> None:
    """OpenMetrics allows 128 characters for names and values of an exemplar's labels."""
    assert len(LABEL) + ID_LIMIT <= 128


def body_of(desk: Desk) -> bytes:
    """The page of what the ledger knows, with every series shown at its value."""
    snapshot = desk.ledger.snapshot()
    synced = tuple(msgspec.structs.replace(each, synced=True) for each in snapshot.streams)
    source = SetSource(with_all_shown(msgspec.structs.replace(snapshot, streams=synced)))
    collector = LedgerCollector(source, clock=SetClock(), facts=lambda: FACTS, names=NAMES)
    return page_of(collector).render(OPENMETRICS).body


@settings(max_examples=40, deadline=None)
@given(world=worlds())
def test_a_message_belongs_to_the_series_it_stands_on(world: World) -> None:
    """Of any readings: labels are the message's own, its time is within the bucket's bounds."""
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        desk = Desk(Path(folder), exemplars=True)
        try:
            for step in world.steps:
                desk.apply(world.rows(step.chosen, step.at), step.at, took=step.took)
            body = body_of(desk)
        finally:
            desk.close()
    lives = {life.message.int_id: life for life in world.lives}
    for sample, exemplar in named(body):
        life = lives[exemplar.int_id]
        assert sample.name in NAMED
        for label in {"channel", "country", "operator", "sender"} & sample.labels.keys():
            assert sample.labels[label] == getattr(life.message, label)
        if "le" in sample.labels:
            upper = float(sample.labels["le"])
            assert LOWER[upper] < exemplar.value <= upper
            assert exemplar.value == max(0, exemplar.time - life.message.send_time)
        else:
            told = (sample.labels["status"], sample.labels["err"])
            ends = [stage for stage in life.stages if stage.since == exemplar.time]
            assert told in {(str(end.status), str(end.err)) for end in ends}
    _check_all_are_named(body)


def _check_all_are_named(body: bytes) -> None:
    """Each failure and each time that was counted since the start has a message to show."""
    for family in families(body):
        below = 0.0
        for sample in family.samples:
            if sample.name in NAMED:
                below = 0.0 if sample.labels.get("le") in {None, "1.0"} else below
                assert bool(sample.exemplar) == (sample.value > below)
                below = sample.value


def test_nothing_personal(tmp_path: Path) -> None:
    """Of a row full of personal data, the gateway's own number alone reaches the page."""
    phone, text, client_id, mailbox = CANARIES
    rows = [
        {
            "int_id": str(100 + status),
            "id": client_id,
            "phone": phone if status == 1 else mailbox,
            "message": text,
            "status": status,
            "err": 0 if status == 1 else 6,
            "send_timestamp": T0 + 10,
            "last_timestamp": T0 + 20,
            "sender_id": "SHOP",
        }
        for status in (1, 20)
    ]
    desk = Desk(tmp_path, exemplars=True)
    desk.apply(decode(json.dumps(rows).encode(), personal=True).messages, T0 + 30.0)
    body = body_of(desk)
    desk.close()
    assert {exemplar.int_id for _, exemplar in named(body)} == {"101", "120"}
    assert [canary for canary in CANARIES if canary.encode() in body] == []
