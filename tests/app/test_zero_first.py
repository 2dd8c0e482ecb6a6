"""What a Prometheus adds up over kills and reloads of the real process."""

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from signal import SIGKILL

import httpx
import msgspec
import pytest

from exporter.simulation.gateway import Gateway
from exporter.simulation.limits import Limits
from exporter.simulation.presets import LIVELY
from exporter.simulation.visits import Account
from exporter.simulation.world import World
from tests.app.conftest import PASSWORD, Exporter, RunExporter, WriteConfig, wait_for


COUNTED = ("_total", "_bucket", "_count", "_sum")
SUBMITTED = "smsc_messages_submitted_total"
CALLS, ALIKE = 7200, 1000
WORLD = msgspec.structs.replace(
    LIVELY,
    per_hour=4 * 3600,
    operators=LIVELY.operators[:2],
    types={},
    scheduled_share=0,
    stopped_share=0,
    slice_seconds=2,
)

WriteOne = Callable[[float], Path]


@pytest.fixture
def gateway() -> Gateway:
    """An account that sends several messages a second, under a few label sets."""
    world = World(msgspec.structs.replace(WORLD, begins=time.time() - 10), seed=5)
    return Gateway(
        [Account(world=world, login="one", password=PASSWORD)],
        limits=Limits(requests=CALLS, identical=ALIKE),
    )


@pytest.fixture
def write_one(write_config: WriteConfig, gateway_url: str) -> WriteOne:
    """A writer of the configuration with a given hold, polling twice a second."""

    def write(zero_hold: float) -> Path:
        entry = {
            "name": "one",
            "login": "one",
            "password": PASSWORD,
            "api_url": gateway_url,
            "budget": {"requests": CALLS, "identical": ALIKE},
        }
        return write_config(accounts=[entry], zero_hold=zero_hold)

    return write


class Prometheus:
    """Scrapes, and minds that every counter and histogram it sees is born at 0 and never falls.

    Its last samples are then what ``increase()`` adds up to.
    """

    def __init__(self) -> None:
        self.last: dict[str, float] = {}

    def scrape(self, exporter: Exporter) -> dict[str, float]:
        """Take a page; gives the numbers of messages submitted that are on it."""
        found = {}
        for line in exporter.get("/metrics").text.splitlines():
            series, _, value = line.rpartition(" ")
            if series.startswith("smsc_") and series.partition("{")[0].endswith(COUNTED):
                found[series] = float(value)
        for series, amount in found.items():
            if series not in self.last:
                assert amount == 0, f"{series} is born at {amount}"
            assert amount >= self.last.get(series, 0), f"{series} falls to {amount}"
        self.last.update(found)
        return {series: n for series, n in found.items() if series.startswith(SUBMITTED)}


def counted(ledger: Path) -> int:
    """Messages submitted by what the ledger has counted."""
    with closing(sqlite3.connect(ledger)) as connection:
        query = "SELECT value FROM total WHERE family = 'messages_submitted'"
        return sum(int(value) for (value,) in connection.execute(query))


def kill(exporter: Exporter) -> None:
    exporter.process.send_signal(SIGKILL)
    exporter.process.wait()


def test_kills_cost_no_increment(
    write_one: WriteOne, run_exporter: RunExporter, tmp_path: Path
) -> None:
    """Killed before the first scrape, and again when series are shown: each is born at 0, none
    falls, what was shown is shown at once, and all that was counted is in the end."""
    prometheus, ledger = Prometheus(), tmp_path / "ledger.sqlite"
    first = run_exporter(write_one(0.5))
    wait_for(lambda: first.get("/-/ready").status_code == 200 and counted(ledger), first)
    kill(first)
    second = run_exporter(write_one(0.5))
    wait_for(lambda: any(prometheus.scrape(second).values()), second)
    kill(second)
    before = counted(ledger)
    third = run_exporter(write_one(0.5))
    assert any(wait_for(lambda: prometheus.scrape(third), third).values())
    wait_for(lambda: sum(prometheus.scrape(third).values()) >= before, third)


def test_reloads_let_go_what_is_held(
    write_one: WriteOne, run_exporter: RunExporter, tmp_path: Path
) -> None:
    """What was held when the configuration was read again is shown when its time has come."""
    prometheus, ledger = Prometheus(), tmp_path / "ledger.sqlite"
    exporter = run_exporter(write_one(2))
    wait_for(lambda: prometheus.scrape(exporter) and counted(ledger), exporter)
    for _ in range(2):
        assert httpx.post(exporter.url + "/-/reload", timeout=10).status_code == 200
    before = counted(ledger)
    wait_for(lambda: sum(prometheus.scrape(exporter).values()) >= before, exporter)
