"""One account's loop: ask the planner, make the call, show what came of it."""

import asyncio

import msgspec

from exporter.clock import Clock
from exporter.gateway.errors import BadParameters, GatewayError
from exporter.ledger.accounts import Memory
from exporter.ledger.errors import LedgerError
from exporter.ledger.permits import Limits, Usage
from exporter.polling import decisions
from exporter.polling.board import Board
from exporter.polling.calls import Calls, Held
from exporter.polling.decisions import Decision
from exporter.polling.display import Display
from exporter.polling.journal import Journal
from exporter.polling.keeper import Keeper
from exporter.polling.planner import AccountView, Ask, Planner, Wait
from exporter.polling.recent import RecentRecipients
from exporter.polling.strain import Strain


TICK = 180.0
"""Longest sleep, seconds, while polling fails: what is unread grows, others may end a pause."""
MOMENT = 0.01
"""Seconds slept longer, so as not to wake up just before the time."""
TIDY_EVERY = 1800.0
"""Seconds between rounds of forgetting."""
REMEMBERED = 3 * 86_400.0
"""Seconds of history of which a planner is told how busy it was."""
LEARNT_EVERY = 600.0
"""Seconds between two notes of what was learnt."""
LEDGER_PAUSE = 1.0
FAULT_FIRST = 15.0
FAULT_MOST = 900.0
"""Seconds to the next turn after a fault of ours; doubled as long as it lasts."""


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
        self._display = Display(settings.account, settings.expected_countries, board, clock)
        self.turning = asyncio.Lock()
        """Held while a turn goes on: whoever holds it can end the poller between two calls."""
        self._unseen = set(settings.channels)
        self._usage = Usage((), 0)
        self._last_call: float | None = None
        self._tidied: float | None = None
        self._begun: int | None = None
        self._learnt_at = clock.now()
        self._faults = 0
        self._journal = Journal(settings.account, clock)
        self._strain = Strain(settings.account)

    async def run(self) -> None:
        """Go round until cancelled."""
        while True:
            async with self.turning:
                pause = await self._go_round()
            await self._clock.sleep(pause)

    async def _go_round(self) -> float:
        """Turn, whatever comes of it; gives the seconds to the next turn."""
        try:
            until = await self.turn()
        except Exception:  # noqa: BLE001  logged, and not counted as a turn
            return self._fault()
        wait = max(0.0, until + MOMENT - self._clock.now())
        return min(wait, TICK) if self._display.is_failing else wait

    async def turn(self) -> float:
        """Go round once; gives the time (Unix seconds) of the next turn."""
        try:
            return await self._step()
        except LedgerError as error:
            self._display.without_ledger(str(error))
            return self._clock.now() + LEDGER_PAUSE

    async def _step(self) -> float:
        memory = await self._calls.memory()
        limits = self._calls.limits(memory, self._clock.now())
        await self._begin()
        await self._tidy_up(limits)
        view = await self._view(limits)
        decision = self._decide(memory, view)
        if isinstance(decision, Wait):
            await self._settle(memory, limits, view, decision.until)
            return decision.until
        await self._settle(memory, limits, view, view.now + limits.call_timeout)
        return await self._ask(decision)

    async def _begin(self) -> None:
        """Tell the planner what the ledger knows, each time that it was opened."""
        if self._begun == self._keeper.openings:
            return
        now, ledger, account = self._clock.now(), self._keeper.ledger, self._settings.account
        since = int(now - REMEMBERED)
        known = {
            channel: await self._keeper.use(ledger.known, account, channel, since=since)
            for channel in self._settings.channels
        }
        learnt = await self._keeper.use(ledger.learnt, account)
        self._planner.begin(known, learnt, now)
        self._begun = self._keeper.openings

    async def _keep_learnt(self, now: float) -> None:
        if now - self._learnt_at < LEARNT_EVERY:
            return
        self._learnt_at = now
        learnt = self._planner.learnt()
        if learnt is not None:
            ledger, account = self._keeper.ledger, self._settings.account
            await self._keeper.use(ledger.keep_learnt, account, learnt)

    def _decide(self, memory: Memory, view: AccountView) -> Ask | Wait:
        if memory.not_before > view.now:
            self._explain(decisions.held(view.now, memory.not_before, memory.state))
            return Wait(until=memory.not_before, reason=memory.state)
        choice = self._planner.decide(view)
        for decision in self._planner.explain()[-1:]:
            self._explain(decision)
        return choice

    def _explain(self, decision: Decision) -> None:
        plain = decision.plain()
        self._journal.planned(plain)
        self._display.decided(plain)

    def _fault(self) -> float:
        """A fault of ours in one account must neither end its polling nor touch others'; it does
        not count as turning, so that health checks notice.
        """
        self._journal.fault()
        self._display.broke()
        pause = min(FAULT_FIRST * 2.0**self._faults, FAULT_MOST)
        self._faults += 1
        return pause

    async def _ask(self, ask: Ask) -> float:
        """Make the planned call; gives the time of the next turn."""
        try:
            polled = await self._calls.poll(ask.channel, ask.kind, ask.request)
        except Held as held:
            self._held(held)
            return held.denied.until
        except GatewayError as error:
            self._faults = 0
            self._failed(ask, error)
            return self._clock.now()
        self._faults = 0
        page = polled.answer.page
        now = self._last_call = self._clock.now()
        self._display.polled(ask.channel, worked=True)
        self._display.learnt(ask.channel, polled.applied.outcomes)
        self._unseen.add(ask.channel)
        self._planner.answered(ask, page, polled.started, now, polled.applied.new)
        await self._keep_learnt(now)
        if self._recent is not None:
            self._recent.add(page.messages, now)
        self._journal.polled(ask, polled.applied)
        return now

    def _held(self, held: Held) -> None:
        denied = held.denied
        self._journal.held(denied.reason)
        self._explain(decisions.held(self._clock.now(), denied.until, denied.reason))

    def _failed(self, ask: Ask, error: GatewayError) -> None:
        self._display.failed(ask.channel, error.kind, str(error))
        self._last_call = self._clock.now()
        if isinstance(error, BadParameters):
            self._planner.answered(ask, None, self._last_call, self._last_call)
        self._journal.failed(ask, error)

    async def _view(self, limits: Limits) -> AccountView:
        ledger, now = self._keeper.ledger, self._clock.now()
        usage = await self._keeper.use(ledger.usage, self._settings.account, now)
        self._usage = usage
        streams = [
            await self._keeper.use(
                ledger.view, self._settings.account, channel, now, limit=self._planner.targets
            )
            for channel in self._settings.channels
        ]
        if self._last_call is None and usage.free_at:
            self._last_call = usage.free_at[-1] - limits.window
        if self._last_call is not None:
            # A call that was cut short, or a clock set back, leaves it in the future.
            self._last_call = min(self._last_call, now)
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
        """Show how the account is doing."""
        ledger, account = self._keeper.ledger, self._settings.account
        blind = self._display.is_failing
        if blind:
            await self._keeper.use(ledger.collect, account, view.now, limits.call_timeout)
        cadence = self._planner.cadence(view)
        for channel in self._settings.channels:
            if blind or channel in self._unseen:
                await self._keeper.use(ledger.refresh, account, channel, view.now)
            self._display.stream(channel, cadence)
        self._unseen.clear()
        if self._recent is not None:
            self._board.set_recent(account, self._recent.shares(view.now))
        self._board.take(ledger, account)
        outlook = self._planner.outlook(view)
        if outlook is not None:
            self._strain.note(outlook, view.now)
        self._display.budget(limits.requests, self._usage, outlook)
        if not self._faults:
            self._display.turned(memory.state, memory.detail, until)

    async def _tidy_up(self, limits: Limits) -> None:
        """From time to time forget what is old, and count calls that other processes made."""
        now, ledger, account = self._clock.now(), self._keeper.ledger, self._settings.account
        if self._tidied is not None and now - self._tidied < TIDY_EVERY:
            return
        await self._keeper.use(ledger.collect, account, now, limits.call_timeout)
        more = False
        for channel in self._settings.channels:
            pruned = await self._keeper.use(ledger.prune, account, channel, now)
            more = more or pruned.more
            if pruned.lost:
                self._journal.gave_up(channel, pruned.lost)
        if not more:
            self._tidied = now
