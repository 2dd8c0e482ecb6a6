"""Exemplars of some hours of traffic name messages by the gateway's id and tell nothing else."""

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from exporter import wiring
from exporter.exposition.collector import LedgerCollector
from exporter.exposition.page import MetricsPage
from exporter.simulation.clock import VirtualClock
from exporter.simulation.gateway import Gateway
from exporter.simulation.presets import DEMO
from exporter.simulation.record import Record
from exporter.simulation.visits import Account
from exporter.simulation.world import World
from tests.exposition.conftest import FACTS, SetSource, with_all_shown
from tests.polling.stage import PASSWORD, Stage, account


OPENMETRICS = "application/openmetrics-text; version=1.0.0"
HOURS = 2
EXEMPLAR = re.compile(r' # \{int_id="(\d+)"\} [\d.]+ \d+(\.\d+)?$', re.MULTILINE)


class Day:
    """A gateway and what an exporter showed at the end."""

    def __init__(self, folder: Path, **settings: bool) -> None:
        clock = VirtualClock()
        self.world = World(DEMO, seed=1)
        visitor = Account(world=self.world, login="main", password=PASSWORD)
        gateway = Gateway([visitor], clock=clock, latency=0.4, seed=1)
        accounts = [account(channels=("sms", "email"), lookback=3600)]
        stage = Stage(folder, clock, gateway, accounts, **settings)
        source = SetSource(with_all_shown(stage.run(HOURS * 3600)))
        collector = LedgerCollector(source, clock=clock, facts=lambda: FACTS, names=wiring.NAMES)
        page = MetricsPage(collector, runtime=CollectorRegistry(), timer=lambda: 0.0)
        self.page = page.render(OPENMETRICS).body.decode()
        self.ends = clock.now()

    def records(self) -> Iterator[Record]:
        """Every message that the exporter may have read."""
        since = self.ends - (HOURS + 2) * 3600
        yield from self.world.created("sms", since, self.ends)
        yield from self.world.created("email", since, self.ends)


def live(**settings: bool) -> Day:
    with tempfile.TemporaryDirectory() as folder, capture_logs():
        return Day(Path(folder), **settings)


@pytest.fixture(scope="module")
def day() -> Day:
    """One with exemplars."""
    return live(exemplars=True)


def test_exemplars_are_the_gateways_ids(day: Day) -> None:
    """Each names a message of the history by the gateway's id, never by the sender's own."""
    ids = {found[1] for found in EXEMPLAR.finditer(day.page)}
    assert len(ids) > 50
    assert ids <= {str(record.int_id) for record in day.records()}
    assert ids.isdisjoint(str(record.client_id) for record in day.records())
    assert day.page.count(" # {") == len(EXEMPLAR.findall(day.page))


def test_no_number_and_no_text(day: Day) -> None:
    """No recipient and no text of any message is on the page."""
    truths = day.world.truth(day.ends - (HOURS + 2) * 3600, day.ends)
    assert len(truths) > 1000
    assert [truth.phone for truth in truths if truth.phone in day.page] == []
    texts = {day.world.text(record)[:24] for record in day.records()}
    worth_searching = {text for text in texts if sum(map(str.isalpha, text)) > 8}
    assert len(worth_searching) > 50
    assert [text for text in worth_searching if text in day.page] == []


def test_off_unless_asked_for(day: Day) -> None:
    """The same hours without the option gives the same page without exemplars, byte for byte."""
    assert live().page == EXEMPLAR.sub("", day.page)
