"""One account's loop: ask the planner, make the call, show what came of it."""

import msgspec
import structlog

from exporter.clock import Clock
from exporter.gateway.errors import GatewayError
from exporter.ledger.accounts import Memory
from exporter.ledger.errors import LedgerError
from exporter.ledger.ledger import Applied, Ledger
from exporter.ledger.permits import Limits
from exporter.ledger.snapshot import AccountState
from exporter.polling.board import Board, StreamNotes
from exporter.polling.calls import Calls, Held
from exporter.polling.keeper import Keeper
from exporter.polling.planner import AccountView, Ask, Planner, Wait
from exporter.polling.recent import RecentRecipients


TICK = 15.0
"""Longest sleep, seconds: a poller that waits still goes round, and shows that it lives."""
PRUNE_EVERY = 600.0
"""Seconds between rounds of forgetting."""
LEDGER_PAUSE = 1.0

log = structlog.get_logger("poller")


class PollerSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What a poller must know of its account."""

    account: str
    channels: tuple[str, ...]
    expected_countries: tuple[str, ...] = ()


class Poller:
    """Polls one account for ever; nothing it meets ends it but cancellation."""

    def __init__(
        self,
        settings: PollerSettings,
        calls: Calls,
        keeper: Keeper,
        board: Board,
        planner: Planner,
        *,
        clock: Clock,
        recent: RecentRecipients | None,
    ) -> None:
        self._settings = settings
        self._calls = calls
        self._keeper = keeper
        self._board = board
        self._planner = planner
        self._clock = clock
        self._recent = recent
        self._up: bool | None = None
        self._poll_up: dict[str, bool] = {}
        self._last_call: float | None = None
        self._pruned: float | None = None
        self._shown: tuple[str, str] = ("", "")

    async def run(self) -> None:
        """Go round until cancelled."""
        while True:
            try:
                until = await self.turn()
            except Exception:
                # A fault of ours in one account must neither end its polling nor touch others';
                # the loop does not count as turned, so that health checks notice.
                log.exception("poller fault", account=self._settings.account)
                until = self._clock.now() + TICK
            await self._clock.sleep(min(until - self._clock.now(), TICK))

    async def turn(self) -> float:
        """Go round once; gives the time (Unix seconds) of the next turn."""
        try:
            await self._keeper.ready()
            return await self._step()
        except LedgerError:
            self._show("ledger", "the ledger is not available", None)
            return self._clock.now() + LEDGER_PAUSE

    async def _step(self) -> float:
        memory = await self._calls.memory()
        limits = self._calls.limits(memory, self._clock.now())
        await self._prune()
        view = await self._view(limits)
        if memory.not_before > view.now:
            await self._settle(memory, limits, view, memory.not_before)
            return memory.not_before
        decision = self._planner.decide(view)
        if isinstance(decision, Wait):
            await self._settle(memory, limits, view, decision.until)
            return decision.until
        until = await self._ask(decision)
        memory = await self._calls.memory()
        after = await self._view(self._calls.limits(memory, self._clock.now()))
        await self._settle(memory, limits, after, until)
        return until

    async def _ask(self, ask: Ask) -> float:
        """Make the planned call; gives the time of the next turn."""
        try:
            answer, applied = await self._calls.poll(ask.channel, ask.kind, ask.request)
        except Held as held:
            log.debug("call held", account=self._settings.account, reason=held.denied.reason)
            return held.denied.until
        except GatewayError as error:
            self._failed(ask, error)
            return self._clock.now()
        self._up = self._poll_up[ask.channel] = True
        self._last_call = self._clock.now()
        if self._recent is not None:
            self._recent.add(answer.page.messages, self._last_call)
        self._log_poll(ask, applied)
        ledger = self._keeper.ledger
        await self._keeper.use(ledger.refresh, self._settings.account, ask.channel, self._last_call)
        return self._last_call

    def _failed(self, ask: Ask, error: GatewayError) -> None:
        self._up = self._poll_up[ask.channel] = False
        self._last_call = self._clock.now()
        log.warning(
            "poll failed",
            account=self._settings.account,
            channel=ask.channel,
            kind=ask.kind,
            fault=error.kind,
            error=str(error),
        )

    async def _view(self, limits: Limits) -> AccountView:
        ledger, now = self._keeper.ledger, self._clock.now()
        usage = await self._keeper.use(ledger.usage, self._settings.account, now)
        streams = [
            await self._keeper.use(ledger.view, self._settings.account, channel, now)
            for channel in self._settings.channels
        ]
        if self._last_call is None and usage.free_at:
            self._last_call = usage.free_at[-1] - limits.window
        return AccountView(
            now=now,
            streams=tuple(streams),
            limit=limits.requests,
            window=limits.window,
            free_at=usage.free_at,
            last_call=self._last_call,
        )

    async def _settle(
        self, memory: Memory, limits: Limits, view: AccountView, until: float
    ) -> None:
        """Show the account's state, calls made elsewhere included."""
        ledger, account = self._keeper.ledger, self._settings.account
        await self._keeper.use(ledger.collect, account, view.now, limits.call_timeout)
        cadence = self._planner.cadence(view)
        for channel in self._settings.channels:
            notes = StreamNotes(cadence, self._poll_up.get(channel))
            self._board.set_stream(account, channel, notes)
        if self._recent is not None:
            self._board.set_recent(account, self._recent.shares(view.now))
        self._board.take(ledger)
        self._show(memory.state, memory.detail, until, limits=limits, free_at=view.free_at)

    def _show(
        self,
        state: str,
        detail: str,
        until: float | None,
        *,
        limits: Limits | None = None,
        free_at: tuple[float, ...] | None = None,
    ) -> None:
        before = self._board.account(self._settings.account) or AccountState(
            account=self._settings.account
        )
        self._board.set_account(
            msgspec.structs.replace(
                before,
                up=self._up,
                state=state,
                detail=detail,
                budget_limit=before.budget_limit if limits is None else limits.requests,
                permits_free_at=before.permits_free_at if free_at is None else free_at,
                expected_countries=self._settings.expected_countries,
                last_turn=self._clock.now(),
                next_poll=until,
            )
        )
        if (state, detail) != self._shown:
            self._shown = (state, detail)
            log.info("account state", account=self._settings.account, state=state, detail=detail)

    async def _prune(self) -> None:
        now = self._clock.now()
        if self._pruned is not None and now - self._pruned < PRUNE_EVERY:
            return
        ledger: Ledger = self._keeper.ledger
        more = [
            await self._keeper.use(ledger.prune, self._settings.account, channel, now)
            for channel in self._settings.channels
        ]
        if not any(more):
            self._pruned = now

    def _log_poll(self, ask: Ask, applied: Applied) -> None:
        log.info(
            "polled",
            account=self._settings.account,
            channel=ask.channel,
            kind=ask.kind,
            reason=ask.reason,
            rows=applied.rows,
            new=applied.new,
            final=applied.finals,
            gap_opened=applied.opened_gap,
            gaps_closed=applied.closed_gaps,
        )
