"""Worlds and gateways small enough for tests."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import httpx
import msgspec
import pytest

from exporter.simulation.clock import START, VirtualClock
from exporter.simulation.gateway import Gateway
from exporter.simulation.spec import (
    Campaign,
    Emails,
    Latency,
    Operator,
    Outage,
    Recurrence,
    WorldSpec,
)
from exporter.simulation.transport import GatewayTransport
from exporter.simulation.visits import Account
from exporter.simulation.world import World


EVENTFUL = WorldSpec(
    per_hour=600,
    operators=(
        Operator(
            name="МТС",
            mccmnc="25001",
            share=0.6,
            prefix="7916",
            regions=("г.Москва", "Свердловская область", ""),
            losses={6: 0.05, 1: 0.02},
            outages=(Outage(at=3600, duration=1800, period=7200),),
        ),
        Operator(
            name="Kcell",
            mccmnc="40102",
            share=0.4,
            country="Казахстан",
            iso="KZ",
            prefix="7701",
            price=Decimal("6.125"),
            latency=Latency(unreported_share=0.05),
            outages=(Outage(at=0, duration=600, period=3600, kind="refused"),),
        ),
    ),
    campaigns=(Campaign(at=1800, size=700, duration=300, period=7200),),
    emails=Emails(per_hour=300),
    types={"flash": 0.02, "hlr": 0.02, "call": 0.03, "viber": 0.05},
    population=500,
    nasty_share=0.3,
    invalid_share=0.02,
    unregistered_share=0.02,
    no_route_share=0.02,
    no_funds=(Recurrence(at=5400, duration=120, period=7200),),
    click_share=0.1,
    read_share=0.1,
    correction_share=0.2,
    price_change_share=0.1,
    scheduled_share=0.05,
    stopped_share=0.02,
    late_share=0.1,
    max_lead=6 * 3600.0,
    history_span=8 * 3600.0,
)
"""A world in which everything that can happen happens often."""

Ask = Callable[..., httpx.Response]


@pytest.fixture
def eventful() -> WorldSpec:
    return EVENTFUL


@pytest.fixture
def make_world() -> Callable[..., World]:
    """A world of the eventful spec with some fields changed."""

    def make(seed: int = 1, keep: int = 60_000, **changes: Any) -> World:
        return World(msgspec.structs.replace(EVENTFUL, **changes), seed, keep=keep)

    return make


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(START)


@pytest.fixture
def make_gateway(make_world: Callable[..., World], clock: VirtualClock) -> Callable[..., Gateway]:
    """A gateway with the account alex/123, apikey KEY, on the virtual clock."""

    def make(**options: Any) -> Gateway:
        options.setdefault("clock", clock)
        world = options.pop("world", None) or make_world()
        account = Account(world=world, login="alex", password="123", apikey="KEY")
        return Gateway([account], **options)

    return make


@pytest.fixture
def ask(clock: VirtualClock) -> Ask:
    """One GET of the history in virtual time; keyword arguments are parameters."""

    def make(gateway: Gateway, **parameters: Any) -> httpx.Response:
        async def call() -> httpx.Response:
            async with httpx.AsyncClient(
                transport=GatewayTransport(gateway), base_url="http://gateway"
            ) as client:
                return await client.get("/sys/get.php", params=fields)

        fields: dict[str, Any] = {
            "get_messages": 1,
            "login": "alex",
            "psw": "123",
            "fmt": 3,
            "charset": "utf-8",
        }
        fields |= parameters
        response = clock.run(call)
        assert response is not None
        return response

    return make
