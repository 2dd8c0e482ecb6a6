"""One balance call from permit to ledger, under the log-in rules of all calls."""

import asyncio
import contextlib
from collections.abc import Callable
from random import Random
from typing import Protocol

import msgspec

from exporter.clock import Clock
from exporter.gateway.balance import Balance, BalanceRequest
from exporter.gateway.errors import AddressBlocked, GatewayError, RefusedLogin
from exporter.gateway.permit import Permit
from exporter.ledger.accounts import Memory
from exporter.ledger.balances import Purse, Reading
from exporter.ledger.errors import LedgerError
from exporter.ledger.ledger import Ledger
from exporter.ledger.permits import BALANCE, Denied, Limits
from exporter.ledger.records import Outcome
from exporter.polling import standing
from exporter.polling.calls import Held, stored
from exporter.polling.keeper import Keeper


REQUEST = BalanceRequest()
CALLS = 5
"""Balance calls in a window; the gateway allows twice as many, other programs' included."""
WINDOW = 60.0
STOPPING = ("refused", "blocked")
"""States of an account in which no call of any kind is made before its pause is over."""


class BalanceSource(Protocol):
    """The part of the gateway client that asks for balances."""

    async def balance(self, request: BalanceRequest, permit: Permit) -> Balance:
        """Make the call."""
        ...


class BalanceCalls:
    """Makes an account's balance calls; ``call_timeout`` is the longest that one takes, seconds."""

    def __init__(
        self,
        account: str,
        source: BalanceSource,
        keeper: Keeper,
        *,
        call_timeout: float,
        clock: Clock,
        random: Random,
        mark: Callable[[], int],
    ) -> None:
        self.account = account
        self._source = source
        self._keeper = keeper
        self._limits = Limits(
            requests=CALLS,
            window=WINDOW,
            identical=CALLS,
            identical_window=WINDOW,
            concurrency=1,
            call_timeout=call_timeout,
        )
        self._clock = clock
        self._random = random
        self._mark = mark

    @property
    def _ledger(self) -> Ledger:
        return self._keeper.ledger

    async def purse(self) -> Purse:
        """What is known of the balance, and how asking for it stands with these credentials."""
        known = await self._keeper.use(self._ledger.purse, self.account)
        memory = standing.with_credentials(known.memory, self._mark())
        return msgspec.structs.replace(known, memory=memory)

    async def read(self) -> Purse:
        """Make a call and keep what it tells.

        Raises:
            Held: there is no permit, or the account or its balance calls have to wait.
            GatewayError: the call gave no balance; the standing is updated.
            LedgerError: nothing was kept.

        """
        purse = await self.purse()
        permit = await self._spend(purse)
        try:
            balance = await self._call(purse, permit)
        except GatewayError as error:
            paused = msgspec.structs.replace(purse, memory=self._after(purse.memory, error))
            await self._keep(paused, permit, stored(error), error.code)
            raise
        mark = self._mark()
        purse = Purse(
            reading=Reading(balance=balance, read_at=self._clock.now(), mark=mark),
            memory=standing.after_success(purse.memory),
        )
        await self._keep(purse, permit, "ok", None)
        return purse

    async def ask(self) -> Balance:
        """Make a call for a person's eyes: what it tells is not kept, and counted elsewhere.

        Raises:
            Held, GatewayError, LedgerError: as `read`.

        """
        purse = await self.purse()
        permit = await self._spend(purse)
        try:
            balance = await self._call(purse, permit)
        except GatewayError as error:
            await self._finish(permit, stored(error), error.code)
            raise
        await self._finish(permit, "ok", None)
        return balance

    async def _spend(self, purse: Purse) -> Permit:
        now, mark = self._clock.now(), self._mark()
        account = await self._keeper.use(self._ledger.recall, self.account)
        account = standing.with_credentials(account, mark)
        for memory in (account,) * (account.state in STOPPING) + (purse.memory,):
            if memory.not_before > now:
                raise Held(Denied(reason=memory.state, until=memory.not_before))
        granted = await self._keeper.use(
            self._ledger.spend_balance,
            self.account,
            self._limits,
            now,
            mark=mark,
            tried=purse.is_tried(mark),
        )
        if isinstance(granted, Denied):
            raise Held(granted)
        return Permit(granted, self.account, BALANCE, REQUEST, now)

    async def _call(self, purse: Purse, permit: Permit) -> Balance:
        """Make the call; the account is told of what concerns all its calls."""
        try:
            return await self._source.balance(REQUEST, permit)
        except (RefusedLogin, AddressBlocked) as error:
            if isinstance(error, AddressBlocked) or purse.is_tried(self._mark()):
                await self._tell_account(error)
            raise
        except asyncio.CancelledError:
            with contextlib.suppress(LedgerError):
                await self._finish(permit, "timeout", None)
            raise

    async def _tell_account(self, error: GatewayError) -> None:
        """Let the account pause as after a history call that failed so."""
        await self._keeper.use(
            self._ledger.amend, self.account, lambda memory: self._after(memory, error)
        )

    def _after(self, memory: Memory, error: GatewayError) -> Memory:
        now, mark = self._clock.now(), self._mark()
        return standing.after_error(memory, error, now, mark=mark, random=self._random)

    async def _keep(self, purse: Purse, permit: Permit, result: str, code: int | None) -> None:
        outcome = self._outcome(permit, result, code)
        await self._keeper.use(
            self._ledger.keep_purse, self.account, purse, permit.id, self._limits, outcome
        )

    async def _finish(self, permit: Permit, result: str, code: int | None) -> None:
        outcome = self._outcome(permit, result, code)
        await self._keeper.use(self._ledger.finish, permit.id, self._limits, outcome)

    def _outcome(self, permit: Permit, result: str, code: int | None) -> Outcome:
        now = self._clock.now()
        duration = max(0.0, now - permit.spent_at)
        return Outcome(finished_at=now, duration=duration, result=result, code=code)
