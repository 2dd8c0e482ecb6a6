"""One process's worth of an exporter's polling, from its start to its stop or crash."""

import asyncio
from collections.abc import Callable
from random import Random

from exporter import wiring
from exporter.clock import Clock
from exporter.config import Account, Config
from exporter.gateway.client import GatewayClient
from exporter.ledger.errors import LedgerError
from exporter.ledger.ledger import Ledger
from exporter.ledger.snapshot import Snapshot
from exporter.polling.board import Board
from exporter.polling.keeper import Keeper
from exporter.polling.planner import Planner
from exporter.polling.poller import MOMENT, Poller


class Life:
    """Pollers and their ledger; begins when it is made, within a running event loop.

    ``connect`` gives an account its way to the gateway, ``make_planner`` its planner.
    """

    def __init__(
        self,
        config: Config,
        clock: Clock,
        *,
        connect: Callable[[Account], GatewayClient],
        make_planner: Callable[[Account], Planner],
        seed: int,
    ) -> None:
        self._clock = clock
        self._board = Board()
        self._fault: LedgerError | None = None
        random = Random(f"{seed} ledger")
        store = wiring.store(config, owner=True)
        ledger = Ledger(store, wiring.rules(config), random_bytes=random.randbytes)
        self._keeper = Keeper(ledger, wiring.specs(config), clock, None, self)
        self._clients = [connect(account) for account in config.accounts]
        self.tasks = [
            asyncio.create_task(
                self._turns(self._poller(account, client, make_planner(account), seed)),
                name=account.name,
            )
            for account, client in zip(config.accounts, self._clients, strict=True)
        ]
        """They end with a fault of poller or ledger, or never."""

    def ledger_changed(self, error: LedgerError | None) -> None:
        """The ledger works (None) or doesn't."""
        self._board.ledger_changed(error)
        self._fault = error

    async def end(self, *, crash: bool) -> Snapshot:
        """Stop in order, or lose the ledger first so that nothing more can be written.

        Gives what the ledger has counted.
        """
        if crash:
            self._keeper.ledger.close()
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        await self._keeper.close()
        for client in self._clients:
            await client.aclose()
        return self._keeper.ledger.snapshot()

    def _poller(
        self, account: Account, client: GatewayClient, planner: Planner, seed: int
    ) -> Poller:
        random = Random(f"{seed} {account.name}")
        calls = wiring.calls(account, client, self._keeper, self._clock, random)
        return wiring.poller(
            account, calls, self._keeper, self._board, self._clock, planner=planner
        )

    async def _turns(self, poller: Poller) -> None:
        """What `Poller.run` does, but a fault of poller or ledger ends it."""
        while True:
            until = await poller.turn()
            if self._fault is not None:
                raise self._fault
            await self._clock.sleep(until + MOMENT - self._clock.now())
