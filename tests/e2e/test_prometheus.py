"""A real Prometheus scrapes the exporter."""

import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
import yaml

from exporter.simulation.gateway import Gateway
from exporter.simulation.limits import Limits
from exporter.simulation.presets import DEMO
from exporter.simulation.record import Truth
from exporter.simulation.serve import serving
from exporter.simulation.spec import Emails
from exporter.simulation.visits import Account
from exporter.simulation.world import World
from tests.crash.oracle import BOUNDS, Oracle
from tests.e2e.servers import Labels, Program, Prometheus, free_port


pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

COUNTED = "smsc_.*_(total|bucket|count|sum)"
TRAFFIC = 30.0
"""Seconds in which messages are sent."""
ZERO_HOLD = 3
WORLD = msgspec.structs.replace(
    DEMO,
    per_hour=2 * 3600,
    emails=Emails(per_hour=1800, read_share=0, click_share=0),
    invalid_share=0.4,
    late_share=0,
    scheduled_share=0,
    stopped_share=0,
    click_share=0,
    correction_share=0,
    price_change_share=0,
    history_span=600,
    slice_seconds=5,
)
"""The demo's operators and senders, most of whose combinations are born while Prometheus looks;
many messages fail at once."""


class Story:
    """An exporter that was scraped, restarted twice in the middle, and scraped to the end."""

    def __init__(self, prometheus: Prometheus, oracle: Oracle, truths: list[Truth]) -> None:
        self.prometheus = prometheus
        self.oracle = oracle
        self.truths = {truth.int_id: truth for truth in truths}
        self.expected = oracle.totals(truths)
        stamps = prometheus.query('timestamp(smsc_messages_submitted_total{job="smsc"})')
        self.last = max(stamps.values())
        """Time of the last scrape: there, `increase()` extrapolates nothing."""


@pytest.fixture(scope="module")
def story(tool: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """Live it once; all tests look at the same Prometheus."""
    folder = tmp_path_factory.mktemp("story")
    ends = time.time() + TRAFFIC
    world = World(msgspec.structs.replace(WORLD, begins=ends - TRAFFIC, ends=ends), seed=3)
    gateway = Gateway(
        [Account(world=world, login="e2e", password="secret")],
        limits=Limits(requests=7200, identical=1000),
    )
    port = free_port()
    with serving(gateway) as url:
        exporter = _exporter(folder, url, port)
        server = Prometheus(tool("prometheus"), folder / "prometheus", f"127.0.0.1:{port}")
        with server.running(), exporter.running():
            server.await_query('up{job="smsc"}', lambda values: values == [1], 60)
            for number in (signal.SIGTERM, signal.SIGKILL):
                time.sleep(TRAFFIC / 3)
                exporter.end(number)
                exporter.start()
            read = "min(smsc_history_watermark_timestamp_seconds)"
            server.await_query(read, lambda values: min(values, default=0) > ends, TRAFFIC + 30)
            time.sleep(2 * ZERO_HOLD)
            yield Story(server, _oracle(folder, ends), world.truth(ends - TRAFFIC, ends))


def _exporter(folder: Path, url: str, port: int) -> Program:
    config = {
        "accounts": [
            {
                "name": "main",
                "api_url": url,
                "login": "e2e",
                "password": "secret",
                "channels": ["sms", "email"],
                "budget": {"requests": 7200, "identical": 1000},
            }
        ],
        "web": {"listen_addresses": [f"127.0.0.1:{port}"]},
        "ledger": {"path": str(folder / "ledger.sqlite")},
        "zero_hold": ZERO_HOLD,
        "exemplars": True,
    }
    path = folder / "config.yaml"
    path.write_text(yaml.safe_dump(config))
    path.chmod(0o600)
    command = [sys.executable, "-m", "exporter", "run", "--config.file", str(path)]
    return Program(command, f"http://127.0.0.1:{port}", folder / "log")


def _oracle(folder: Path, ends: float) -> Oracle:
    with sqlite3.connect(folder / "ledger.sqlite") as ledger:
        baselines = dict(ledger.execute("SELECT channel, baseline FROM stream"))
    return Oracle(account="main", baselines=baselines, deadlines=(("5m", 300),), until=ends)


def amounts(found: dict[Labels, float]) -> dict[Labels, float]:
    """Samples by the labels of ours, those at 0 left out."""
    return {
        frozenset((name, value) for name, value in labels if name not in {"job", "instance"}): value
        for labels, value in found.items()
        if value
    }


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("increase(smsc_messages_submitted_total[10m])", "smsc_messages_submitted_total"),
        ("increase(smsc_segments_submitted_total[10m])", "smsc_segments_submitted_total"),
        ("sum without (sender) (increase(smsc_cost_total[10m]))", "cost"),
    ],
)
def test_increase_is_the_truth(story: Story, query: str, name: str) -> None:
    """Series born while Prometheus looks lose nothing, through a restart and a kill."""
    expected = {labels: float(x) for (n, labels), x in story.expected.items() if n == name}
    found = amounts(story.prometheus.query(query, story.last))
    assert len(expected) > 2
    assert found.keys() == expected.keys()
    assert found == pytest.approx(expected, rel=1e-9)


def test_every_counter_is_born_at_zero(story: Story) -> None:
    """The first sample of each message counter that Prometheus ever took is 0."""
    born = story.prometheus.query("min_over_time(smsc_messages_submitted_total[10m])", story.last)
    assert born
    assert set(born.values()) == {0.0}


def test_no_counter_is_reset(story: Story) -> None:
    """A restart in the middle, and a kill, look like nothing to every counter and histogram."""
    names = story.prometheus.names(COUNTED)
    assert len(names) > 30
    for name in names:
        assert story.prometheus.query(f"resets({name}[10m]) > 0", story.last) == {}


def test_no_series_vanishes(story: Story) -> None:
    """Every counter series that was ever scraped is still scraped at the end."""
    for name in story.prometheus.names(COUNTED):
        gone = f"last_over_time({name}[10m]) unless {name}"
        assert story.prometheus.query(gone, story.last) == {}


def test_the_scrape_is_clean(story: Story) -> None:
    """Prometheus takes every sample, once, and finds the target up."""
    server = story.prometheus
    assert list(server.query('up{job="smsc"}', story.last).values()) == [1.0]
    taken = server.query('scrape_samples_scraped{job="smsc"}', story.last)
    kept = server.query('scrape_samples_post_metric_relabeling{job="smsc"}', story.last)
    assert list(taken.values()) == list(kept.values()) > [500.0]
    refused = "prometheus_target_scrapes_sample_(duplicate_timestamp|out_of_order|out_of_bounds)"
    counts = server.query(f'{{__name__=~"{refused}_total"}}')
    assert len(counts) == 3
    assert set(counts.values()) == {0.0}


def test_openmetrics_is_negotiated(story: Story) -> None:
    """Only OpenMetrics names a counter's family without its suffix."""
    metadata = story.prometheus.api("targets/metadata", metric="smsc_messages_submitted")
    assert [found["type"] for found in metadata] == ["counter"]
    assert story.prometheus.api("targets/metadata", metric="smsc_messages_submitted_total") == []


@pytest.mark.parametrize(
    "name",
    [
        "smsc_message_failures_total",
        "smsc_message_delivery_seconds_bucket",
        "smsc_message_final_seconds_bucket",
    ],
)
def test_exemplars_are_kept_beside_their_series(story: Story, name: str) -> None:
    """Prometheus gives messages that the truth counts in just the series they stand on."""
    span = {"start": f"{story.last - 600:.3f}", "end": f"{story.last:.3f}"}
    found = story.prometheus.api("query_exemplars", query=name, **span)
    assert found
    for series in found:
        labels = frozenset(
            pair
            for pair in series["seriesLabels"].items()
            if pair[0] not in {"__name__", "instance", "job"}
        )
        for exemplar in series["exemplars"]:
            truth = story.truths[exemplar["labels"].pop("int_id")]
            assert exemplar["labels"] == {}
            assert exemplar["timestamp"] == truth.transitions[-1].time
            assert story.oracle.totals([truth])[name, labels] == 1
            assert _is_lowest(float(exemplar["value"]), dict(labels).get("le"))


def _is_lowest(value: float, bound: str | None) -> bool:
    """Whether no bucket below holds the value; that of a counter is 1."""
    if bound is None:
        return value == 1
    return min((b for b in BOUNDS if value <= b), default=float("inf")) == float(bound)


def test_promtool_finds_nothing_to_complain_of(demo: Program, tool: Callable[[str], Path]) -> None:
    """Names, types and help of the whole page pass `promtool check metrics`."""
    page = demo.get("/metrics")
    checked = subprocess.run(
        [tool("promtool"), "check", "metrics"],
        input=page,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")
    assert page.count("# TYPE smsc_") > 40
