"""One account's loop: ask the planner, make the call, show what came of it."""

import msgspec
import structlog

from exporter.clock import Clock
from exporter.gateway.errors import BadParameters, GatewayError
from exporter.ledger.accounts import Memory
from exporter.ledger.errors import LedgerError
from exporter.ledger.ledger import Applied, Ledger
from exporter.ledger.permits import Limits
from exporter.ledger.snapshot import AccountState
from exporter.logs import Repeats
from exporter.polling.board import Board, StreamNotes
from exporter.polling.calls import Calls, Held
from exporter.polling.keeper import Keeper
from exporter.polling.planner import AccountView, Ask, Planner, Wait
from exporter.polling.recent import RecentRecipients


TICK = 180.0
"""Longest sleep, seconds: a poller that waits still goes round, and looks at the ledger."""
PRUNE_EVERY = 600.0
"""Seconds between rounds of forgetting."""
LEDGER_PAUSE = 1.0
FAULT_FIRST = 15.0
FAULT_MOST = 900.0
"""Seconds to the next turn after a fault of ours; doubled as long as it lasts."""

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
        before = board.account(settings.account)
        self._up = before.up if before else None
        self._poll_up = board.polls(settings.account)
        self._unseen: set[str] = set()
        self._last_call: float | None = None
        self._pruned: float | None = None
        self._shown: tuple[str, str] = ("", "")
        self._faults = 0
        self._repeats = Repeats(clock)

    async def run(self) -> None:
        """Go round until cancelled."""
        while True:
            try:
                until = await self.turn()
                self._faults = 0
            except Exception:  # noqa: BLE001  logged, and not counted as a turn
                until = self._fault()
            await self._clock.sleep(min(until - self._clock.now(), TICK))

    async def turn(self) -> float:
        """Go round once; gives the time (Unix seconds) of the next turn."""
        try:
            return await self._step()
        except LedgerError as error:
            self._up = False
            self._show("ledger", str(error), None)
            return self._clock.now() + LEDGER_PAUSE

    async def _step(self) -> float:
        memory = await self._calls.memory()
        limits = self._calls.limits(memory, self._clock.now())
        await self._prune()
        view = await self._view(limits)
        decision = self._decide(memory, view)
        until = decision.until if isinstance(decision, Wait) else view.now
        await self._settle(memory, limits, view, until)
        return until if isinstance(decision, Wait) else await self._ask(decision)

    def _decide(self, memory: Memory, view: AccountView) -> Ask | Wait:
        if memory.not_before > view.now:
            return Wait(until=memory.not_before, reason=memory.state)
        return self._planner.decide(view)

    def _fault(self) -> float:
        """A fault of ours in one account must neither end its polling nor touch others'; the loop
        does not count as turned, so that health checks notice.
        """
        self._repeats.log(log.exception, "poller fault", account=self._settings.account)
        self._up = False
        before = self._board.account(self._settings.account)
        if before is not None:
            self._board.set_account(msgspec.structs.replace(before, up=False))
        pause = min(FAULT_FIRST * 2.0**self._faults, FAULT_MOST)
        self._faults += 1
        return self._clock.now() + pause

    async def _ask(self, ask: Ask) -> float:
        """Make the planned call; gives the time of the next turn."""
        try:
            answer, applied = await self._calls.poll(ask.channel, ask.kind, ask.request)
        except Held as held:
            self._held(held)
            return held.denied.until
        except GatewayError as error:
            self._failed(ask, error)
            return self._clock.now()
        now = self._last_call = self._clock.now()
        self._up = self._poll_up[ask.channel] = True
        self._unseen.add(ask.channel)
        self._planner.answered(ask, now)
        if self._recent is not None:
            self._recent.add(answer.page.messages, now)
        self._log_poll(ask, applied)
        return now

    def _held(self, held: Held) -> None:
        account, reason = self._settings.account, held.denied.reason
        if reason == "login":
            self._repeats.log(
                log.warning,
                "call held back: too many logins were refused from this address",
                account=account,
            )
        else:
            log.debug("call held back", account=account, reason=reason)

    def _failed(self, ask: Ask, error: GatewayError) -> None:
        self._up = self._poll_up[ask.channel] = False
        self._last_call = self._clock.now()
        if isinstance(error, BadParameters):
            self._planner.answered(ask, self._last_call)
        self._repeats.log(
            log.warning,
            "poll failed",
            key=error.kind,
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
            self._last_call = min(now, usage.free_at[-1] - limits.window)
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
            if channel in self._unseen or not self._up:
                await self._keeper.use(ledger.refresh, account, channel, view.now)
            notes = StreamNotes(cadence, self._poll_up.get(channel))
            self._board.set_stream(account, channel, notes)
        self._unseen.clear()
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
