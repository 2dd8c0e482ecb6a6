"""One exporter against one simulated gateway, killed again and again."""

import asyncio
import math
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import cycle
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
LOGIN = "drill"
STATEMENTS = 20
"""So many statements and commits after a permit is booked, its page is surely applied."""
FOLLOWS = 2.0
"""Seconds by which pages follow the ledger at most: it is told first which series are shown."""
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
    timeout: float = 3.0
    """The exporter waits twice as long for a call at most, seconds."""
    latency: float = 0.02
    """Seconds that each call takes."""
    seed: int = 1


class Curtain:
    """Time that stops: what the gateway shows then stays so."""

    def __init__(self, until: float) -> None:
        self.until = until

    def now(self) -> float:
        """Unix time in seconds, at most that of the end."""
        return min(time.time(), self.until)

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
        self._moments = cycle(range(1, STATEMENTS + 1))

    def live_through(self) -> None:
        """One incarnation, killed at a random moment."""
        match self._random.randrange(10):
            case 0 | 1:
                self._early()
            case 2:
                self._by_command()
            case 3:
                self._at_statement(self._random.randrange(1, 120), permits=0)
            case _:
                self.call_and_die(calls=3)

    def call_and_die(self, *, calls: int) -> None:
        """One incarnation, killed while a call is under way, being applied, or just applied."""
        if self._random.randrange(3):
            permits = self._random.randrange(calls) + 1
            self._at_statement(next(self._moments), permits=permits)
        else:
            self._at_call()

    def show(self, world: WorldSpec) -> None:
        """Let the gateway tell of this world from now on."""
        self.gateway.accounts[LOGIN] = _account(world, self.plan.seed)

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

    def await_release(self) -> None:
        """Scrape until no series is held at 0 any more."""
        held = """SELECT (SELECT count(*) FROM total WHERE NOT shown)
            + (SELECT count(*) FROM distribution WHERE NOT shown)"""
        for _ in range(120):
            self.victim.page()
            with sqlite3.connect(self.victim.ledger) as ledger:
                (left,) = ledger.execute(held).fetchone()
            if not left:
                time.sleep(FOLLOWS)
                return
            time.sleep(0.5)
        raise AssertionError(f"{left} series are still held at 0")

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

    def _at_statement(self, statement: int, *, permits: int) -> None:
        self.victim.start(statements=statement, permits=permits)
        self.victim.wait(8)
        self.victim.kill()


@contextmanager
def drill(plan: Plan, folder: Path, prefork: Prefork, curtain: float = math.inf) -> Iterator[Drill]:
    """A gateway that serves and a victim that is configured, not yet started.

    The gateway's time stops at ``curtain`` (Unix seconds).
    """
    folder.mkdir()
    gateway = Gateway(
        [_account(plan.world, plan.seed)],
        limits=plan.limits,
        clock=Curtain(curtain),
        latency=plan.latency,
        seed=plan.seed,
    )
    bell = Bell(gateway)
    victim = Victim(folder, prefork)
    with serving(bell) as url:
        (folder / "config.yaml").write_text(yaml.safe_dump(_config(plan, victim, url)))
        try:
            yield Drill(plan, victim, gateway, bell)
        finally:
            victim.kill()


def _account(world: WorldSpec, seed: int) -> Account:
    return Account(world=World(world, seed), login=LOGIN, password="secret")


def _config(plan: Plan, victim: Victim, url: str) -> dict[str, Any]:
    limits = plan.limits
    account = {
        "name": ACCOUNT,
        "api_url": url,
        "login": LOGIN,
        "password": "secret",
        "channels": list(plan.channels),
        "timeout": plan.timeout,
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
