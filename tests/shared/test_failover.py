"""Real exporters on one database: when one dies, the other goes on with its accounts."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from exporter.clock import SystemClock
from exporter.simulation.gateway import Gateway
from exporter.simulation.limits import Limits
from exporter.simulation.presets import QUIET
from exporter.simulation.serve import serving
from exporter.simulation.visits import Account
from exporter.simulation.world import World
from tests.crash.victim import Prefork, Victim, Watch, samples
from tests.postgresql import Server


pytestmark = pytest.mark.e2e
ACCOUNTS = tuple(f"account-{number}" for number in range(6))
LEASE = 4
OWNER = "smsc_exporter_account_owner"


@pytest.fixture
def prefork() -> Iterator[Prefork]:
    """The parent of the exporters."""
    parent = Prefork()
    yield parent
    parent.close()


@pytest.fixture
def pair(
    prefork: Prefork, server: Server, database: str, tmp_path: Path
) -> Iterator[tuple[Victim, Victim]]:
    """Two exporters, configured alike but for their names, not yet started."""
    worlds = [
        Account(world=World(QUIET, seed), login=name, password="secret")
        for seed, name in enumerate(ACCOUNTS)
    ]
    gateway = Gateway(worlds, limits=Limits(), clock=SystemClock(), latency=0.02, seed=1)
    victims = []
    with serving(gateway) as url:
        for name in ("one", "two"):
            folder = tmp_path / name
            folder.mkdir()
            victim = Victim(folder, prefork)
            told = configuration(url, victim.port, name, server.address(database).url)
            (folder / "config.yaml").write_text(yaml.safe_dump(told))
            victims.append(victim)
        yield victims[0], victims[1]
        for victim in victims:
            victim.kill()
        assert not gateway.refusals


def configuration(url: str, port: int, replica: str, ledger: str) -> Mapping[str, Any]:
    """What an exporter is told."""
    return {
        "accounts": [
            {
                "name": name,
                "api_url": url,
                "login": name,
                "password": "secret",
                "balance": {"enabled": False},
            }
            for name in ACCOUNTS
        ],
        "ledger": {"url": ledger, "replica": replica, "lease": LEASE},
        "web": {"listen_addresses": [f"127.0.0.1:{port}"]},
        "zero_hold": 0,
    }


def owned(found: Mapping[str, float]) -> set[str]:
    """The accounts that a page shows."""
    return {name for name in ACCOUNTS if any(f'{OWNER}{{account="{name}",' in s for s in found)}


def submitted(found: Mapping[str, float]) -> dict[str, float]:
    """Counters of accounts by series."""
    return {s: v for s, v in found.items() if s.startswith("smsc_api_permits_total")}


def test_the_survivor_goes_on_with_all_accounts(pair: tuple[Victim, Victim]) -> None:
    """Each account is shown by one, its totals go on at the other, and no counter ever falls."""
    one, two = pair
    with Watch(one, 0.2) as watch, Watch(two, 0.2) as other:
        one.start()
        one.await_page(lambda found: owned(found) == set(ACCOUNTS), 60)
        two.start()
        two.await_page(lambda found: len(owned(found)) == len(ACCOUNTS) // 2, 60)
        one.await_page(lambda found: len(owned(found)) == len(ACCOUNTS) // 2, 60)
        before = samples(two.page() or "")
        moved = owned(before)
        assert before[f'{OWNER}{{account="{min(moved)}",replica="two"}}'] == 1
        assert not moved & owned(samples(one.page() or ""))
        two.kill()
        one.await_page(lambda found: owned(found) == set(ACCOUNTS), 5 * LEASE)
        after = submitted(samples(one.page() or ""))
        assert all(after[series] >= value for series, value in submitted(before).items())
        assert any(submitted(before).values())
    assert not watch.falls
    assert not other.falls
    assert watch.scrapes > 10
    one.stop()
