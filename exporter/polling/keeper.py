"""Keeps the ledger open: one thread for all its work, and back again after a fault."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from typing import ParamSpec, Protocol, TypeVar

import structlog

from exporter.clock import Clock
from exporter.ledger.errors import LedgerError
from exporter.ledger.ledger import AccountSpec, Ledger


_P = ParamSpec("_P")
_R = TypeVar("_R")

RETRY_FIRST = 1.0
RETRY_MOST = 30.0
"""Seconds between attempts to open a ledger that failed."""

log = structlog.get_logger("ledger")


class Watcher(Protocol):
    """Told when the ledger comes and goes."""

    def ledger_changed(self, error: LedgerError | None) -> None:
        """The ledger works (None) or doesn't."""
        ...


class Keeper:
    """The ledger and the one thread that uses it.

    Any `LedgerError` closes it; `ready` waits until it could be opened again.
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
        self._open = False
        self._opening = asyncio.Lock()

    @property
    def is_open(self) -> bool:
        """Whether the ledger worked when last used."""
        return self._open

    async def ready(self) -> None:
        """Wait until the ledger is open, opening it as often as it takes."""
        async with self._opening:
            pause = RETRY_FIRST
            while not self._open:
                try:
                    await self._in_thread(self.ledger.open, self._specs, self._clock.now())
                except LedgerError as error:
                    self._note(error)
                    await self._clock.sleep(pause)
                    pause = min(pause * 2, RETRY_MOST)
                else:
                    self._note(None)

    async def use(self, method: Callable[_P, _R], *args: _P.args, **kwargs: _P.kwargs) -> _R:
        """Run a method of the ledger in its thread.

        Raises:
            LedgerError: nothing was kept; the ledger is being opened again.

        """
        await self.ready()
        try:
            return await self._in_thread(method, *args, **kwargs)
        except LedgerError as error:
            await self._in_thread(self.ledger.close)
            self._note(error)
            raise

    async def close(self) -> None:
        """Wait for the running transaction and let go of the file."""
        self._open = False
        await self._in_thread(self.ledger.close)

    async def _in_thread(self, method: Callable[_P, _R], *args: _P.args, **kwargs: _P.kwargs) -> _R:
        if self._executor is None:
            return method(*args, **kwargs)
        loop = asyncio.get_running_loop()
        running = loop.run_in_executor(self._executor, lambda: method(*args, **kwargs))
        return await asyncio.shield(running)

    def _note(self, error: LedgerError | None) -> None:
        was_open, self._open = self._open, error is None
        self._watcher.ledger_changed(error)
        if error is None:
            log.info("ledger opened", path=str(self.ledger.store.path))
        elif was_open:
            log.error("ledger failed", kind=error.kind, error=str(error))
        else:
            log.warning("ledger not available", kind=error.kind, error=str(error))
