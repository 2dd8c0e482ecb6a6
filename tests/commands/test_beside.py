"""Commands beside an exporter that owns the ledger."""

import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection

import pytest
from sqlalchemy import select

from exporter import wiring
from exporter.commands.asking import open_desk
from exporter.config import Budget, Config
from exporter.gateway.answers import decode
from exporter.gateway.request import HistoryRequest
from exporter.ledger.ledger import Ledger
from exporter.ledger.permits import Limits
from exporter.ledger.records import Outcome
from exporter.ledger.schema import stream
from exporter.ledger.snapshot import Total
from exporter.polling.calls import Held
from exporter.simulation.render import row_of, rows_text
from tests.commands.conftest import LOGIN, PATIENCE, Served, Shell, started


LIMITS = Limits(
    requests=29,
    window=3600.0,
    identical=3,
    identical_window=60.0,
    concurrency=2,
    call_timeout=60.0,
)
SPENT_AT = time.time()


@pytest.fixture
def ledger(shell: Shell, served: Served) -> Iterator[Ledger]:
    """The exporter's own ledger, open, with a page applied."""
    config = shell.config()
    ledger = wiring.ledger(config, owner=True)
    ledger.open(wiring.specs(config), SPENT_AT - 10)
    apply_page(ledger, served)
    yield ledger
    ledger.close()


def apply_page(ledger: Ledger, served: Served) -> None:
    world, now = served.gateway.accounts[LOGIN].world, served.gateway.clock.now()
    page = decode(rows_text([row_of(world, r, now) for r in served.history(cnt=50)], 3).encode())
    request = HistoryRequest()
    permit_id = ledger.spend("default", "head", request, LIMITS, SPENT_AT, mark=1)
    assert isinstance(permit_id, int)
    outcome = Outcome(finished_at=SPENT_AT + 1, duration=1.0, result="ok")
    ledger.apply(
        *("default", "sms", request, page),
        started=SPENT_AT,
        permit_id=permit_id,
        limits=LIMITS,
        outcome=outcome,
    )


def test_commands_share_the_budget_and_leave_the_totals(ledger: Ledger, shell: Shell) -> None:
    """Permits of commands are the exporter's, too; nothing else it knows is changed."""
    before = ledger.snapshot()
    assert "1 history call spent, 27 of 29 left this hour" in shell.run("messages").err
    assert shell.run("doctor").status == 0
    assert len(ledger.usage("default", time.time()).free_at) == 3
    ledger.collect("default", time.time(), 60.0)
    after = ledger.snapshot()
    permits = after.totals[Total.PERMITS]
    assert (permits["default", "lookup"], permits["default", "doctor"]) == (1, 1)
    polling = {Total.PERMITS, Total.API_REQUESTS}
    assert {t: v for t, v in after.totals.items() if t not in polling} == {
        t: v for t, v in before.totals.items() if t not in polling
    }
    assert after.streams == before.streams


def test_a_command_before_the_first_start_sets_no_baseline(shell: Shell) -> None:
    """The exporter's baseline is its own first start, whatever was asked before."""
    shell.run("messages")
    started = time.time() + 1000
    config = shell.config()
    ledger = wiring.ledger(config, owner=True)
    ledger.open(wiring.specs(config), started)
    with ledger.store.transaction() as connection:
        baseline = connection.scalar(select(stream.c.baseline))
    ledger.close()
    assert baseline == started


class Waiting:
    """Real time and whatever was slept; ``meanwhile`` happens during each sleep."""

    def __init__(self, meanwhile: Callable[[], None]) -> None:
        self.slept = 0.0
        self._meanwhile = meanwhile

    def now(self) -> float:
        return time.time() + self.slept

    async def sleep(self, seconds: float) -> None:
        self.slept += seconds
        self._meanwhile()


@pytest.fixture
def busy(ledger: Ledger, shell: Shell) -> tuple[Config, int]:
    """A configuration of one call at once, and the permit of the one under way."""
    config = shell.config()
    account = config.accounts[0].model_copy(update={"budget": Budget(concurrency=1)})
    permit_id = ledger.spend("default", "head", HistoryRequest(cnt=7), LIMITS, time.time(), mark=1)
    assert isinstance(permit_id, int)
    return config.model_copy(update={"accounts": (account,)}), permit_id


async def test_a_command_waits_for_running_calls(ledger: Ledger, busy: tuple[Config, int]) -> None:
    """A moment's concurrency of the exporter's is waited for, not told as an error."""
    config, permit_id = busy
    outcome = Outcome(finished_at=time.time(), duration=1.0, result="ok")
    clock = Waiting(lambda: ledger.finish(permit_id, LIMITS, outcome))
    async with open_desk(config, config.accounts[0], clock) as desk:
        answer = await desk.ask("lookup", HistoryRequest(cnt=5))
    assert answer.page.rows == 5
    assert 0 < clock.slept < 2


async def test_a_command_does_not_wait_for_ever(busy: tuple[Config, int]) -> None:
    """When the calls under way don't end, the command says so after half a minute."""
    config, _ = busy
    clock = Waiting(lambda: None)
    async with open_desk(config, config.accounts[0], clock) as desk:
        with pytest.raises(Held, match="concurrency"):
            await desk.ask("lookup", HistoryRequest(cnt=5))
    assert 25 < clock.slept < 35


@contextmanager
def running(shell: Shell) -> "Iterator[subprocess.Popen[str]]":
    """An exporter process that has made its first call."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with started(shell, "run", f"--web.listen-address=127.0.0.1:{port}") as process:
        wait_until_ready(port)
        yield process


def wait_until_ready(port: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        connection = HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/-/ready")
            if connection.getresponse().status == 200:
                return
        except OSError:
            pass
        finally:
            connection.close()
        time.sleep(0.1)
    pytest.fail("the exporter did not become ready")


def test_beside_a_live_process(shell: Shell, served: Served) -> None:
    """A running exporter and commands use one ledger; the gateway has nothing to complain of."""
    with running(shell) as exporter:
        assert shell.run("messages", "--last", "20").status == 0
        assert shell.run("doctor").status == 0
        exporter.send_signal(signal.SIGTERM)
        assert exporter.wait(20) == 0
    permits = shell.permits()
    assert permits.count("lookup") == permits.count("doctor") == 1
    assert "head" in permits
    assert len(permits) == len(served.gateway.calls)
    assert not served.gateway.errors
