"""One exporter against one simulated gateway, killed again and again."""

import asyncio
import math
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import yaml

from exporter.simulation.gateway import Gateway
from exporter.simulation.limits import Limits
from exporter.simulation.serve import serving
from exporter.simulation.spec import WorldSpec
from exporter.simulation.visits import Account
from exporter.simulation.world import World
from tests.crash.victim import Bell, Prefork, Victim


ACCOUNT = "main"
SAFE_BEFORE_LOGIN = 2
"""Kills before the gateway has accepted the login once: a third unanswered log-in would make the
exporter wait half an hour, lest the gateway block the address."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is drilled."""

    world: WorldSpec
    limits: Limits
    """The gateway's; the exporter is told the same."""
    channels: tuple[str, ...] = ("sms", "email")
    concurrency: int = 14
    settings: dict[str, Any] = field(default_factory=dict)
    """Top-level keys of the configuration."""
    latency: float = 0.02
    """Seconds that each call takes."""
    seed: int = 1


class Curtain:
    """Time that stops: what the gateway shows then stays so."""

    def __init__(self, until: float) -> None:
        self._until = until

    def now(self) -> float:
        """Unix time in seconds, at most that of the end."""
        return min(time.time(), self._until)

    async def sleep(self, seconds: float) -> None:
        """Wait in real time."""
        await asyncio.sleep(seconds)


class Drill:
    """A victim and its gateway."""

    def __init__(self, plan: Plan, victim: Victim, gateway: Gateway, bell: Bell) -> None:
        self.plan = plan
        self.victim = victim
        self.gateway = gateway
        self._bell = bell
        self._random = Random(plan.seed)

    def live_through(self) -> None:
        """One incarnation, killed at a random moment."""
        match self._random.randrange(10):
            case 0 | 1:
                self._early()
            case 2:
                self._by_command()
            case 3 | 4 | 5:
                self._at_call()
            case _:
                self._at_statement()

    def become_known(self) -> None:
        """Kills during the very first start, then an incarnation that the gateway accepts."""
        for _ in range(SAFE_BEFORE_LOGIN):
            self.victim.start(statements=self._random.randrange(1, 80))
            self.victim.wait(1.0)
            self.victim.kill()
        self.victim.start()
        self.victim.await_page(lambda found: found.get(f'smsc_up{{account="{ACCOUNT}"}}') == 1, 90)
        self.victim.kill()

    def baselines(self) -> dict[str, float]:
        """Unix seconds from which each stream is counted, as the ledger keeps them."""
        with sqlite3.connect(self.victim.ledger) as ledger:
            return dict(ledger.execute("SELECT channel, baseline FROM stream"))

    def booked(self) -> int:
        """Permits that were ever booked in the ledger."""
        with sqlite3.connect(self.victim.ledger) as ledger:
            (last,) = ledger.execute("SELECT max(id) FROM permit").fetchone()
        return int(last)

    def _early(self) -> None:
        self.victim.start()
        time.sleep(self._random.uniform(0, 0.4))
        self.victim.kill()

    def _by_command(self) -> None:
        self.victim.start_command()
        time.sleep(self._random.uniform(0, 3))
        self.victim.kill()

    def _at_call(self) -> None:
        self._bell.listen()
        self.victim.start()
        self._bell.wait(8)
        time.sleep(self._random.uniform(0, 0.08))
        self.victim.kill()

    def _at_statement(self) -> None:
        self.victim.start(statements=self._random.randrange(1, 160))
        self.victim.wait(8)
        self.victim.kill()


@contextmanager
def drill(
    plan: Plan, folder: Path, prefork: Prefork, curtain: float = math.inf
) -> Iterator[Drill]:
    """A gateway that serves and a victim that is configured, not yet started.

    The gateway's time stops at ``curtain`` (Unix seconds).
    """
    folder.mkdir()
    account = Account(world=World(plan.world, plan.seed), login="drill", password="secret")
    gateway = Gateway(
        [account], limits=plan.limits, clock=Curtain(curtain), latency=plan.latency, seed=plan.seed
    )
    bell = Bell(gateway)
    victim = Victim(folder, prefork)
    with serving(bell) as url:
        (folder / "config.yaml").write_text(yaml.safe_dump(_config(plan, victim, url)))
        try:
            yield Drill(plan, victim, gateway, bell)
        finally:
            victim.kill()


def _config(plan: Plan, victim: Victim, url: str) -> dict[str, Any]:
    limits = plan.limits
    account = {
        "name": ACCOUNT,
        "api_url": url,
        "login": "drill",
        "password": "secret",
        "channels": list(plan.channels),
        "timeout": "3s",
        "budget": {
            "requests": limits.requests,
            "window": limits.window,
            "identical": limits.identical,
            "identical_window": limits.identical_window,
            "concurrency": plan.concurrency,
            "reserve": 0,
        },
    }
    return {
        "accounts": [account],
        "web": {"listen_addresses": [f"127.0.0.1:{victim.port}"]},
        "ledger": {"path": str(victim.ledger)},
        **plan.settings,
    }
