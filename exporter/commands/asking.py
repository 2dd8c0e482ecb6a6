"""How a command asks the gateway: out of the ledger's budget, beside a running exporter.

A command opens the ledger without owning it and names no streams, so that it neither starts the
exporter's first sync nor touches a total; it spends permits and notes how the account stands.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from random import Random
from typing import TypeVar
from zoneinfo import ZoneInfo

import msgspec

from exporter import __version__, wiring
from exporter.clock import Clock
from exporter.commands.wording import moment
from exporter.config import Account, Config
from exporter.durations import format_duration
from exporter.gateway.balance import Balance
from exporter.gateway.client import Answer, GatewayClient
from exporter.gateway.errors import GatewayError
from exporter.gateway.request import HistoryRequest
from exporter.gateway.statistics import Statistics, StatisticsRequest
from exporter.ledger.accounts import Memory
from exporter.ledger.errors import LedgerError
from exporter.ledger.permits import Denied
from exporter.ledger.store import Store
from exporter.polling.balance_calls import BalanceCalls
from exporter.polling.calls import Calls, Held
from exporter.polling.keeper import Keeper


_T = TypeVar("_T")
PATIENCE = 30.0
"""Seconds a command waits, in all, for calls of a running exporter to end."""
SHORT_HOLD = 2.0
"""Only holds this short (seconds) are waited for; longer ones are told."""
OWN_PAUSES = ("unreachable", "unreadable")
"""Pauses that spare our budget only, not those that the gateway demands."""


NEW_LEDGER = (
    "a new ledger was made: {path}; if an exporter of this account keeps another one, "
    "set ledger.path or STATE_DIRECTORY as it does, so that both share one budget"
)


class Left(msgspec.Struct, frozen=True):
    """History calls that can still be made, and of how many."""

    calls: int
    limit: int
    window: float

    def __str__(self) -> str:
        when = "this hour" if self.window == 3600 else f"in {format_duration(self.window)}"
        return f"{self.calls} of {self.limit} left {when}"


class Desk:
    """Where a command asks for one account."""

    def __init__(
        self,
        account: Account,
        client: GatewayClient,
        calls: Calls,
        keeper: Keeper,
        clock: Clock,
        *,
        balances: BalanceCalls,
        made_ledger: bool,
    ) -> None:
        self.account = account
        self.made_ledger = made_ledger
        """Whether there was no ledger before."""
        self.zone = ZoneInfo(account.timezone)
        self.clock = clock
        self.spent = 0
        """History calls made here, whatever came back."""
        self._client = client
        self._calls = calls
        self._balances = balances
        self._keeper = keeper

    async def ask(
        self,
        kind: str,
        request: HistoryRequest,
        *,
        personal: bool = True,
        one_in: int | None = None,
    ) -> Answer:
        """Make a call, waiting a moment if a running exporter is in the way.

        Texts are dropped unless ``personal``; ``one_in``: see `Calls.ask`.

        Raises:
            Held: there is no permit, or the account has to wait.
            GatewayError: the call gave no page.
            LedgerError: the ledger can't be used.

        """
        patient_until = self.clock.now() + PATIENCE
        while True:
            try:
                answer = await self._calls.ask(kind, request, personal=personal, one_in=one_in)
            except Held as held:
                until = held.denied.until
                if until > min(self.clock.now() + SHORT_HOLD, patient_until):
                    raise
                await self.clock.sleep(until - self.clock.now())
            except GatewayError:
                self.spent += 1
                raise
            else:
                self.spent += 1
                return answer

    async def balance(self) -> Balance:
        """Ask for the balance, which takes no history call; raises as `ask`, and does not wait."""
        return await self._balances.ask()

    async def statistics(self, request: StatisticsRequest) -> Statistics:
        """Ask for the gateway's own statistics; raises as `ask`, and does not wait."""
        return await self._calls.lend(
            "lookup", request, lambda permit: self._client.statistics(request, permit)
        )

    async def left(self) -> Left:
        """What of the budget is left now."""
        memory = await self._calls.memory()
        now = self.clock.now()
        limits = self._calls.limits(memory, now)
        ledger = self._keeper.ledger
        usage = await self._keeper.use(ledger.usage, self.account.name, now)
        return Left(max(0, limits.requests - len(usage.free_at)), limits.requests, limits.window)

    async def look(self, at: Callable[[Store, str], _T]) -> _T:
        """What a function of the ledger's file and the account sees; raises `LedgerError`."""
        return await self._keeper.use(at, self._keeper.ledger.store, self.account.name)

    async def memory(self) -> Memory:
        """How the account stands."""
        return await self._calls.memory()

    async def skip_own_pause(self) -> None:
        """End a pause that only spares our budget: a person wants to know now."""
        memory = await self._calls.memory()
        if memory.state in OWN_PAUSES and memory.not_before > self.clock.now():
            ledger = self._keeper.ledger
            now = msgspec.structs.replace(memory, not_before=0.0)
            await self._keeper.use(ledger.remember, self.account.name, now)

    def moment(self, until: float) -> str:
        """A time as ``14:03:22 MSK (in 12m)``."""
        return moment(until, self.zone, self.clock.now())

    def why(self, denied: Denied) -> str:
        """Why no call was made, and when one can be."""
        reason = REASONS.get(denied.reason, denied.reason)
        return f"no call was made: {reason}; next try from {self.moment(denied.until)}"


REASONS = {
    "budget": "the account's history calls are spent",
    "share": "its share of the account's history calls is spent",
    "identical": "the same question was asked too often within a minute",
    "concurrency": "other calls of the exporter are under way",
    "login": "too many log-ins from here failed or got no answer: one more could block the address",
    "refused": "the login was refused, and repeated failures block the address for everybody",
    "blocked": "the gateway has blocked this address for about half an hour",
    "limited": "the gateway said that too many calls are made",
    "unreachable": "the gateway could not be reached a moment ago",
    "unreadable": "the gateway's last answer could not be read",
}
"""Why there is no permit, in words."""


@asynccontextmanager
async def open_desk(
    config: Config,
    account: Account,
    clock: Clock,
    *,
    observer: Callable[[bytes], object] | None = None,
    client: GatewayClient | None = None,
) -> AsyncIterator[Desk]:
    """Open the ledger and a client, or use this one, for one account while the block runs.

    Raises:
        LedgerError: the ledger can't be used; without it there is no call.

    """
    is_new = not config.ledger.path.exists()
    ledger = wiring.ledger(config, owner=False)
    nameless = [msgspec.structs.replace(spec, channels=()) for spec in wiring.specs(config)]
    keeper = Keeper(ledger, tuple(nameless), clock, None, _GiveUp())
    client = client or wiring.client(account, __version__, observer=observer)
    try:
        await keeper.ready()
        calls = wiring.calls(account, client, keeper, clock, Random())
        balances = wiring.balance_calls(account, client, keeper, clock, Random())
        yield Desk(account, client, calls, keeper, clock, balances=balances, made_ledger=is_new)
    finally:
        await client.aclose()
        await keeper.close()


class _GiveUp:
    """Ends a command at the ledger's first fault, where the exporter would try again."""

    def ledger_changed(self, error: LedgerError | None) -> None:
        """Raise what went wrong."""
        if error is not None:
            raise error
