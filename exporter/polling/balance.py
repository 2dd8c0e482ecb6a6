"""One account's balance: read from time to time, beside the history and never in its way."""

import msgspec
import structlog

from exporter.clock import Clock
from exporter.gateway.errors import GatewayError
from exporter.ledger.balances import Purse
from exporter.ledger.errors import LedgerError
from exporter.ledger.snapshot import AccountState, BalanceState
from exporter.logs import Repeats
from exporter.polling.balance_calls import BalanceCalls
from exporter.polling.board import Board
from exporter.polling.calls import Held
from exporter.polling.keeper import Keeper


MOMENT = 0.01
"""Seconds slept longer, so as not to wake up just before the time."""
LEDGER_PAUSE = 1.0
FAULT_PAUSE = 900.0
"""Seconds to the next turn after a fault of ours."""
NOT_ALLOWED = (
    "while the history is read these credentials are right, but may not ask for the balance: "
    "set balance.enabled to false"
)

log = structlog.get_logger("balance")


class BalanceSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What must be known of the account."""

    account: str
    interval: float
    """Seconds between readings."""
    currency: str
    """Of the account's costs."""


class BalancePoller:
    """Reads one account's balance for ever; nothing it meets ends it but cancellation."""

    def __init__(
        self,
        settings: BalanceSettings,
        calls: BalanceCalls,
        keeper: Keeper,
        board: Board,
        *,
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._calls = calls
        self._keeper = keeper
        self._board = board
        self._clock = clock
        self._repeats = Repeats(clock)
        self._differing: str | None = None

    async def run(self) -> None:
        """Go round until cancelled."""
        while True:
            until = await self._go_round()
            await self._clock.sleep(max(0.0, until + MOMENT - self._clock.now()))

    async def turn(self) -> float:
        """Go round once; gives the time (Unix seconds) of the next turn."""
        purse = await self._calls.purse()
        due = self._due(purse)
        if due <= self._clock.now():
            due = await self._ask()
            purse = await self._calls.purse()
            due = max(due, self._due(purse))
        self._show(purse, due)
        return due

    async def _go_round(self) -> float:
        """Turn, whatever comes of it."""
        try:
            return await self.turn()
        except LedgerError:
            return self._clock.now() + LEDGER_PAUSE
        except Exception:  # noqa: BLE001  a fault of ours must not end the reading
            account = self._settings.account
            self._repeats.log(log.exception, "balance poller fault", account=account)
            return self._clock.now() + FAULT_PAUSE

    def _due(self, purse: Purse) -> float:
        """When the next call may be made; a clock that was set back puts it off by one interval."""
        paused = purse.memory.not_before
        if purse.reading is None:
            return paused
        latest = min(purse.reading.read_at, self._clock.now())
        return max(paused, latest + self._settings.interval)

    async def _ask(self) -> float:
        """Read the balance; gives the time before which there is no permit to try again."""
        account = self._settings.account
        try:
            purse = await self._calls.read()
        except Held as held:
            log.debug("balance call held back", account=account, reason=held.denied.reason)
            return held.denied.until
        except GatewayError as error:
            self._polled(up=False)
            self._board.trouble(account, "balance", error.kind, str(error), self._clock.now())
            self._repeats.log(
                log.warning,
                "balance not read",
                key=error.kind,
                account=account,
                fault=error.kind,
                error=str(error),
            )
        else:
            self._polled(up=True)
            self._tell(purse)
        self._board.take(self._keeper.ledger, account)
        return 0.0

    def _polled(self, *, up: bool) -> None:
        state = _shown(self._board, self._settings.account)
        _show(self._board, self._settings.account, msgspec.structs.replace(state, poll_up=up))

    def _tell(self, purse: Purse) -> None:
        if purse.reading is None:
            return
        told, account = purse.reading.balance, self._settings.account
        currency = told.currency or self._settings.currency
        log.info("balance", account=account, amount=str(told.amount), currency=currency)
        if currency == self._settings.currency:
            self._differing = None
        elif currency != self._differing:
            self._differing = currency
            log.warning("balance in another currency", account=account, error=self._detail(purse))

    def _detail(self, purse: Purse) -> str:
        told = None if purse.reading is None else purse.reading.balance.currency
        if purse.memory.state == "refused":
            return f"{purse.memory.detail}; {NOT_ALLOWED}"
        if purse.memory.detail or told in (None, self._settings.currency):
            return purse.memory.detail
        return (
            f"the balance is in {told}, the account's costs are taken to be in"
            f" {self._settings.currency}; set its currency to {told}"
        )

    def _show(self, purse: Purse, due: float) -> None:
        name, reading = self._settings.account, purse.reading
        state = msgspec.structs.replace(
            _shown(self._board, name),
            cadence=self._settings.interval,
            state=purse.memory.state,
            detail=self._detail(purse),
            next_poll=due,
        )
        if reading is not None:
            told = reading.balance
            state = msgspec.structs.replace(
                state,
                amount=told.amount,
                credit=told.credit,
                currency=told.currency or self._settings.currency,
                read_at=reading.read_at,
            )
        _show(self._board, name, state)


def announce(board: Board, account: str, *, asked: bool) -> None:
    """Show whether an account's balance is asked for; what is known of it stays in sight."""
    _show(board, account, _shown(board, account) if asked else None)


def _shown(board: Board, account: str) -> BalanceState:
    known = board.account(account)
    return (known.balance if known else None) or BalanceState()


def _show(board: Board, account: str, state: BalanceState | None) -> None:
    known = board.account(account) or AccountState(account=account)
    board.set_account(msgspec.structs.replace(known, balance=state))
