"""A real Prometheus scrapes the exporter."""

import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import msgspec
import pytest
import yaml

from exporter.simulation.gateway import Gateway
from exporter.simulation.limits import Limits
from exporter.simulation.presets import DEMO
from exporter.simulation.serve import serving
from exporter.simulation.spec import Emails
from exporter.simulation.visits import Account
from exporter.simulation.world import World
from tests.crash.oracle import Amounts, Oracle
from tests.e2e.servers import Program, Prometheus, free_port


pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

Make = Callable[[str], AbstractContextManager[Prometheus]]
COUNTED = "smsc_.*_(total|bucket|count|sum)"
TRAFFIC = 30.0
"""Seconds in which messages are sent."""
ZERO_HOLD = 3
FIRST_SIGHT = ("smsc_messages_submitted_total", "smsc_segments_submitted_total")
WORLD = msgspec.structs.replace(
    DEMO,
    per_hour=2 * 3600,
    emails=Emails(per_hour=1800),
    late_share=0,
    scheduled_share=0,
    history_span=600,
    slice_seconds=5,
)
"""The demo's operators and senders, most of whose combinations are born while Prometheus looks."""


class Story:
    """An exporter that was scraped, restarted twice in the middle, and scraped to the end."""

    def __init__(self, prometheus: Prometheus, expected: Amounts) -> None:
        self.prometheus = prometheus
        self.expected = expected
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
            time.sleep(max(0.0, ends - time.time()))
            server.await_query(
                'sum(increase(smsc_exporter_state_saved_timestamp_seconds[3s]))', bool, 30
            )
            time.sleep(3 * ZERO_HOLD)
            yield Story(server, _expected(folder, world, ends))


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
    }
    path = folder / "config.yaml"
    path.write_text(yaml.safe_dump(config))
    path.chmod(0o600)
    command = [sys.executable, "-m", "exporter", "run", "--config.file", str(path)]
    return Program(command, f"http://127.0.0.1:{port}", folder / "log")


def _expected(folder: Path, world: World, ends: float) -> Amounts:
    with sqlite3.connect(folder / "ledger.sqlite") as ledger:
        baselines = dict(ledger.execute("SELECT channel, baseline FROM stream"))
    oracle = Oracle(account="main", baselines=baselines, deadlines=(("5m", 300),), until=ends)
    first_sights = [
        msgspec.structs.replace(truth, transitions=truth.transitions[-1:])
        for truth in world.truth(ends - TRAFFIC, ends)
        if truth.transitions[-1].status not in {-2, 2, 4}
    ]
    return oracle.totals(first_sights)
