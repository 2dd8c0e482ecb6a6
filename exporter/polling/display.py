"""What one account's poller shows of itself on the board."""

import msgspec
import structlog

from exporter.clock import Clock
from exporter.ledger.snapshot import AccountState
from exporter.polling.board import Board, StreamNotes


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
        self._shown = ("starting", "")

    @property
    def is_failing(self) -> bool:
        """Whether the last poll did not work."""
        return self._up is False

    def polled(self, channel: str, *, worked: bool) -> None:
        """A call for a stream is over."""
        self._up = self._polls[channel] = worked

    def broke(self) -> None:
        """The poller itself failed; that does not count as a turn."""
        self._up = False
        self._board.set_account(msgspec.structs.replace(self._now(), up=False))

    def stream(self, channel: str, cadence: float) -> None:
        """Show a stream with the seconds between its newest pages."""
        notes = StreamNotes(cadence, self._polls.get(channel))
        self._board.set_stream(self._account, channel, notes)

    def budget(self, limit: int, free_at: tuple[float, ...]) -> None:
        """Show what may be spent, and when each permit that is spent returns."""
        after = msgspec.structs.replace(self._now(), budget_limit=limit, permits_free_at=free_at)
        self._board.set_account(after)

    def turned(self, state: str, detail: str, until: float | None) -> None:
        """The poller has gone round; it means to go on at ``until`` (Unix seconds)."""
        self._board.set_account(
            msgspec.structs.replace(
                self._now(),
                up=self._up,
                state=state,
                detail=detail,
                expected_countries=self._expected_countries,
                last_turn=self._clock.now(),
                next_poll=until,
            )
        )
        if (state, detail) != self._shown:
            self._shown = (state, detail)
            log.info("account state", account=self._account, state=state, detail=detail)

    def without_ledger(self, reason: str) -> None:
        """The poller has gone round, but nothing can be kept."""
        self._up = False
        self.turned("ledger", reason, None)

    def _now(self) -> AccountState:
        return self._board.account(self._account) or AccountState(account=self._account)
