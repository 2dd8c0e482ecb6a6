"""Keeps this process among those that share a ledger, and says which accounts it polls."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from exporter.clock import Clock
from exporter.ledger.errors import LedgerError
from exporter.ledger.holdings import Shift
from exporter.logs import Repeats
from exporter.polling.board import Board
from exporter.polling.keeper import Keeper


BEATS = 4
"""How often within its span a replica says that it is alive."""

log = structlog.get_logger("replica")


class Owners:
    """Takes and leaves accounts of a shared ledger.

    ``start`` begins to poll an account; ``stop`` ends that, at once or when the call under way is
    over.
    """

    def __init__(
        self,
        keeper: Keeper,
        board: Board,
        clock: Clock,
        span: float,
        *,
        start: Callable[[str], None],
        stop: Callable[[str, bool], Awaitable[None]],
    ) -> None:
        self._keeper = keeper
        self._board = board
        self._clock = clock
        self._span = span
        self._start = start
        self._stop = stop
        self._polled: set[str] = set()
        self._leaving: dict[str, asyncio.Task[None]] = {}
        self._repeats = Repeats(clock)

    async def run(self) -> None:
        """Beat until cancelled."""
        while True:
            await self._clock.sleep(await self._turn())

    async def _turn(self) -> float:
        """Beat once; gives the seconds to the next time."""
        try:
            shift = await self.beat()
        except LedgerError:
            return self._span / BEATS  # the keeper has said so
        except Exception:  # noqa: BLE001  logged; without beats all accounts would be lost
            self._repeats.log(log.exception, "replica fault")
            return self._span / BEATS
        return 0.0 if shift.more else self._span / BEATS

    async def beat(self) -> Shift:
        """Say that this process is alive; poll what is its own now, and nothing else.

        Raises:
            LedgerError: nothing changed.

        """
        asked = self._clock.now()
        ledger = self._keeper.ledger
        shift = await self._keeper.use(ledger.beat, asked)
        self._board.ours_until(asked + self._span if shift.others else None)
        gone = self._polled - ledger.accounts | self._polled & set(shift.taken)
        for account in gone - self._leaving.keys():
            await self._end(account, patient=False)
            self._board.drop(account)
        for account in sorted(ledger.accounts - self._polled - self._leaving.keys()):
            self._board.take(ledger, account)
            self._start(account)
            self._polled.add(account)
            log.info("account taken", account=account)
        for account in self._polled & set(shift.to_leave) - self._leaving.keys():
            leaving = asyncio.create_task(self._leave(account), name=f"leaving {account}")
            self._leaving[account] = leaving
        return shift

    async def _leave(self, account: str) -> None:
        """Hand an account over, beside the beats: the call under way may take longer than those."""
        try:
            await self._end(account, patient=True)
            await self._keeper.use(self._keeper.ledger.release, (account,))
        except LedgerError:
            pass  # the next beat finds it held and takes it up again
        finally:
            # Not before: what the ledger still has, the board takes over with the next page.
            self._board.drop(account)
            del self._leaving[account]

    async def _end(self, account: str, *, patient: bool) -> None:
        if account not in self._polled:
            return
        await self._stop(account, patient)
        self._polled.discard(account)
        log.info("account left" if patient else "account lost", account=account)
