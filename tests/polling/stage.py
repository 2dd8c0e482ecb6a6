"""The polling core against the simulated gateway, in virtual time and without threads."""

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

from exporter import wiring
from exporter.config import Account, Budget, Config, Credentials, LedgerConfig, Secret
from exporter.gateway.client import GatewayClient
from exporter.ledger.ledger import Ledger
from exporter.ledger.snapshot import Labels, Snapshot, StreamState, Total
from exporter.polling.board import Board
from exporter.polling.keeper import Keeper
from exporter.simulation.clock import START, VirtualClock
from exporter.simulation.gateway import Gateway
from exporter.simulation.transport import GatewayTransport
from exporter.simulation.visits import Call
from tests.polling.oracle import Counts


PASSWORD = "secret"


def account(name: str = "main", **choices: Any) -> Account:
    """An account whose login is its name."""
    credentials = Credentials(login=name, password=Secret(choices.pop("password", PASSWORD)))
    budget = Budget(**choices.pop("budget", {}))
    return Account(name=name, credentials=credentials, budget=budget, **choices)


class Life:
    """One process's worth of pollers, from start to stop or crash."""

    def __init__(self, stage: "Stage") -> None:
        self.board = stage.board or Board()
        config, clock = stage.config, stage.clock
        rules = wiring.rules(config)
        store = wiring.store(config, owner=True)
        ledger = Ledger(store, rules, random_bytes=Random(stage.seed).randbytes)
        self.keeper = Keeper(ledger, wiring.specs(config), clock, None, self.board)
        self._transport = GatewayTransport(stage.gateway)
        self._clients: list[GatewayClient] = []
        self._tasks = [task for each in config.accounts for task in self._pollers(stage, each)]

    def _pollers(self, stage: "Stage", each: Account) -> "Iterator[asyncio.Task[None]]":
        client = GatewayClient(
            each.api_url, each.credentials, timeout=each.timeout, transport=self._transport
        )
        self._clients.append(client)
        random = Random(f"{stage.seed} {each.name}")
        calls = wiring.calls(each, client, self.keeper, stage.clock, random)
        poller = wiring.poller(each, calls, self.keeper, self.board, stage.clock)
        yield asyncio.create_task(poller.run(), name=each.name)
        if stage.balances:
            asking = wiring.balance_calls(each, client, self.keeper, stage.clock, random)
            beside = wiring.balance_poller(each, asking, self.keeper, self.board, stage.clock)
            yield asyncio.create_task(beside.run(), name=f"balance {each.name}")

    async def end(self, *, crash: bool) -> None:
        """Stop in order, or lose the ledger first so that nothing more can be written."""
        if crash:
            self.keeper.ledger.close()
        for task in self._tasks:
            task.cancel()
        ended = await asyncio.gather(*self._tasks, return_exceptions=True)
        assert all(isinstance(end, asyncio.CancelledError) for end in ended), ended
        await self.keeper.close()
        for client in self._clients:
            await client.aclose()


class Stage:
    """A gateway, an exporter's state on disk, and the lives that follow one another on it."""

    def __init__(
        self,
        folder: Path,
        clock: VirtualClock,
        gateway: Gateway,
        accounts: Sequence[Account],
        *,
        seed: int = 1,
        balances: bool = False,
        **settings: Any,
    ) -> None:
        self.balances = balances
        """Whether balances are read, too."""
        self.clock = clock
        self.gateway = gateway
        self.seed = seed
        self.path = folder / "ledger.sqlite"
        self.config = Config(
            accounts=tuple(accounts), ledger=LedgerConfig(path=self.path), **settings
        )
        self.life: Life | None = None
        self.board: Board | None = None
        """One board for all lives, as in a process that reloads; None: each has its own."""
        self.last = Snapshot()

    def run(
        self,
        seconds: float,
        *,
        crash: bool = False,
        in_a_call: bool = False,
        meanwhile: Callable[["Stage"], Coroutine[Any, Any, None]] | None = None,
    ) -> Snapshot:
        """Live for so long from a fresh start; gives what a scrape would show at the end.

        With ``in_a_call`` it ends only when a call is under way, a quarter of an hour later at
        most. ``meanwhile`` makes a coroutine that runs beside the pollers; it has to come to its
        end in time.
        """

        async def live() -> None:
            life = self.life = Life(self)
            beside = asyncio.create_task(meanwhile(self)) if meanwhile else None
            try:
                await asyncio.sleep(seconds)
                if in_a_call:
                    await self._until_calling()
                if beside is not None:
                    assert beside.done()
                    beside.result()
            finally:
                self.last = life.board.snapshot()
                if beside is not None:
                    beside.cancel()
                await life.end(crash=crash)
                self.life = None

        self.clock.run(live)
        return self.last

    def use(self, *accounts: Account) -> None:
        """Configure these accounts for the lives to come."""
        self.config = self.config.model_copy(update={"accounts": accounts})

    async def _until_calling(self) -> None:
        for _ in range(1800):
            if any(meter.running for meter in self.gateway.meters.values()):
                return
            await asyncio.sleep(0.5)

    def counts(self, name: str = "main") -> Counts:
        """An account's totals, as the oracle gives them."""
        return Counts(
            submitted=_single(self.total(Total.SUBMITTED, 1, name=name)),
            final=_single(self.total(Total.FINAL, 5, name=name)),
            failures=self.total(Total.FAILURES, 5, 6, name=name),
            matured=self.total(Total.MATURED, 5, 6, name=name),
            cost=self.money(Total.COST, name) - self.money(Total.COST_REFUNDED, name),
        )

    @property
    def now(self) -> float:
        """Seconds since the beginning of virtual time."""
        return self.clock.now() - START

    @property
    def snapshot(self) -> Snapshot:
        """What a scrape shows now."""
        return self.last if self.life is None else self.life.board.snapshot()

    def calls(self, login: str | None = None) -> list[Call]:
        """Calls as the gateway saw them."""
        return [call for call in self.gateway.calls if login in (None, call.login)]

    def total(self, family: Total, *columns: int, name: str = "main") -> Counter[Labels]:
        """An account's totals of a family, summed over all but the label columns given."""
        summed: Counter[Labels] = Counter()
        for labels, value in self.last.totals.get(family, {}).items():
            if value and labels[0] == name:
                summed[tuple(labels[column] for column in columns)] += int(value)
        return summed

    def money(self, family: Total, name: str = "main") -> Decimal:
        """An account's family of money, summed up."""
        values = self.last.totals.get(family, {}).items()
        return sum((Decimal(value) for labels, value in values if labels[0] == name), Decimal(0))

    def stream(self, channel: str = "sms", name: str = "main") -> StreamState:
        """A stream as shown last."""
        return next(s for s in self.last.streams if (s.account, s.channel) == (name, channel))

    def state(self, name: str = "main") -> str:
        """An account's state as shown last."""
        return next(a.state for a in self.last.accounts if a.account == name)


def _single(counts: Counter[Labels]) -> Counter[str]:
    return Counter({labels[0]: count for labels, count in counts.items()})
