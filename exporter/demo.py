"""The exporter beside a simulated gateway, for a first look."""

import asyncio
from decimal import Decimal
from pathlib import Path

import msgspec
import typer

from exporter import logs
from exporter.app import Exporter
from exporter.config import (
    Account,
    BalancePolling,
    Budget,
    Config,
    Credentials,
    LedgerConfig,
    Loaded,
    LogConfig,
    Secret,
    Web,
)
from exporter.simulation.funds import Funds
from exporter.simulation.gateway import Gateway
from exporter.simulation.limits import Limits
from exporter.simulation.presets import find_world
from exporter.simulation.serve import serving
from exporter.simulation.visits import Account as GatewayAccount
from exporter.simulation.world import World


CALLS_PER_HOUR = 720
"""The demo's gateway is more generous than the real one (30), so that something moves."""
IDENTICAL_CALLS = 30
LATENCY = 0.2
"""Seconds that each of its calls takes."""
BALANCE_EVERY = 60.0
FUNDS = Funds(start=Decimal(20_000), below=Decimal(2_000), top_up=Decimal(20_000))
"""Enough for some hours; then somebody pays."""
LOOKBACK = 6 * 3600.0
SEED = 1
ZERO_HOLD = 5.0
"""Short, so that a second look with the bare eye already shows numbers."""
LOGIN = "demo"
PASSWORD = "demo"  # noqa: S105  a made-up account


def run_demo(listen_address: str, gateway_port: int, state: Path, log_level: str) -> None:
    """Serve until interrupted; the ledger below ``state`` makes the next run continue."""
    logs.set_up("info" if log_level == "info" else "debug")
    world = World(msgspec.structs.replace(find_world("demo"), funds=FUNDS), SEED)
    gateway = Gateway(
        [GatewayAccount(world=world, login=LOGIN, password=PASSWORD)],
        limits=Limits(requests=CALLS_PER_HOUR, identical=IDENTICAL_CALLS),
        latency=LATENCY,
        seed=SEED,
    )
    with serving(gateway, port=gateway_port) as url:
        loaded = Loaded(_config(listen_address, url, state), (), None)
        asyncio.run(_run(loaded, url))


async def _run(loaded: Loaded, gateway_url: str) -> None:
    exporter = Exporter(lambda: loaded, loaded)
    await exporter.run(lambda urls: _announce(urls, gateway_url))


def _announce(urls: tuple[str, ...], gateway_url: str) -> None:
    for url in urls:
        typer.echo(f"exporter  {url}/\nmetrics   {url}/metrics")
    typer.echo(f"gateway   {gateway_url}/sys/get.php (simulated, login {LOGIN})")
    typer.echo("Ctrl-C stops; starting again continues.")


def _config(listen_address: str, url: str, state: Path) -> Config:
    account = Account(
        name="demo",
        api_url=url,
        credentials=Credentials(login=LOGIN, password=Secret(PASSWORD)),
        channels=("sms", "email"),
        lookback=LOOKBACK,
        budget=Budget(requests=CALLS_PER_HOUR, identical=IDENTICAL_CALLS),
        balance=BalancePolling(interval=BALANCE_EVERY),
        expected_countries=("RU", "KZ"),
    )
    return Config(
        accounts=(account,),
        web=Web(listen_addresses=(listen_address,)),
        ledger=LedgerConfig(path=state / "ledger.sqlite"),
        log=LogConfig(),
        zero_hold=ZERO_HOLD,
    )
