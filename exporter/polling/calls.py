"""One history call from permit to ledger: the only way to the gateway."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from random import Random
from typing import Protocol, TypeVar

import msgspec

from exporter.clock import Clock
from exporter.gateway.client import Answer
from exporter.gateway.errors import (
    AddressBlocked,
    GatewayError,
    OverLimit,
    RefusedLogin,
    Unreachable,
)
from exporter.gateway.message import Page
from exporter.gateway.permit import Permit
from exporter.gateway.request import HistoryRequest
from exporter.gateway.statistics import StatisticsRequest
from exporter.ledger.accounts import Memory
from exporter.ledger.errors import LeaseLost, LedgerError
from exporter.ledger.ledger import Ledger
from exporter.ledger.logins import UNJUDGED
from exporter.ledger.permits import Denied, Limits, Share
from exporter.ledger.records import Applied, Outcome
from exporter.polling import standing
from exporter.polling.keeper import Keeper


_T = TypeVar("_T")
KEEP_PAGE = 60.0
"""Seconds for which a page is kept that a shared ledger can't take."""
RETRY = 1.0
WEIGHTY = (RefusedLogin, AddressBlocked, OverLimit, Unreachable)
"""Errors that are about the account, this address or the way to the gateway, whatever was asked."""


class History(Protocol):
    """The part of the gateway client that polling needs."""

    async def history(
        self, request: HistoryRequest, permit: Permit, *, personal: bool = False
    ) -> Answer:
        """Make the call."""
        ...


class BudgetSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The configured limits of an account."""

    requests: int
    window: float
    identical: int
    identical_window: float
    concurrency: int
    reserve: int
    call_timeout: float


def limits_now(settings: BudgetSettings, memory: Memory, now: float) -> Limits:
    """What may be spent now, after back-off and reserve."""
    return Limits(
        requests=standing.limit_now(memory, max(1, settings.requests - settings.reserve), now),
        window=settings.window,
        identical=settings.identical,
        identical_window=settings.identical_window,
        concurrency=settings.concurrency,
        call_timeout=settings.call_timeout,
    )


class Polled(msgspec.Struct, frozen=True, kw_only=True):
    """A call that gave a page, which the ledger has taken."""

    started: float
    """When its permit was spent, just before it left."""
    answer: Answer
    applied: Applied


class Held(Exception):
    """No permit now; ``denied`` says why and until when."""

    def __init__(self, denied: Denied) -> None:
        super().__init__(f"no permit: {denied.reason}")
        self.denied = denied


class Calls:
    """Makes an account's calls: permit first, then the call, then the ledger, then the standing."""

    def __init__(
        self,
        account: str,
        history: History,
        keeper: Keeper,
        settings: BudgetSettings,
        *,
        clock: Clock,
        random: Random,
        mark: Callable[[], int],
    ) -> None:
        self.account = account
        self._history = history
        self._keeper = keeper
        self._settings = settings
        self._clock = clock
        self._random = random
        self._mark = mark
        self._memory = Memory()
        self._unsaved = False

    @property
    def _ledger(self) -> Ledger:
        return self._keeper.ledger

    def limits(self, memory: Memory, now: float) -> Limits:
        """What may be spent now, after back-off and reserve."""
        return limits_now(self._settings, memory, now)

    async def memory(self) -> Memory:
        """How the account stands, with its present credentials."""
        if not self._unsaved:
            self._memory = await self._keeper.use(self._ledger.recall, self.account)
        await self._become(standing.with_credentials(self._memory, self._mark()))
        return self._memory

    async def poll(self, channel: str, kind: str, request: HistoryRequest) -> Polled:
        """Make a call and apply its page.

        Raises:
            Held: there is no permit, or the account has to wait.
            GatewayError: the call gave no page; the account's standing is updated.
            LedgerError: nothing was kept.

        """
        memory = await self.memory()
        permit, limits = await self._spend("retry" if memory.pause else kind, request)
        answer, outcome = await self._call(request, permit, limits, personal=False)
        applied = await self._apply(channel, request, answer.page, permit, limits, outcome)
        await self._become(standing.after_success(self._memory))
        return Polled(started=permit.spent_at, answer=answer, applied=applied)

    async def _apply(
        self,
        channel: str,
        request: HistoryRequest,
        page: Page,
        permit: Permit,
        limits: Limits,
        outcome: Outcome,
    ) -> Applied:
        """Apply a page, again and again while a shared ledger is away: others may have cut us off,
        and the page has cost a permit.
        """
        again = False
        while True:
            try:
                return await self._keeper.use(
                    self._ledger.apply,
                    self.account,
                    channel,
                    request,
                    page,
                    started=permit.spent_at,
                    permit_id=permit.id,
                    limits=limits,
                    outcome=outcome,
                    again=again,
                )
            except LeaseLost:
                raise
            except LedgerError:
                late = self._clock.now() - outcome.finished_at > KEEP_PAGE
                if late or not self._ledger.store.is_shared:
                    raise
                again = True
                await self._clock.sleep(RETRY)

    async def ask(
        self,
        kind: str,
        request: HistoryRequest,
        *,
        personal: bool = False,
        one_in: int | None = None,
    ) -> Answer:
        """Make a call whose page is for a person's eyes, not for the ledger.

        A question that the gateway doesn't understand, or an answer that can't be read, does not
        hold up polling, which asks otherwise. With ``one_in`` calls of this kind take at most one
        permit in so many of a window's.

        Raises:
            Held, GatewayError, LedgerError: as `poll`.

        """
        await self.memory()
        permit, limits = await self._spend(kind, request, one_in)
        answer, outcome = await self._call(
            request, permit, limits, personal=personal, telling=WEIGHTY
        )
        await self._keeper.use(self._ledger.finish, permit.id, limits, outcome)
        await self._become(standing.after_success(self._memory))
        return answer

    async def lend(
        self, kind: str, request: StatisticsRequest, make: Callable[[Permit], Awaitable[_T]]
    ) -> _T:
        """Make another call on a permit of the history's; its errors hold nothing up.

        Raises:
            Held, GatewayError, LedgerError: as `poll`.

        """
        await self.memory()
        permit, limits = await self._spend(kind, request)
        result, code = "timeout", None
        try:
            made = await make(permit)
            result = "ok"
        except GatewayError as error:
            result, code = stored(error), error.code
            raise
        finally:
            outcome = self._outcome(permit, result, code)
            await self._keeper.use(self._ledger.finish, permit.id, limits, outcome)
        return made

    async def _spend(
        self, kind: str, request: HistoryRequest | StatisticsRequest, one_in: int | None = None
    ) -> tuple[Permit, Limits]:
        memory, now = self._memory, self._clock.now()
        if memory.not_before > now:
            raise Held(Denied(reason=memory.state, until=memory.not_before))
        limits = self.limits(memory, now)
        share = None if one_in is None else Share(kind, max(1, limits.requests // one_in))
        granted = await self._keeper.use(
            self._ledger.spend,
            self.account,
            kind,
            request,
            limits,
            now,
            mark=self._mark(),
            share=share,
        )
        if isinstance(granted, Denied):
            raise Held(granted)
        return Permit(granted, self.account, kind, request, now), limits

    async def _call(
        self,
        request: HistoryRequest,
        permit: Permit,
        limits: Limits,
        *,
        personal: bool,
        telling: tuple[type[GatewayError], ...] = (GatewayError,),
    ) -> tuple[Answer, Outcome]:
        """Make the call; errors of the kinds in ``telling`` say how the account stands."""
        try:
            answer = await self._history.history(request, permit, personal=personal)
        except GatewayError as error:
            outcome = self._outcome(permit, stored(error), error.code)
            if isinstance(error, telling):
                self._suffer(error)
            await self._keeper.use(self._ledger.finish, permit.id, limits, outcome)
            await self._learn(error)
            raise
        except asyncio.CancelledError:
            outcome = self._outcome(permit, "timeout", None)
            with contextlib.suppress(LedgerError):
                await self._keeper.use(self._ledger.finish, permit.id, limits, outcome)
            raise
        return answer, self._outcome(permit, "ok", None)

    def _outcome(self, permit: Permit, result: str, code: int | None) -> Outcome:
        now = self._clock.now()
        duration = max(0.0, now - permit.spent_at)
        return Outcome(finished_at=now, duration=duration, result=result, code=code)

    def _suffer(self, error: GatewayError) -> None:
        """Pause, whether or not the ledger can take note of it now."""
        now, mark = self._clock.now(), self._mark()
        self._memory = standing.after_error(
            self._memory, error, now, mark=mark, random=self._random
        )
        self._unsaved = True

    async def _learn(self, error: GatewayError) -> None:
        memory, now = self._memory, self._clock.now()
        if standing.teaches(error):
            usage = await self._keeper.use(self._ledger.usage, self.account, now)
            memory = standing.with_lower_limit(memory, now, len(usage.free_at))
        await self._become(memory)

    async def _become(self, memory: Memory) -> None:
        """Remember how the account stands, here and in the ledger."""
        if memory == self._memory and not self._unsaved:
            return
        self._memory, self._unsaved = memory, True
        await self._keeper.use(self._ledger.remember, self.account, memory)
        self._unsaved = False


def stored(error: GatewayError) -> str:
    """The call's result as the ledger keeps it."""
    return UNJUDGED + error.result if error.unjudged else error.result
