"""What one account's poller shows of itself on the board."""

from collections.abc import Mapping

import msgspec
import structlog

from exporter.clock import Clock
from exporter.ledger.lately import with_outcomes
from exporter.ledger.outlook import Outlook
from exporter.ledger.permits import Usage
from exporter.ledger.snapshot import AccountState
from exporter.polling.board import Board, StreamNotes


KEPT_DECISIONS = 20
"""The last decisions that are shown."""
FAULT = "a fault of the exporter itself; the log has it"

STOPPING = ("refused", "blocked")
"""States in which nothing works, whichever call found it out: the account's balance may have."""

log = structlog.get_logger("poller")


class Display:
    """The state of one account, carried over from the poller before."""

    def __init__(
        self, account: str, expected_countries: tuple[str, ...], board: Board, clock: Clock
    ) -> None:
        self._account = account
        self._expected_countries = expected_countries
        self._board = board
        self._clock = clock
        before = board.account(account)
        self._up = before.up if before else None
        self._polls = board.polls(account)
        known = before.watched_since if before else None
        self._since = clock.now() if known is None else known
        self._shown = ("starting", "")

    @property
    def is_failing(self) -> bool:
        """Whether the last poll did not work."""
        return self._up is False

    def polled(self, channel: str, *, worked: bool) -> None:
        """A call for a stream is over."""
        self._up = self._polls[channel] = worked

    def failed(self, channel: str, kind: str, text: str) -> None:
        """A call for a stream gave no page."""
        self.polled(channel, worked=False)
        self._board.trouble(self._account, channel, kind, text, self._clock.now())

    def broke(self) -> None:
        """The poller itself failed; that does not count as a turn."""
        self._up = False
        self._board.trouble(self._account, "exporter", "fault", FAULT, self._clock.now())
        self._board.set_account(msgspec.structs.replace(self._now(), up=False))

    def stream(self, channel: str, cadence: float) -> None:
        """Show a stream with the seconds between its newest pages."""
        notes = StreamNotes(cadence, self._polls.get(channel))
        self._board.set_stream(self._account, channel, notes)

    def decided(self, decision: Mapping[str, object]) -> None:
        """Show what planning decided, as `Decision.plain` gives it; a wait that goes on is one."""
        now = self._now()
        before = now.decisions
        goes_on = decision["action"] == "wait" and before and _same_wait(before[0], decision)
        kept = before[1:] if goes_on else before[: KEPT_DECISIONS - 1]
        after = msgspec.structs.replace(now, decisions=(decision, *kept))
        self._board.set_account(after)

    def budget(self, limit: int, usage: Usage, outlook: Outlook | None) -> None:
        """Show what may be spent, what was, and how it looks."""
        self._board.set_account(
            msgspec.structs.replace(
                self._now(),
                budget_limit=limit,
                permits_free_at=usage.free_at,
                calls=usage.calls,
                outlook=outlook,
            )
        )

    def learnt(self, channel: str, outcomes: Mapping[str, int]) -> None:
        """Show what became of messages of a stream by their first deadline."""
        now = self._now()
        spans = with_outcomes(now.outcomes, channel, outcomes, self._clock.now())
        self._board.set_account(msgspec.structs.replace(now, outcomes=spans))

    def turned(self, state: str, detail: str, until: float | None) -> None:
        """The poller has gone round; it means to go on at ``until`` (Unix seconds)."""
        if state in STOPPING:
            self._up = False
        self._board.set_account(
            msgspec.structs.replace(
                self._now(),
                up=self._up,
                state=state,
                detail=detail,
                expected_countries=self._expected_countries,
                last_turn=self._clock.now(),
                next_poll=until,
                watched_since=self._since,
            )
        )
        if (state, detail) != self._shown:
            self._shown = (state, detail)
            log.info("account state", account=self._account, state=state, detail=detail)

    def without_ledger(self, reason: str) -> None:
        """The poller has gone round, but nothing can be kept."""
        self._up = False
        self._board.trouble(self._account, "ledger", "ledger", reason, self._clock.now())
        self.turned("ledger", reason, None)

    def _now(self) -> AccountState:
        return self._board.account(self._account) or AccountState(account=self._account)


def _same_wait(one: Mapping[str, object], other: Mapping[str, object]) -> bool:
    return all(one[key] == other[key] for key in ("action", "reason"))
