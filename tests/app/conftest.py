"""Fixtures: the exporter as a process of its own, and a simulated gateway over HTTP."""

import asyncio
import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from signal import SIGTERM, Signals
from typing import Any

import httpx
import pytest

from exporter.simulation.gateway import Gateway
from exporter.simulation.limits import Limits
from exporter.simulation.presets import QUIET
from exporter.simulation.serve import serving
from exporter.simulation.visits import Account
from exporter.simulation.world import World
from tests.app.starting import Forked, Start


PASSWORD = "right-password"
PATIENCE = 50.0


class Exporter:
    """A running ``smsc-exporter run``."""

    def __init__(self, config: Path, log: Path, start: Start) -> None:
        self._log = log
        log.touch()
        self.process = start(["run", f"--config.file={config}"], log)

    @property
    def log(self) -> str:
        """What it has written so far."""
        return self._log.read_text()

    @property
    def url(self) -> str:
        """Where it serves, once it does."""
        found = wait_for(lambda: re.search(r"urls\W+(http://[\d.:]+)", self.log), self)
        return str(found.group(1))

    def get(self, path: str) -> httpx.Response:
        return httpx.get(self.url + path, timeout=10)

    def metric(self, line: str) -> float | None:
        """The value of a series on the metrics page."""
        for shown in self.get("/metrics").text.splitlines():
            if shown.startswith(line + " "):
                return float(shown.split()[-1])
        return None

    def end(self, number: Signals = SIGTERM) -> tuple[int, float]:
        """Ask it to end; gives its exit status and the seconds that took."""
        begin = time.monotonic()
        self.process.send_signal(number)
        return self.process.wait(PATIENCE), time.monotonic() - begin

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


def wait_for(look: Callable[[], Any], exporter: Exporter | None = None) -> Any:
    """What ``look`` gives as soon as that is something; fails after a while."""
    deadline = time.monotonic() + PATIENCE
    while not (found := look()):
        ended = exporter is not None and exporter.process.poll() is not None
        if ended or time.monotonic() > deadline:
            pytest.fail(f"waited in vain; the log says:\n{exporter.log if exporter else ''}")
        time.sleep(0.05)
    return found


async def wait_until(look: Callable[[], Any]) -> Any:
    """The same within an event loop."""
    deadline = time.monotonic() + PATIENCE
    while not (found := look()):
        assert time.monotonic() < deadline, "waited in vain"
        await asyncio.sleep(0.02)
    return found


@pytest.fixture
def gateway() -> Gateway:
    """Two accounts with little traffic."""
    return Gateway(
        [Account(world=World(QUIET), login=name, password=PASSWORD) for name in ("one", "two")],
        limits=Limits(requests=100_000, identical=100_000),
    )


@pytest.fixture
def gateway_url(gateway: Gateway) -> Iterator[str]:
    with serving(gateway) as url:
        yield url


WriteConfig = Callable[..., Path]


@pytest.fixture
def write_config(tmp_path: Path, gateway_url: str) -> WriteConfig:
    """A writer of the configuration file; JSON is YAML."""

    def write(*logins: str, name: str = "config.yml", **settings: Any) -> Path:
        accounts = [
            {"name": login, "login": login, "password": PASSWORD, "api_url": gateway_url}
            for login in logins or ("one",)
        ]
        document = {
            "accounts": accounts,
            "web": {"listen_addresses": ["127.0.0.1:0"], "enable_lifecycle": True},
            "ledger": {"path": str(tmp_path / "ledger.sqlite")},
            **settings,
        }
        path = tmp_path / name
        path.write_text(json.dumps(document))
        return path

    return write


RunExporter = Callable[..., Exporter]


@pytest.fixture
def run_exporter(tmp_path: Path) -> Iterator[RunExporter]:
    """A starter of exporters, which are gone after the test: forked, or by the command."""
    with ExitStack() as stack:
        started: list[Exporter] = []

        def run(config: Path, start: Start = Forked) -> Exporter:
            exporter = Exporter(config, tmp_path / f"log{len(started)}", start)
            started.append(exporter)
            stack.callback(exporter.close)
            return exporter

        yield run
