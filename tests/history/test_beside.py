"""Reading the past beside a running exporter, on one clock, against the gateway's own limits."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path

import msgspec
import pytest

from exporter import wiring
from exporter.commands.backfill import Job, gather
from exporter.config import Account, Config, Credentials, LedgerConfig, Secret
from exporter.gateway.client import GatewayClient
from exporter.history.period import Period, day_of
from exporter.history.work import IN_MEMORY, WorkFile
from exporter.polling.planner import Planner
from exporter.rehearsal.life import Life
from exporter.simulation.clock import VirtualClock
from exporter.simulation.gateway import Gateway
from exporter.simulation.transport import GatewayTransport
from exporter.simulation.visits import Account as GatewayAccount
from tests.history.past import CALM, DAY, T0, ZONE, late_look, world_of


HOUR = 3600.0
EXPORTER, FILLING = "10.0.0.1", "10.0.0.2"
NOW = T0 + 10 * DAY + 9 * HOUR
FIRST = day_of(T0, ZONE)
WORLD = msgspec.structs.replace(CALM, per_hour=150)


@dataclass
class Stage:
    """One account, its gateway, an exporter beside and what was read of the past."""

    folder: Path
    clock: VirtualClock = field(default_factory=lambda: VirtualClock(NOW))

    def __post_init__(self) -> None:
        self.world = world_of(WORLD, 4)
        account = GatewayAccount(world=self.world, login="main", password="secret")
        self.gateway = Gateway([account], clock=self.clock, latency=0.5)
        self.account = Account(
            name="main",
            credentials=Credentials(login="main", password=Secret("secret")),
            channels=("sms", "email"),
        )
        ledger = LedgerConfig(path=self.folder / "ledger.sqlite")
        self.config = Config(accounts=(self.account,), ledger=ledger)

    def client(self, account: Account, address: str = EXPORTER) -> GatewayClient:
        transport = GatewayTransport(self.gateway, address=address)
        return GatewayClient(account.api_url, account.credentials, transport=transport)

    def job(self, *, one_in: int | None) -> Job:
        return Job(
            config=self.config,
            account=self.account,
            period=Period(first=FIRST, last=FIRST + timedelta(days=10), zone=ZONE),
            output=self.folder / "past.om",
            step=60,
            labels={},
            one_in=one_in,
            ignore_baseline=False,
        )

    async def fill(self, work: WorkFile, *, one_in: int | None) -> None:
        """Read the past."""
        client = self.client(self.account, FILLING)
        await gather(self.job(one_in=one_in), work, self.clock, client)

    async def beside(self, work: WorkFile, *, one_in: int | None) -> None:
        """The same beside a running exporter that was started an hour before."""

        def planner(account: Account) -> Planner:
            deadlines = wiring.rules(self.config).deadlines
            return wiring.valuing_planner(account, deadlines, self.clock.now())

        life = Life(
            self.config,
            self.clock,
            connect=self.client,
            make_planner=planner,
            seed=1,
        )
        try:
            await self.clock.sleep(HOUR)
            filling = asyncio.create_task(self.fill(work, one_in=one_in))
            await asyncio.wait({filling, *life.tasks}, return_when=asyncio.FIRST_COMPLETED)
            await filling
        finally:
            await life.end(crash=False)


def times(stage: Stage, address: str) -> list[float]:
    """When somebody called."""
    return [call.time for call in stage.gateway.calls if call.address == address]


def busiest(calls: list[float]) -> int:
    """Most calls within an hour."""
    return max(sum(start <= other < start + HOUR for other in calls) for start in calls)


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


def test_the_exporter_keeps_two_thirds(stage: Stage) -> None:
    """A third of the calls at most, none over the limit, and the past is whole all the same."""
    with WorkFile(IN_MEMORY, stage.job(one_in=3).plan) as work:
        stage.clock.run(partial(stage.beside, work, one_in=3))
        read = [message for message, _ in work.sightings("sms", T0, int(NOW))]
    assert stage.gateway.errors == Counter({3: stage.gateway.errors[3]})
    assert {call.refusal for call in stage.gateway.calls} == {""}
    past, others = times(stage, FILLING), times(stage, EXPORTER)
    assert busiest(past) == 29 // 3
    assert len(past) > 4 * 9
    for hour in range(1, int((past[-1] - past[0]) / HOUR)):
        start = past[0] + hour * HOUR
        assert sum(start <= time < start + HOUR for time in others) >= 15
    wanted = late_look(stage.world, "sms", stage.clock.now())
    assert {m.int_id for m in read} == {m.int_id for m in wanted if m.send_time <= NOW}


def test_all_that_is_left_is_all(stage: Stage) -> None:
    """With nobody beside, every permit but the reserve is taken, and it is done in a third."""
    ended: dict[int | None, float] = {}
    for one_in in (3, None):
        other = Stage(stage.folder / f"{one_in}")
        other.folder.mkdir()
        with WorkFile(IN_MEMORY, other.job(one_in=one_in).plan) as work:
            other.clock.run(partial(other.fill, work, one_in=one_in))
        ended[one_in] = other.clock.now()
        assert busiest(times(other, FILLING)) == (29 if one_in is None else 9)
        assert not other.gateway.refusals
    assert (ended[None] - NOW) * 2 < ended[3] - NOW
