"""The web application over a small state."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
import trustme
from starlette.applications import Starlette

from exporter.exposition.collector import LedgerCollector
from exporter.exposition.gauges import Facts, Names
from exporter.exposition.page import MetricsPage
from exporter.ledger.snapshot import AccountState, Snapshot, StreamState
from exporter.web.app import ReloadResult, create_app


NOW = 1_700_000_000.0


@dataclass
class World:
    """All that the application is given, to be changed by tests."""

    time: float = NOW
    current: Snapshot = field(
        default_factory=lambda: Snapshot(
            streams=(StreamState(account="main", channel="sms", synced=True),),
            accounts=(AccountState(account="main", state="ok", budget_limit=29),),
        )
    )
    health: tuple[bool, str] = (True, "healthy")
    readiness: tuple[bool, str] = (True, "ready")
    reloads: int = 0
    problems: tuple[str, ...] = ()

    def now(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.time += seconds

    def snapshot(self) -> Snapshot:
        return self.current

    async def reload(self) -> ReloadResult:
        self.reloads += 1
        return ReloadResult(self.problems)


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    """Who vouches for server and clients."""
    return trustme.CA()


@pytest.fixture
def world() -> World:
    """The state behind the application."""
    return World()


@pytest.fixture
def make_app(world: World) -> Callable[..., Starlette]:
    """Makes the application."""

    def make(**settings: Any) -> Starlette:
        facts = Facts(version="1.2.3", python="3")
        collector = LedgerCollector(world, clock=world, facts=lambda: facts, names=Names())
        given = {
            "metrics": MetricsPage(collector),
            "source": world,
            "clock": world,
            "reload": world.reload,
            "healthy": lambda: world.health,
            "ready": lambda: world.readiness,
            "version": "1.2.3",
            **settings,
        }
        return create_app(**given)

    return make


@pytest.fixture
def app(make_app: Callable[..., Starlette]) -> Starlette:
    """The application with its default settings."""
    return make_app()


@pytest.fixture
def ask(app: Starlette) -> Callable[..., Awaitable[httpx.Response]]:
    """Sends one request to the application."""

    async def send(method: str, path: str, **options: Any) -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://exporter") as client:
            return await client.request(method, path, **options)

    return send
