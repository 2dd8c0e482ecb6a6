"""One exporter at work: everything of the real one but process and web server."""

import asyncio
import contextlib
import platform
from collections.abc import Callable, Iterator
from random import Random
from unittest import mock

from prometheus_client import CollectorRegistry, Gauge

from exporter import wiring
from exporter.app import Engine
from exporter.clock import Clock
from exporter.config import Account, Config
from exporter.exposition.collector import LedgerCollector
from exporter.exposition.gauges import Facts
from exporter.exposition.page import MetricsPage, Page
from exporter.gateway.client import GatewayClient
from exporter.ledger.errors import LedgerError
from exporter.polling import release
from exporter.polling.board import Board


SEED = 1
LOOK_EVERY = 5.0
"""Seconds between two looks for series that need not be held at 0 any longer."""


class Down(Exception):
    """No exporter is running."""


class Station:
    """Starts, stops and crashes one exporter after the other upon one ledger."""

    def __init__(
        self, config: Config, clock: Clock, connect: Callable[[Account], GatewayClient]
    ) -> None:
        self.config = config
        self._clock = clock
        self._connect = connect
        self._board = Board()
        self._engine: Engine | None = None
        self._page: MetricsPage | None = None

    def start(self, version: str) -> None:
        """Start an exporter that calls itself so."""
        board, config = Board(), self.config
        self._board = board
        facts = Facts(
            version=version, python=platform.python_version(), config_loaded=self._clock.now()
        )
        collector = LedgerCollector(
            board,
            clock=self._clock,
            facts=lambda: facts,
            names=wiring.NAMES,
            zero_hold=config.zero_hold,
            created_series=config.created_series,
        )
        self._engine = Engine(
            config, board, collector, self._clock, connect=self._connect, random=Random(SEED)
        )
        self._page = MetricsPage(collector, runtime=_process(self._clock.now()))
        self._engine.start()

    async def stop(self) -> None:
        """End it in order."""
        engine, self._engine, self._page = self._engine, None, None
        if engine is not None:
            await engine.stop()

    async def crash(self) -> None:
        """End it so that it can't write anything more."""
        if self._engine is not None:
            with contextlib.suppress(LedgerError):
                await asyncio.to_thread(self._engine._keeper.ledger.close)
        await self.stop()

    def has_read(self, since: float) -> bool:
        """Whether every stream has had a good page since then, Unix seconds."""
        streams = self._board.snapshot().streams
        return bool(streams) and all((stream.last_success or 0) > since for stream in streams)

    def page(self, accept: str) -> Page:
        """What a scrape gets; safe to call from any thread.

        Raises:
            Down: nobody answers.

        """
        page = self._page
        if page is None:
            raise Down
        return page.render(accept)


@contextlib.contextmanager
def unhurried(seconds: float = LOOK_EVERY) -> Iterator[None]:
    """Have exporters look for such series less often: in fast time the looks cost too much."""
    with mock.patch.object(release, "EVERY", seconds):
        yield


def _process(now: float) -> CollectorRegistry:
    registry = CollectorRegistry(auto_describe=True)
    started = Gauge("process_start_time_seconds", "Unix time of the start.", registry=registry)
    started.set(now)
    return registry
