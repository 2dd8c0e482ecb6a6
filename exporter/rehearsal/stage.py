"""The stage: gateway, clock and other programs; and one exporter after the other upon it."""

import asyncio
import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random

from exporter import wiring
from exporter.config import Account, Budget, Config, Credentials, LedgerConfig, Secret
from exporter.gateway.client import GatewayClient
from exporter.ledger.snapshot import Snapshot
from exporter.polling.planner import Planner
from exporter.rehearsal.briefing import Briefing, Policy
from exporter.rehearsal.chronicle import Chronicle
from exporter.rehearsal.foreign import OtherProgram
from exporter.rehearsal.life import Life
from exporter.rehearsal.measures import AccountCourse, Delays, Measures, delays_of, measure
from exporter.rehearsal.scenario import START, Scenario, Sender
from exporter.rehearsal.sightings import Sightings, observed
from exporter.simulation.clock import VirtualClock
from exporter.simulation.faults import Faults
from exporter.simulation.gateway import Gateway
from exporter.simulation.transport import GatewayTransport
from exporter.simulation.visits import Account as GatewayAccount
from exporter.simulation.visits import Call
from exporter.simulation.world import World


RECORDS_KEPT = 1_000_000
"""Messages of all worlds that are kept at hand; others are made anew when a call shows them."""
MEMORY = Path("/dev/shm")  # noqa: S108  a file system in memory, where there is one
ROOM = 2 * 1024**3
"""Bytes that must be free there: the longest rehearsal's ledger needs less."""
OURS, THEIRS = "10.0.0.1", "10.0.0.2"
"""Addresses of the exporter and of other programs."""
PASSWORD = "secret"  # noqa: S105  a made-up account
STEP = 600.0
"""Virtual seconds between reports of progress."""

Progress = Callable[[float], None]
"""Told how many virtual seconds are done."""


def rehearse(
    scenario: Scenario, policy: Policy, *, progress: Progress | None = None
) -> "Performance":
    """Play a scenario from beginning to end with the planners that ``policy`` makes.

    Raises what would end a turn of the poller, or close its ledger.
    """
    with tempfile.TemporaryDirectory(prefix="rehearsal-", dir=_place()) as folder:
        stage = Stage(scenario, policy, Path(folder))
        return stage.play(progress or _ignore)


class Performance:
    """A rehearsal that is over."""

    def __init__(
        self,
        scenario: Scenario,
        config: Config,
        accounts: Sequence[AccountCourse],
        totals: Snapshot,
    ) -> None:
        self.scenario = scenario
        self.accounts = tuple(accounts)
        self.totals = totals
        """What the ledger had counted at the end."""
        self._deadlines = wiring.rules(config).deadlines

    def measures(self) -> Measures:
        """Over all accounts together."""
        return measure(self.accounts, self._deadlines, self.scenario.hours)

    def delays(self) -> Delays:
        """Each delay, over all accounts together."""
        return delays_of(self.accounts, self._deadlines, self.scenario.hours)

    def measures_of(self, name: str) -> Measures:
        """Of one account alone."""
        mine = [account for account in self.accounts if account.name == name]
        return measure(mine, self._deadlines, self.scenario.hours)


class Stage:
    """Where a scenario is played; good for one play."""

    def __init__(self, scenario: Scenario, policy: Policy, folder: Path) -> None:
        self.scenario = scenario
        self.policy = policy
        self.config = Config(
            accounts=tuple(_account(sender, scenario.budget) for sender in scenario.senders),
            ledger=LedgerConfig(path=folder / "ledger.sqlite"),
        )
        self.clock = VirtualClock(START)
        self.totals = Snapshot()
        keep = RECORDS_KEPT // len(scenario.senders)
        worlds = [World(sender.world, sender.seed, keep=keep) for sender in scenario.senders]
        self.gateway = self._make_gateway(worlds)
        self.sightings = {
            sender.name: Sightings(self._chronicle(sender, world))
            for sender, world in zip(scenario.senders, worlds, strict=True)
        }

    def play(self, progress: Progress) -> Performance:
        """Play to the end."""
        others = [self._other_program(account) for account in self.config.accounts]
        self.clock.run(lambda: self._play(others if self.scenario.foreign else (), progress))
        accounts = [
            self._course(sender, other)
            for sender, other in zip(self.scenario.senders, others, strict=True)
        ]
        return Performance(self.scenario, self.config, accounts, self.totals)

    def client(self, account: Account, address: str) -> GatewayClient:
        """A way to the gateway for one account."""
        transport = GatewayTransport(self.gateway, address=address)
        return GatewayClient(
            account.api_url, account.credentials, timeout=account.timeout, transport=transport
        )

    async def _play(self, others: Sequence[OtherProgram], progress: Progress) -> None:
        report = asyncio.create_task(self._report(progress))
        tasks = [report, *(asyncio.create_task(other.run()) for other in others)]
        try:
            for stop in self.scenario.stops:
                await self._live(START + stop.at, tasks, crash=stop.crash)
                await self.clock.sleep(stop.down)
            await self._live(self.scenario.end, tasks, crash=False)
            await report
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _live(
        self, until: float, beside: Sequence[asyncio.Task[None]], *, crash: bool
    ) -> None:
        """One process's life."""
        life = Life(
            self.config,
            self.clock,
            connect=lambda account: self.client(account, OURS),
            make_planner=self._planner,
            seed=self.scenario.seed,
        )
        try:
            watched = (*life.tasks, *beside)
            left = max(0.0, until - self.clock.now())
            ended, _ = await asyncio.wait(
                watched, timeout=left, return_when=asyncio.FIRST_EXCEPTION
            )
            for task in ended:
                task.result()
        finally:
            self.totals = await life.end(crash=crash)

    def _planner(self, account: Account) -> Planner:
        sightings = self.sightings[account.name]
        briefing = Briefing(
            config=self.config,
            account=account,
            now=self.clock.now(),
            oracle=sightings.chronicle,
        )
        return observed(self.policy(briefing), sightings)

    async def _report(self, progress: Progress) -> None:
        """Tell how far it is, and write down what has happened."""
        while (now := self.clock.now()) < self.scenario.end:
            await self.clock.sleep(min(STEP, self.scenario.end - now))
            for sightings in self.sightings.values():
                sightings.chronicle.extend(self.clock.now())
            progress(self.clock.now() - START)

    def _make_gateway(self, worlds: Sequence[World]) -> Gateway:
        scenario = self.scenario
        accounts = [
            GatewayAccount(world=world, login=sender.name, password=PASSWORD)
            for sender, world in zip(scenario.senders, worlds, strict=True)
        ]
        return Gateway(
            accounts,
            limits=scenario.limits,
            faults=Faults(scenario.faults, scenario.seed),
            clock=self.clock,
            latency=scenario.latency,
            seed=scenario.seed,
        )

    def _chronicle(self, sender: Sender, world: World) -> Chronicle:
        deadlines = wiring.rules(self.config).deadlines
        lookback = self.config.account(sender.name).lookback
        since = START - lookback if sender.world.begins is None else sender.world.begins
        ripe_after = deadlines.seconds[0] + deadlines.grace
        return Chronicle(world, sender.channels, since=since, ripe_after=ripe_after)

    def _other_program(self, account: Account) -> OtherProgram:
        random = Random(f"{self.scenario.seed} other {account.name}")
        rate = self.scenario.foreign
        return OtherProgram(lambda: self.client(account, THEIRS), rate, self.clock, random)

    def _course(self, sender: Sender, other: OtherProgram) -> AccountCourse:
        mine = [call for call in self.gateway.calls if _is_ours(call, sender.name)]
        refused = sum(call.error == 9 for call in mine)
        return AccountCourse(
            name=sender.name,
            channels=sender.channels,
            sightings=self.sightings[sender.name],
            admitted=len(mine) - refused,
            refused=refused,
            foreign=other.calls,
        )


def _account(sender: Sender, budget: Budget) -> Account:
    credentials = Credentials(login=sender.name, password=Secret(PASSWORD))
    return Account(
        name=sender.name, credentials=credentials, channels=sender.channels, budget=budget
    )


def _is_ours(call: Call, login: str) -> bool:
    return call.login == login and call.address == OURS and call.path.endswith("/get.php")


def _place() -> Path | None:
    has_room = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free >= ROOM
    return MEMORY if has_room else None


def _ignore(_seconds: float) -> None:
    """Nobody wants to know."""
