"""Plays drills: each with a gateway and an exporter of its own, all in one fast event loop."""

import asyncio
from pathlib import Path
from random import Random
from typing import Protocol

import msgspec

from exporter import __version__
from exporter.clock import Clock
from exporter.config import Account, Config, Credentials, LedgerConfig, Secret
from exporter.gateway.client import GatewayClient
from exporter.rehearsal.foreign import OtherProgram
from exporter.simulation.faults import Faults
from exporter.simulation.gateway import Gateway
from exporter.simulation.transport import GatewayTransport
from exporter.simulation.visits import Account as GatewayAccount
from exporter.simulation.world import World
from tests.e2e.drills.drill import Drill
from tests.e2e.station import Down, Station


HOUR = 3600.0
LOOKBACK = 2 * HOUR
PASSWORD = "secret"
OURS, THEIRS = "10.0.0.1", "10.0.0.2"
LATENCY = 1.0
"""Seconds that a call of the gateway takes."""
RECORDS_KEPT = 100_000


class Scribing(Protocol):
    """Takes scrapes down."""

    def scrape(self, page: str | None, at: float) -> None:
        """A scrape at a Unix time; without a page it failed."""
        ...


class Schedule(msgspec.Struct, frozen=True, kw_only=True):
    """When what happens, Unix seconds of the fast time."""

    start: float
    """Of the first exporter."""
    moment: float
    """Of every incident."""
    end: float
    stagger: float = 0.0
    """Seconds between the starts of two exporters: they have a past to read."""


class Play:
    """One drill on its stage; the ledger may already hold a past of the same seed."""

    def __init__(
        self,
        drill: Drill,
        schedule: Schedule,
        clock: Clock,
        *,
        ledger: Path,
        deadline: int,
        seed: int,
    ) -> None:
        self.drill = drill
        self.clock = clock
        self._schedule = schedule
        self._seed = seed
        self.world = World(drill.world(schedule.moment), seed, keep=RECORDS_KEPT)
        self.gateway = Gateway(
            [GatewayAccount(world=self.world, login=drill.key, password=PASSWORD)],
            faults=Faults(drill.faults(schedule.moment), seed),
            clock=clock,
            latency=LATENCY,
            seed=seed,
        )
        self.station = Station(_config(drill, ledger, deadline), clock, self._connect)
        self._tasks: list[asyncio.Task[None]] = []

    async def run(self, start: float) -> None:
        """From the start of the exporter to the end of the schedule."""
        await self._until(start)
        self.station.start(__version__)
        try:
            await self._until(self._schedule.moment)
            self._tasks.append(asyncio.create_task(self.drill.befall(self)))
            await self._until(self._schedule.end)
        finally:
            ended = [task for task in self._tasks if task.done()]
            for task in self._tasks:
                task.cancel()
            await self.station.stop()
        for task in ended:
            task.result()

    async def restart(self, *, down: float, version: str, crash: bool = False) -> None:
        """End the exporter and start another after ``down`` seconds."""
        await (self.station.crash() if crash else self.station.stop())
        await self.clock.sleep(down)
        self.station.start(version)

    async def other_program(self, per_hour: float) -> None:
        """Let another program make so many calls, for ever."""
        (account,) = self.station.config.accounts
        random = Random(f"{self._seed} {self.drill.key}")
        other = OtherProgram(lambda: self._client(account, THEIRS), per_hour, self.clock, random)
        self._tasks.append(asyncio.create_task(other.run()))

    def _connect(self, account: Account) -> GatewayClient:
        return self._client(account, OURS)

    def _client(self, account: Account, address: str) -> GatewayClient:
        transport = GatewayTransport(self.gateway, address=address)
        return GatewayClient(
            account.api_url, account.credentials, timeout=account.timeout, transport=transport
        )

    async def _until(self, moment: float) -> None:
        await self.clock.sleep(moment - self.clock.now())


async def play_all(plays: list[Play], schedule: Schedule) -> float:
    """Play beside each other; gives the longest time, fast seconds, that the loop was late from
    the incidents on.
    """
    async with asyncio.TaskGroup() as group:
        lateness = group.create_task(_lateness(plays[0].clock, schedule))
        for place, play in enumerate(plays):
            group.create_task(play.run(schedule.start + place * schedule.stagger))
    return lateness.result()


async def scraped(play: Play, scribe: Scribing, every: float) -> None:
    """Play from now on, and write down a scrape at each multiple of ``every`` seconds."""
    clock = play.clock
    playing = asyncio.create_task(play.run(clock.now()))
    at = clock.now() // every * every
    while not playing.done():
        at += every
        await clock.sleep(at - clock.now())
        try:
            page = play.station.page("").body.decode()
        except Down:
            page = None
        scribe.scrape(page, at)
    playing.result()


async def _lateness(clock: Clock, schedule: Schedule) -> float:
    longest, end = 0.0, schedule.end
    await clock.sleep(schedule.moment - clock.now())
    while (now := clock.now()) < end:
        await clock.sleep(5.0)
        longest = max(longest, clock.now() - now - 5.0)
    return longest


def _config(drill: Drill, ledger: Path, deadline: int) -> Config:
    account = Account(
        name=drill.key,
        credentials=Credentials(login=drill.key, password=Secret(PASSWORD)),
        lookback=LOOKBACK,
        expected_countries=("RU", "KZ"),
    )
    return Config(
        accounts=(account,),
        ledger=LedgerConfig(path=ledger),
        deadlines=(deadline, 3600, 86400),
    )
