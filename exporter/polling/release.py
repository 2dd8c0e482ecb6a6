"""Lets series go that were held at 0 for long enough, the ledger first."""

from collections.abc import Collection
from collections.abc import Set as AbstractSet
from typing import Protocol

import structlog

from exporter.clock import Clock
from exporter.ledger.errors import LedgerError
from exporter.ledger.snapshot import Series
from exporter.logs import Repeats
from exporter.polling.board import Board
from exporter.polling.keeper import Keeper


EVERY = 1.0
"""Seconds between two looks: so much longer than need be a series is held at most."""

log = structlog.get_logger("release")


class Holder(Protocol):
    """What holds new series at 0: `exporter.exposition.collector.LedgerCollector`."""

    def ripe(self) -> Collection[Series]:
        """Series that have been held for long enough; asked from the ledger's thread."""
        ...


class Release:
    """Has the ledger note which series may be shown at their value, and then shows them.

    In this order, so that no series is at its value on a page of which a crash would leave no
    trace. While the ledger is away, what is held stays held.
    """

    def __init__(self, holder: Holder, keeper: Keeper, board: Board, clock: Clock) -> None:
        self._holder = holder
        self._keeper = keeper
        self._board = board
        self._clock = clock
        self._repeats = Repeats(clock)

    async def run(self) -> None:
        """Look again and again until cancelled."""
        while True:
            await self._clock.sleep(EVERY)
            try:
                await self.turn()
            except LedgerError:
                continue  # the keeper has said so
            except Exception:  # noqa: BLE001  logged; what is held would stay held for ever
                self._repeats.log(log.exception, "release fault")

    async def turn(self) -> None:
        """Look once.

        Raises:
            LedgerError: nothing was noted, nothing is shown.

        """
        for account in await self._keeper.use(self._note):
            self._board.take(self._keeper.ledger, account)

    def _note(self) -> AbstractSet[str]:
        """Gives the accounts whose series were noted; some are of none."""
        ripe = self._holder.ripe()
        if ripe:
            self._keeper.ledger.note_shown(ripe)
        return {labels[0] for _, labels in ripe}
