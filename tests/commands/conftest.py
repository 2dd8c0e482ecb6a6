"""The command line in this process, against a served gateway whose time stands still."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import select
from typer.testing import CliRunner

from exporter import wiring
from exporter.cli import app
from exporter.config import Account, Config, Credentials, LedgerConfig, Secret
from exporter.ledger.ledger import Ledger
from exporter.ledger.schema import permit
from exporter.simulation.gateway import Gateway
from exporter.simulation.record import Record
from exporter.simulation.serve import serving
from exporter.simulation.spec import Emails, Latency, Operator, WorldSpec
from exporter.simulation.visits import Account as GatewayAccount
from exporter.simulation.world import Query, World


LOGIN = "alex"
PASSWORD = "CANARY-PASSWORD"
SPEC = WorldSpec(
    per_hour=120,
    operators=(Operator(name="МТС", mccmnc="25001", share=1.0, prefix="7916", latency=Latency()),),
    emails=Emails(per_hour=60),
    population=300,
    nasty_share=0.3,
    click_share=0.1,
)
"""Enough to page through, in a few hours."""


class FrozenClock:
    """The moment at which it was made, for ever."""

    def __init__(self) -> None:
        self._now = time.time()

    def now(self) -> float:
        return self._now

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)


@dataclass(frozen=True)
class Served:
    """A gateway on a port of its own."""

    gateway: Gateway
    url: str

    def history(self, **asked: Any) -> list[Record]:
        """What the gateway's history really holds now."""
        world = self.gateway.accounts[LOGIN].world
        return world.page(self.gateway.clock.now(), Query(**asked))

    def text(self, record: Record) -> str:
        return self.gateway.accounts[LOGIN].world.text(record)


@pytest.fixture
def served(_direct: None) -> Iterator[Served]:
    world = World(SPEC, 7)
    account = GatewayAccount(world=world, login=LOGIN, password=PASSWORD, apikey="KEY")
    gateway = Gateway([account], clock=FrozenClock())
    with serving(gateway) as url:
        yield Served(gateway, url)


@dataclass(frozen=True)
class Ran:
    """How a command ended and what it wrote."""

    status: int
    out: str
    err: str


@dataclass(frozen=True)
class Shell:
    """Where commands are run: an environment with a ledger of its own."""

    environment: dict[str, str]
    folder: Path

    def run(self, *words: str, given: bytes | None = None, **environment: str) -> Ran:
        """One command line."""
        ran = CliRunner().invoke(app, words, input=given, env=self.environment | environment)
        if ran.exception is not None and not isinstance(ran.exception, SystemExit):
            raise ran.exception
        return Ran(ran.exit_code, ran.stdout_bytes.decode(), ran.stderr_bytes.decode())

    def configured(self, *accounts: dict[str, Any]) -> str:
        """The flag that names a file with these accounts, complete but for what they say."""
        usual = {"name": "default", "api_url": self.environment["SMSC_API_URL"]}
        usual |= {"login": LOGIN, "password": PASSWORD}
        path = self.folder / "smsc.yml"
        path.write_text(yaml.safe_dump({"accounts": [usual | account for account in accounts]}))
        path.chmod(0o600)
        return f"--config.file={path}"

    @property
    def ledger(self) -> Path:
        return self.folder / "smsc-exporter.sqlite"

    def config(self) -> Config:
        """The configuration that the environment comes to."""
        account = Account(
            name="default",
            api_url=self.environment["SMSC_API_URL"],
            credentials=Credentials(login=LOGIN, password=Secret(PASSWORD)),
        )
        return Config(accounts=(account,), ledger=LedgerConfig(path=self.ledger))

    def open(self) -> Ledger:
        """The ledger as an exporter would open it, without streams."""
        ledger = wiring.ledger(self.config(), owner=False)
        ledger.open((), time.time())
        return ledger

    def permits(self) -> list[str]:
        """Kinds of the permits spent, in order."""
        ledger = self.open()
        try:
            with ledger.store.transaction() as connection:
                return list(connection.scalars(select(permit.c.kind).order_by(permit.c.id)))
        finally:
            ledger.close()


PATIENCE = 120.0
"""Seconds that a process may take to come so far, on a machine that is busy with others."""


@contextmanager
def started(shell: Shell, *words: str) -> "Iterator[subprocess.Popen[str]]":
    """The command as a process of its own, which does not outlive the block."""
    process = subprocess.Popen(
        [sys.executable, "-m", "exporter", *words],
        env=os.environ | shell.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def shell(served: Served, tmp_path: Path) -> Shell:
    """A shell whose environment names the served gateway's account."""
    environment = {
        "SMSC_API_URL": served.url,
        "SMSC_LOGIN": LOGIN,
        "SMSC_PASSWORD": PASSWORD,
        "STATE_DIRECTORY": str(tmp_path),
    }
    return Shell(environment, tmp_path)


@pytest.fixture
def _direct(monkeypatch: pytest.MonkeyPatch) -> None:
    """No proxy."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
