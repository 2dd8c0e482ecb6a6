"""The running exporter: pollers, web server, signals and reload."""

import asyncio
import contextlib
import os
import platform
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random

import msgspec
import structlog
from starlette.types import ASGIApp

from exporter import __version__, logs, wiring
from exporter.clock import Clock, SystemClock
from exporter.config import Account, Config, ConfigError, Loaded
from exporter.exposition.collector import LedgerCollector
from exporter.exposition.gauges import Facts
from exporter.exposition.page import MetricsPage
from exporter.gateway.client import GatewayClient
from exporter.ledger.snapshot import AccountState
from exporter.notify import Manager
from exporter.polling.balance import announce
from exporter.polling.board import Board
from exporter.polling.keeper import Keeper
from exporter.polling.owners import Owners
from exporter.polling.poller import Poller
from exporter.polling.release import Holder, Release
from exporter.web.app import ReloadResult, create_app
from exporter.web.health import healthy, ready
from exporter.web.protection.guard import Guard
from exporter.web.protection.passwords import Passwords
from exporter.web.protection.watched import WatchedProtection
from exporter.web.server import serve


CLOSE_SECONDS = 2.0
"""How long pollers may take to end once asked to, and then how long the ledger."""
REQUEST_SECONDS = 1.0
"""How long web requests may take to end after that."""
PATIENCE = 90.0
"""How long the call under way may take when an account goes to another replica."""
WATCH_SECONDS = 10.0
"""How often files of credentials are looked at."""

KEY_BYTES = 32
"""Length of the key that logins are remembered under."""

log = structlog.get_logger("exporter")


def connect(account: Account) -> GatewayClient:
    """The account's way to the gateway."""
    return wiring.client(account, __version__)


class Polling(msgspec.Struct, frozen=True):
    """What polls one account."""

    client: GatewayClient
    poller: Poller
    tasks: list[asyncio.Task[None]]


class Engine:
    """Everything that writes to the ledger, for one configuration."""

    def __init__(
        self,
        config: Config,
        board: Board,
        holder: Holder,
        clock: Clock,
        *,
        connect: Callable[[Account], GatewayClient] = connect,
        random: Random | None = None,
    ) -> None:
        self._config = config
        self._connect = connect
        self._random = random or Random()
        self._board = board
        self._clock = clock
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="ledger")
        self._keeper = Keeper(
            wiring.ledger(config, owner=True, clock=clock),
            wiring.specs(config),
            clock,
            self._executor,
            board,
        )
        self._release = Release(holder, self._keeper, board, clock)
        self._polling: dict[str, Polling] = {}
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin to poll: every account, or of a shared ledger this process's part of them."""
        if self._keeper.ledger.store.is_shared:
            self._board.keep_only(set())
            owners = Owners(
                self._keeper,
                self._board,
                self._clock,
                self._config.ledger.lease,
                start=self._start,
                stop=self._stop,
            )
            self._tasks.append(asyncio.create_task(owners.run(), name="owners"))
        else:
            self._board.keep_only({account.name for account in self._config.accounts})
            for account in self._config.accounts:
                self._start(account.name)
        self._tasks.append(asyncio.create_task(self._release.run(), name="release"))

    def _start(self, name: str) -> None:
        account = self._config.account(name)
        client = self._connect(account)
        calls = wiring.calls(account, client, self._keeper, self._clock, self._random)
        poller = wiring.poller(account, calls, self._keeper, self._board, self._clock)
        if self._board.account(name) is None:
            self._board.set_account(AccountState(account=name))
        tasks = [asyncio.create_task(poller.run(), name=f"poller {name}")]
        announce(self._board, name, asked=account.balance.enabled)
        if account.balance.enabled:
            tasks.append(
                asyncio.create_task(self._balance(account, client), name=f"balance {name}")
            )
        self._polling[name] = Polling(client, poller, tasks)

    async def _balance(self, account: Account, client: GatewayClient) -> None:
        keeper, clock = self._keeper, self._clock
        calls = wiring.balance_calls(account, client, keeper, clock, self._random)
        await wiring.balance_poller(account, calls, keeper, self._board, clock).run()

    async def _stop(self, name: str, patient: bool) -> None:  # noqa: FBT001  as `Owners` calls it
        """End an account's polling; with patience, between two of its calls."""
        polling = self._polling[name]
        turning = polling.poller.turning
        if patient:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(turning.acquire(), PATIENCE)
        for task in polling.tasks:
            task.cancel()
        await asyncio.wait(polling.tasks, timeout=CLOSE_SECONDS)
        await polling.client.aclose()
        del self._polling[name]

    async def stop(self) -> None:
        """End polling; a transaction under way is finished first."""
        polling = [task for each in self._polling.values() for task in each.tasks]
        tasks = [*self._tasks, *polling]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=CLOSE_SECONDS)
        closing = asyncio.create_task(self._keeper.close(), name="ledger close")
        done, _ = await asyncio.wait((closing,), timeout=CLOSE_SECONDS)
        if not done:
            log.warning("the ledger takes long to close", ledger=self._keeper.ledger.store.name)
        self._executor.shutdown(wait=False)
        for each in self._polling.values():
            await each.client.aclose()


class Exporter:
    """The process: one engine at a time behind one web server."""

    def __init__(
        self,
        load: Callable[[], Loaded],
        loaded: Loaded,
        *,
        clock: Clock | None = None,
        manager: Manager | None = None,
    ) -> None:
        self._load = load
        self._loaded = loaded
        self._clock = clock or SystemClock()
        self._manager = manager or Manager()
        self._board = Board(self._clock)
        self._protection = WatchedProtection(loaded.config.web.config_file)
        self._collector = self._make_collector(loaded.config)
        self._engine = self._make_engine(loaded.config)
        self._config_ok = True
        self._config_loaded = self._clock.now()
        self._stopping = asyncio.Event()
        self._reloading = asyncio.Lock()
        self._reloads: set[asyncio.Task[None]] = set()
        self._seen = _stamps(loaded.config)

    async def run(self, on_ready: Callable[[tuple[str, ...]], None] | None = None) -> None:
        """Serve and poll until asked to stop; ``on_ready`` is told the addresses served.

        Raises:
            WebError: an address can't be listened on.

        """
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)
        loop.add_signal_handler(signal.SIGHUP, self._spawn_reload)
        addresses = self._loaded.config.web.listen_addresses
        async with serve(
            self._app(),
            addresses,
            tls=lambda: self._protection.current().tls,
            close_seconds=REQUEST_SECONDS,
        ) as server:
            log.info("listening", urls=" ".join(server.urls), version=__version__)
            self._engine.start()
            watching = (
                asyncio.create_task(self._watch_credentials(), name="credentials watch"),
                asyncio.create_task(self._manager.watch(self._healthy, self._clock), name="beats"),
            )
            self._manager.ready()
            if on_ready is not None:
                on_ready(server.urls)
            await self._stopping.wait()
            log.info("stopping")
            self._manager.stopping()
            for task in watching:
                task.cancel()
            async with self._reloading:
                await self._engine.stop()

    def stop(self) -> None:
        """End as soon as the running transaction is through."""
        self._stopping.set()

    async def reload(self) -> ReloadResult:
        """Read the configuration again and use it; a bad one changes nothing."""
        async with self._reloading:
            if self._stopping.is_set():
                return ReloadResult(("the exporter is ending",))
            with self._manager.reloading():
                return await self._read_again()

    async def _read_again(self) -> ReloadResult:
        try:
            loaded = await asyncio.to_thread(self._load)
        except ConfigError as error:
            self._config_ok = False
            problems = tuple(str(problem) for problem in error.problems)
            log.error("reload refused", problems="; ".join(problems))  # noqa: TRY400  no stack for a typo
            return ReloadResult(problems)
        await self._use(loaded)
        return ReloadResult()

    async def _use(self, loaded: Loaded) -> None:
        config, before = loaded.config, self._loaded.config
        logs.redact(config.secrets())
        logs.set_up(config.log.level, config.log.format)
        for warning in (*loaded.warnings, *_needs_restart(before, config)):
            log.warning("configuration", warning=warning)
        await self._engine.stop()
        self._engine = self._make_engine(config)
        self._engine.start()
        self._loaded, self._seen = loaded, _stamps(config)
        self._config_ok, self._config_loaded = True, self._clock.now()
        log.info("configuration reloaded", accounts=len(config.accounts))

    def _spawn_reload(self) -> None:
        task = asyncio.create_task(self._reload_anyhow(), name="reload")
        self._reloads.add(task)
        task.add_done_callback(self._reloads.discard)

    async def _reload_anyhow(self) -> None:
        """Reload where nobody waits for the outcome."""
        try:
            await self.reload()
        except Exception:
            self._config_ok = False
            log.exception("reload failed")

    async def _watch_credentials(self) -> None:
        """Credentials that changed on disk count at once: a refused login may be cured."""
        while True:
            await self._clock.sleep(WATCH_SECONDS)
            stamps = _stamps(self._loaded.config)
            if stamps != self._seen:
                self._seen = stamps
                log.info("credentials file changed")
                await self._reload_anyhow()

    def _make_engine(self, config: Config) -> Engine:
        return Engine(config, self._board, self._collector, self._clock)

    def _make_collector(self, config: Config) -> LedgerCollector:
        return LedgerCollector(
            self._board,
            clock=self._clock,
            facts=self._facts,
            names=wiring.NAMES,
            zero_hold=config.zero_hold,
            created_series=config.created_series,
        )

    def _app(self) -> ASGIApp:
        web = self._loaded.config.web
        app = create_app(
            metrics=MetricsPage(self._collector),
            source=self._board,
            clock=self._clock,
            reload=self.reload if web.enable_lifecycle else None,
            healthy=self._healthy,
            ready=lambda: ready(self._board.snapshot()),
            version=__version__,
            telemetry_path=web.telemetry_path,
        )
        passwords = Passwords(os.urandom(KEY_BYTES))
        return Guard(app, self._protection.current, passwords, self._clock)

    def _healthy(self) -> tuple[bool, str]:
        return healthy(self._board.snapshot(), self._clock.now(), self._config_loaded)

    def _facts(self) -> Facts:
        return Facts(
            version=__version__,
            python=platform.python_version(),
            config_ok=self._config_ok and self._protection.good,
            config_loaded=self._config_loaded,
        )


def _stamps(config: Config) -> dict[Path, tuple[int, int]]:
    """What tells a changed file of credentials: time of change and size."""
    stamps: dict[Path, tuple[int, int]] = {}
    paths = [path for account in config.accounts for path in account.credentials.files]
    if config.ledger.password_file is not None:
        paths.append(config.ledger.password_file)
    for path in paths:
        try:
            found = path.stat()
        except OSError:
            continue
        stamps[path] = (found.st_mtime_ns, found.st_size)
    return stamps


def _needs_restart(before: Config, after: Config) -> list[str]:
    fixed = {
        "web": before.web == after.web,
        "zero_hold": before.zero_hold == after.zero_hold,
        "created_series": before.created_series == after.created_series,
    }
    return [f"{key} changed: restart to use it" for key, same in fixed.items() if not same]
