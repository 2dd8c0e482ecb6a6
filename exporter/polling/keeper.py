"""Keeps the ledger open: one thread for all its work, and back again after a fault."""

import asyncio
import contextlib
import math
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any, ParamSpec, Protocol, TypeVar

import structlog

from exporter.clock import Clock
from exporter.ledger.errors import LeaseLost, LedgerError, LedgerUnavailable
from exporter.ledger.ledger import Ledger
from exporter.ledger.records import AccountSpec
from exporter.logs import Repeats


_P = ParamSpec("_P")
_R = TypeVar("_R")

RETRY_FIRST = 1.0
RETRY_MOST = 5.0
"""Seconds between attempts to open a ledger that failed; an exporter standing by tries as often."""

log = structlog.get_logger("ledger")


class Watcher(Protocol):
    """Told when the ledger comes and goes."""

    def ledger_changed(self, error: LedgerError | None) -> None:
        """The ledger works (None) or doesn't."""
        ...


class Keeper:
    """The ledger and the one thread that uses it.

    Any `LedgerError` but a lost lease closes the ledger; the next use opens it again, or fails at
    once with the same error until another attempt is due.
    """

    def __init__(
        self,
        ledger: Ledger,
        specs: tuple[AccountSpec, ...],
        clock: Clock,
        executor: Executor | None,
        watcher: Watcher,
    ) -> None:
        self.ledger = ledger
        self._specs = specs
        self._clock = clock
        self._executor = executor
        self._watcher = watcher
        self._opening = asyncio.Lock()
        self.openings = 0
        """How often the ledger has been opened."""
        self._error: LedgerError | None = _closed(ledger)
        self._pause = 0.0
        self._retry_at = 0.0
        self._repeats = Repeats(clock)

    async def ready(self) -> None:
        """Open the ledger if it isn't open.

        Raises:
            LedgerError: why it can't be, by the last attempt if the next isn't due yet.

        """
        async with self._opening:
            if self._error is None:
                return
            if self._clock.now() < self._retry_at:
                raise self._error.with_traceback(None)
            try:
                await self._in_thread(self._reopen)
            except LedgerError as error:
                self._failed(error)
                raise
            self._opened()

    async def use(self, method: Callable[_P, _R], *args: _P.args, **kwargs: _P.kwargs) -> _R:
        """Run a method of the ledger in its thread.

        Raises:
            LedgerError: nothing was kept.

        """
        await self.ready()
        opening = self.openings
        try:
            return await self._in_thread(lambda: self._guarded(method, *args, **kwargs))
        except LeaseLost:
            raise
        except LedgerError as error:
            # Several uses may fail by one fault, some of them after it was cured.
            if opening == self.openings and self._error is None:
                self._failed(error)
            raise

    async def close(self) -> None:
        """Wait for the running transaction, leave all accounts and let go of it for good."""
        is_open, self._error, self._retry_at = self._error is None, _closed(self.ledger), math.inf
        if is_open:
            with contextlib.suppress(LedgerError):
                await self._in_thread(self.ledger.leave)
        await self._in_thread(self.ledger.close)

    def _reopen(self) -> None:
        self.ledger.close()
        self.ledger.open(self._specs, self._clock.now())

    def _guarded(self, method: Callable[_P, _R], *args: _P.args, **kwargs: _P.kwargs) -> _R:
        try:
            return method(*args, **kwargs)
        except LeaseLost:
            raise
        except LedgerError:
            self.ledger.close()
            raise

    async def _in_thread(self, work: Callable[[], _R]) -> _R:
        """Do the work, to its end even when nobody waits for it any more."""
        if self._executor is None:
            return work()
        loop = asyncio.get_running_loop()
        running = loop.run_in_executor(self._executor, work)
        running.add_done_callback(_looked_at)
        return await asyncio.shield(running)

    def _opened(self) -> None:
        self.openings += 1
        self._error, self._pause = None, 0.0
        self._repeats.forget("ledger not available")
        self._watcher.ledger_changed(None)
        log.info("ledger opened", ledger=self.ledger.store.name)

    def _failed(self, error: LedgerError) -> None:
        self._error = error
        self._pause = min(self._pause * 2, RETRY_MOST) or RETRY_FIRST
        self._retry_at = self._clock.now() + self._pause
        self._watcher.ledger_changed(error)
        self._repeats.log(
            log.error, "ledger not available", key=error.kind, kind=error.kind, error=str(error)
        )


def _looked_at(done: asyncio.Future[Any]) -> None:
    """Of work that nobody waits for any more, an error is nobody's business either."""
    if not done.cancelled():
        done.exception()


def _closed(ledger: Ledger) -> LedgerError:
    return LedgerUnavailable(f"ledger {ledger.store.name} is closed")
