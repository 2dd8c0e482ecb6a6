"""The past that was filled in, in a real Prometheus that scrapes the present."""

import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
import yaml

from exporter.history.period import day_of, midnight
from exporter.simulation.gateway import Gateway
from exporter.simulation.limits import Limits
from exporter.simulation.presets import MTS
from exporter.simulation.record import Truth
from exporter.simulation.serve import serving
from exporter.simulation.spec import Emails, Latency, WorldSpec
from exporter.simulation.visits import Account
from exporter.simulation.world import World
from tests.crash.oracle import JUDGED, Amounts, Oracle, shown
from tests.e2e.servers import Labels, Program, Prometheus, free_port


pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

ZONE = "Europe/Moscow"
DAY = 86_400
DEADLINE = ("20s", 20)
TRAFFIC = 90.0
"""Seconds in which messages are sent while the exporter runs."""
SETTINGS = {"deadlines": ["20s", "1h", "24h"], "grace": 2, "settle": 5, "zero_hold": 3}
QUICK = Latency(fast_median=4, slow_share=0.3, slow_median=12, slow_sigma=0.3, absent_share=0)
WORLD = WorldSpec(
    per_hour=500,
    operators=(
        msgspec.structs.replace(MTS, latency=QUICK, losses={6: 0.1, 255: 0.05}, share=0.7),
        msgspec.structs.replace(
            MTS,
            name="Kcell",
            mccmnc="40102",
            country="Казахстан",
            iso="KZ",
            prefix="7701",
            latency=QUICK,
            losses={1: 0.2},
            share=0.3,
        ),
    ),
    emails=Emails(per_hour=0),
    validity=60,
    slice_seconds=5,
    history_span=4 * DAY,
)
"""Every message is final within a minute, once."""
DROPPED = {"__name__", "job", "instance"}
SAMPLES = tuple(sorted(JUDGED - {"smsc_matured_cost_total"}))
"""What is compared; the last deadline is a day away."""


class Story:
    """A past of two days and some hours, filled in while the present goes on."""

    def __init__(
        self,
        prometheus: Prometheus,
        exporter: Program,
        world: World,
        begins: int,
        baseline: float,
        ends: float,
    ) -> None:
        self.prometheus = prometheus
        self.live = shown(exporter.get("/metrics"), "main")
        """What the exporter itself has counted."""
        self.begins, self.baseline = begins, baseline
        self.truths: list[Truth] = world.truth(begins, ends)
        stamps = prometheus.query('timestamp(smsc_messages_submitted_total{job="smsc"})')
        self.last = max(stamps.values())
        """Time of the last scrape: there, `increase()` extrapolates nothing."""

    def counted(self, since: float) -> Amounts:
        """What a live exporter counts that was started then, by the gateway's truth."""
        oracle = Oracle(
            account="main", baselines={"sms": since}, deadlines=(DEADLINE,), until=self.last
        )
        found = oracle.totals(self.truths)
        return {key: amount for key, amount in found.items() if key[0] in SAMPLES}


@pytest.fixture(scope="module")
def story(tool: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """Live it once; all tests look at the same Prometheus."""
    folder = tmp_path_factory.mktemp("past")
    begins = midnight(day_of(time.time() - 2 * DAY, ZONE), ZONE)
    ends = time.time() + TRAFFIC
    world = World(msgspec.structs.replace(WORLD, begins=begins, ends=ends), seed=5)
    account = Account(world=world, login="e2e", password="secret")
    gateway = Gateway([account], limits=Limits(requests=7200, identical=1000))
    port = free_port()
    with serving(gateway) as url:
        config = configured(folder, url, port)
        exporter = Program(
            [sys.executable, "-m", "exporter", "run", f"--config.file={config}"],
            f"http://127.0.0.1:{port}",
            folder / "log",
        )
        server = Prometheus(tool("prometheus"), folder / "prometheus", f"127.0.0.1:{port}")
        with server.running(), exporter.running():
            exporter.await_text("/-/ready", lambda text: text == "ready\n", 60)
            output = filled(folder, config, begins, port)
            make_blocks(tool("promtool"), output, folder / "prometheus" / "data")
            server.end(signal.SIGTERM)
            server.start()
            read = "min(smsc_history_watermark_timestamp_seconds)"
            over = ends + 60 + DEADLINE[1]
            server.await_query(read, lambda values: min(values, default=0) > over, 240)
            time.sleep(6)
            yield Story(server, exporter, world, begins, baseline_of(folder), ends)


def configured(folder: Path, url: str, port: int) -> Path:
    account = {
        "name": "main",
        "api_url": url,
        "login": "e2e",
        "password": "secret",
        "budget": {"requests": 7200, "identical": 1000},
        "lookback": "1h",
    }
    config = {
        "accounts": [account],
        "web": {"listen_addresses": [f"127.0.0.1:{port}"]},
        "ledger": {"path": str(folder / "ledger.sqlite")},
        **SETTINGS,
    }
    path = folder / "config.yaml"
    path.write_text(yaml.safe_dump(config))
    path.chmod(0o600)
    return path


def filled(folder: Path, config: Path, begins: int, port: int) -> Path:
    """Run the command as a person would."""
    output = folder / "past.om"
    words = ["backfill", f"--config.file={config}", f"--from={day_of(begins, ZONE)}"]
    words += [f"--output={output}", "--label=job=smsc", f"--label=instance=127.0.0.1:{port}"]
    ran = subprocess.run(
        [sys.executable, "-m", "exporter", *words], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    return output


def make_blocks(promtool: Path, text: Path, data: Path) -> None:
    flags = ["tsdb", "create-blocks-from", "--max-block-duration=24h", "openmetrics"]
    subprocess.run([promtool, *flags, text, data], check=True, capture_output=True)


def baseline_of(folder: Path) -> float:
    with sqlite3.connect(folder / "ledger.sqlite") as ledger:
        return float(ledger.execute("SELECT baseline FROM stream").fetchone()[0])


def ours(found: dict[Labels, float]) -> dict[Labels, float]:
    """Samples by the labels of ours, those at 0 and those of later deadlines left out."""
    return {
        frozenset((name, value) for name, value in labels if name not in DROPPED): value
        for labels, value in found.items()
        if value and ("deadline", "1h") not in labels and ("deadline", "24h") not in labels
    }


def expected(amounts: Amounts, name: str) -> dict[Labels, float]:
    return {labels: float(amount) for (n, labels), amount in amounts.items() if n == name}


def at_midnight(story: Story, days: int) -> int:
    return midnight(day_of(story.begins, ZONE) + timedelta(days=days), ZONE)


def sent_on(truths: list[Truth], since: float, until: float) -> list[Truth]:
    return [truth for truth in truths if since <= truth.send < until]


@pytest.mark.parametrize("day", [0, 1])
def test_increase_over_a_day_is_the_truth(story: Story, day: int) -> None:
    """Each label set has the messages, the money and the parts of that day."""
    since, until = at_midnight(story, day), at_midnight(story, day + 1)
    oracle = Oracle(account="main", baselines={"sms": 0}, deadlines=(DEADLINE,), until=until)
    truth = oracle.totals(sent_on(story.truths, since, until))
    for name in ("smsc_messages_submitted_total", "smsc_segments_submitted_total"):
        increase = story.prometheus.query(f"increase({name}[1d])", until)
        assert ours(increase) == pytest.approx(expected(truth, name), rel=2e-3)
        exact = story.prometheus.query(f"{name} - ({name} offset 1d or {name} * 0)", until)
        assert ours(exact) == expected(truth, name)
    spent = "sum without (sender) (increase(smsc_cost_total[1d]))"
    found = ours(story.prometheus.query(spent, until))
    assert found == pytest.approx(expected(truth, "cost"), rel=2e-3)
    assert sum(expected(truth, "smsc_messages_submitted_total").values()) > 5000


@pytest.mark.parametrize("name", SAMPLES)
def test_nothing_is_lost_where_past_and_present_meet(story: Story, name: str) -> None:
    """From the first message to the last: each is in the past or in the present, once."""
    whole = expected(story.counted(story.begins - 1), name)
    past = ours(story.prometheus.query(name, int(story.baseline)))
    live = ours(expected(story.live, name))
    both = {labels: past.get(labels, 0) + live.get(labels, 0) for labels in past | live}
    assert both == whole
    assert sum(live.values()) < sum(whole.values()) / 100
    found = ours(story.prometheus.query(f"increase({name}[4d])", story.last))
    assert found == pytest.approx(whole, rel=3e-4)


def test_there_is_a_present(story: Story) -> None:
    """The exporter itself has counted messages, and no more than were sent since its start."""
    name = "smsc_messages_submitted_total"
    live = sum(expected(story.live, name).values())
    assert 0 < live == sum(expected(story.counted(story.baseline), name).values())


def test_nothing_spikes_where_past_and_present_meet(story: Story) -> None:
    """Rates over the seam are those of the traffic, for the sum and for each series."""
    since, until = story.baseline - 1800, story.last
    for by in ("", "by (operator, sender)"):
        found = story.prometheus.api(
            "query_range",
            query=f"max(sum {by} (increase(smsc_messages_submitted_total[2m])))",
            start=f"{since:.0f}",
            end=f"{until:.0f}",
            step="5",
        )["result"]
        most = max(float(value) for _, value in found[0]["values"])
        sends = sorted(truth.send for truth in story.truths if truth.send > since - 300)
        true = max(sum(at <= other < at + 120 for other in sends) for at in sends)
        assert most <= 2 * true


def test_the_present_goes_on_as_the_same_series(story: Story) -> None:
    """Names and labels are letter for letter those that Prometheus scrapes: one reset, no twin."""
    scraped = f'{{__name__=~"{"|".join(SAMPLES)}",job="smsc"}}'
    past = set(story.prometheus.query(f"count by (__name__) ({scraped})", story.baseline - 60))
    now = set(story.prometheus.query(f"count by (__name__) ({scraped})", story.last))
    assert past == now
    assert len(past) == len(SAMPLES)
    before = story.prometheus.query("smsc_messages_matured_total", story.baseline - 60)
    after = story.prometheus.query("smsc_messages_matured_total", story.last)
    assert before.keys() == after.keys()
    resets = story.prometheus.query("resets(smsc_messages_submitted_total[4d])", story.last)
    assert set(resets.values()) == {1.0}


def test_every_series_of_the_past_begins_at_zero(story: Story) -> None:
    """So that the first increase is all of it."""
    for name in SAMPLES:
        found = story.prometheus.query(f"min_over_time({name}[4d])", story.baseline)
        assert found
        assert set(found.values()) == {0.0}


def test_days_are_told_apart(story: Story) -> None:
    """A query by the hour shows the curve of the day, not steps at its ends."""
    until = at_midnight(story, 2)
    found = story.prometheus.api(
        "query_range",
        query="sum(increase(smsc_messages_submitted_total[1h]))",
        start=f"{until - DAY + 3600}",
        end=f"{until}",
        step="3600",
    )["result"]
    hours = [float(value) for _, value in found[0]["values"]]
    true = [len(sent_on(story.truths, at, at + 3600)) for at in range(until - DAY, until, 3600)]
    assert hours == pytest.approx(true, rel=0.03, abs=2)
