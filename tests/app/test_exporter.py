"""The exporter within this process: what takes a turned clock or a changed file."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest

from exporter import app
from exporter.clock import SystemClock
from exporter.config import Loaded, load
from exporter.polling.poller import Poller
from exporter.simulation.gateway import Gateway
from tests.app.conftest import PASSWORD, WriteConfig, wait_until


class ShiftedClock(SystemClock):
    """The machine's time, moved."""

    shift = 0.0

    def now(self) -> float:
        return super().now() + self.shift


class Site:
    """A running exporter and a way to ask it."""

    def __init__(self, exporter: app.Exporter, url: str, clock: ShiftedClock) -> None:
        self.exporter = exporter
        self.clock = clock
        self._url = url

    async def get(self, path: str) -> httpx.Response:
        async with httpx.AsyncClient() as client:
            return await client.get(self._url + path)

    def balance(self, account: str = "one") -> Decimal | None:
        """What the account is shown to have left."""
        accounts = self.exporter._board.snapshot().accounts
        return next(
            (each.balance.amount for each in accounts if each.account == account and each.balance),
            None,
        )

    def state(self, account: str = "one") -> str:
        return next(
            each.state
            for each in self.exporter._board.snapshot().accounts
            if each.account == account
        )


Running = Callable[[Path], AbstractAsyncContextManager[Site]]


@pytest.fixture
def running() -> Running:
    """A runner of exporters in the test's own event loop."""

    @asynccontextmanager
    async def run(config: Path) -> AsyncIterator[Site]:
        clock = ShiftedClock()
        exporter = app.Exporter(lambda: load(config, {}), load(config, {}), clock=clock)
        served: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        task = asyncio.create_task(exporter.run(lambda urls: served.set_result(urls[0])))
        try:
            yield Site(exporter, await served, clock)
        finally:
            exporter.stop()
            await task

    return run


class Mistyped(NamedTuple):
    """A configuration whose only account has a wrong password, and the file that holds it."""

    config: Path
    password: Path


@pytest.fixture
def mistyped(
    write_config: WriteConfig, gateway_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Mistyped:
    """A wrong password, whose file is watched closely."""
    monkeypatch.setattr(app, "WATCH_SECONDS", 0.05)
    password = tmp_path / "password"
    password.write_text("wrong-password")
    entry = {"name": "one", "login": "one", "password_file": str(password), "api_url": gateway_url}
    return Mistyped(write_config(accounts=[entry]), password)


async def test_health_fails_when_a_poller_hangs(
    running: Running, write_config: WriteConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A poller that doesn't turn any more is noticed within minutes, and named."""

    async def hang(self: Poller) -> float:
        await asyncio.get_running_loop().create_future()
        return 0.0

    monkeypatch.setattr(Poller, "turn", hang)
    async with running(write_config()) as site:
        assert (await site.get("/-/healthy")).status_code == 200
        site.clock.shift = 200
        dead = await site.get("/-/healthy")
        assert dead.status_code == 503
        assert "'one'" in dead.text


async def test_health_stays_while_pollers_turn(
    running: Running, write_config: WriteConfig, gateway: Gateway
) -> None:
    """Waiting for the next call, or out an error, is no sickness."""
    async with running(write_config("one", "two")) as site:
        await wait_until(lambda: site.state("one") == site.state("two") == "ok")
        site.clock.shift = 150
        assert (await site.get("/-/healthy")).status_code == 200
        assert (await site.get("/-/ready")).status_code == 200


async def test_changed_credentials_are_used_at_once(running: Running, mistyped: Mistyped) -> None:
    """A password file that is corrected ends the long wait after a refused login."""
    async with running(mistyped.config) as site:
        await wait_until(lambda: site.state() == "refused")
        mistyped.password.unlink()
        await wait_until(lambda: not site.exporter._config_ok)
        assert site.state() == "refused"
        mistyped.password.write_text(PASSWORD)
        await wait_until(lambda: site.state() == "ok")
        assert site.exporter._config_ok


async def test_a_watch_that_meets_trouble_goes_on(running: Running, mistyped: Mistyped) -> None:
    """An unforeseen error of one reload doesn't end the watch over the credentials."""
    async with running(mistyped.config) as site:
        await wait_until(lambda: site.state() == "refused")
        load_again, broken = site.exporter._load, asyncio.Event()

        def fail() -> Loaded:
            broken.set()
            raise RuntimeError("a bug")

        site.exporter._load = fail
        mistyped.password.write_text("another-wrong-password")
        await asyncio.wait_for(broken.wait(), 10)
        site.exporter._load = load_again
        mistyped.password.write_text(PASSWORD)
        await wait_until(lambda: site.state() == "ok")


async def test_a_reload_while_ending_changes_nothing(
    running: Running, write_config: WriteConfig
) -> None:
    """A late request can't start pollers that nobody would stop."""
    async with running(write_config()) as site:
        await wait_until(lambda: site.state() == "ok")
    result = await site.exporter.reload()
    assert result.problems == ("the exporter is ending",)


async def test_the_balance_goes_and_comes_with_the_configuration(
    running: Running, write_config: WriteConfig, gateway_url: str, gateway: Gateway
) -> None:
    """Switched off at a reload it is gone with all its series; switched on again it is known at
    once, without another call."""
    shown = 'smsc_account_balance{account="one",currency="RUB"} 1871.62\n'

    async def asking(*, enabled: bool) -> str:
        balance = {"enabled": enabled}
        write_config(
            accounts=[
                {
                    "name": "one",
                    "login": "one",
                    "password": PASSWORD,
                    "api_url": gateway_url,
                    "balance": balance,
                }
            ]
        )
        await site.exporter.reload()
        return (await site.get("/metrics")).text

    async with running(write_config()) as site:
        await wait_until(lambda: site.balance() is not None)
        assert shown in (await site.get("/metrics")).text
        page = await asking(enabled=False)
        assert "smsc_account_balance{" not in page
        assert 'smsc_poll_up{account="one",channel="",endpoint="balance"}' not in page
        await asking(enabled=True)
        await wait_until(lambda: site.balance() is not None)
        assert shown in (await site.get("/metrics")).text
    assert sum(call.path.endswith("balance.php") for call in gateway.calls) == 1
