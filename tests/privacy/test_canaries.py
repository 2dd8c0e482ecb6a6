"""A whole exporter is run, then what it left is searched for texts, numbers and credentials."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import msgspec
import pytest
import yaml

from exporter.simulation.faults import PATHS, Fault, FaultKind, Faults
from exporter.simulation.gateway import Gateway
from exporter.simulation.presets import find_world
from exporter.simulation.serve import serving
from exporter.simulation.visits import Account
from exporter.simulation.world import Query, World


PASSWORD = "CANARY-{}-pa%ss&w=rd"
QUOTING = (
    FaultKind.HTML,
    FaultKind.GARBAGE,
    FaultKind.CUT,
    FaultKind.TEXT_ERROR,
    FaultKind.OTHER_FORMAT,
    FaultKind.CONTROL_CHARACTERS,
    FaultKind.MISSING_FIELDS,
    FaultKind.WINDOWS_1251,
    FaultKind.HTTP_302,
    FaultKind.ERROR_1,
    FaultKind.ERROR_2,
    FaultKind.RESET,
)
"""Faults whose messages could be tempted to show what was sent or received."""
PENDING = {-2, -1, 0}
SOUND = "sound"
LOGINS = (SOUND, *(kind.value for kind in QUOTING))
POLLED = {*LOGINS} - {FaultKind.ERROR_2.value}
"""Accounts whose calls tell the gateway who they are."""
RATE = 200.0
SETTLED = 60.0
"""Most seconds in which every account has made its first call of each kind."""


@dataclass
class Trace:
    """Everything a run left behind, as bytes by where it was found."""

    found: dict[str, bytes]
    gateway: Gateway
    ended: float

    def holding(self, canary: str) -> list[str]:
        """Where a canary shows up."""
        forms = {canary.encode(), canary.encode("cp1251", "ignore"), repr(canary)[1:-1].encode()}
        return [place for place, content in self.found.items() if any(f in content for f in forms)]


@pytest.fixture(scope="module", params=[True, False], ids=["tracking", "not-tracking"])
def trace(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Trace:
    """One run at debug level with an account for each fault, and one without."""
    folder = tmp_path_factory.mktemp("canaries")
    spec = msgspec.structs.replace(find_world("demo"), per_hour=RATE)
    accounts = [
        Account(world=World(spec, seed), login=login, password=PASSWORD.format(login))
        for seed, login in enumerate(LOGINS)
    ]
    gateway = Gateway(accounts, faults=Faults())
    with serving(gateway) as url:
        config = _write_config(folder, url, track_phones=request.param)
        # Credentials that were accepted once are not held back when answers are lost.
        found = {"doctor": _told(config, "doctor")}
        gateway.calls.clear()
        for kind in QUOTING:
            gateway.faults.add(Fault(kind=kind, login=kind.value))
        with _running(config, folder / "log") as address:
            _wait_for_calls(gateway)
            found |= _pages(address)
            found |= {way: _told(config, *way.split()) for way in ("explain", "explain --json")}
            config.write_text("accounts: [{password: " + PASSWORD.format(SOUND) + "}]")
            found["reload"] = _get(f"{address}/-/reload", method="POST")
    for path in folder.iterdir():
        if path != config:
            found[path.name] = path.read_bytes()
    return Trace(found, gateway, time.time())


def test_credentials_stay_in_the_request(trace: Trace) -> None:
    """No password shows up in ledger, log, metrics or pages, whatever went wrong."""
    for login in LOGINS:
        assert trace.holding(PASSWORD.format(login)) == []
    assert trace.holding("CANARY-") == []


def test_texts_are_dropped(trace: Trace) -> None:
    """No message's text shows up anywhere."""
    world = trace.gateway.accounts[SOUND].world
    texts = {
        world.text(record)[:24]
        for stream in ("sms", "email")
        for record in world.page(trace.ended, Query(stream=stream, cnt=1000))
    }
    worth_searching = {text for text in texts if sum(map(str.isalpha, text)) > 8}
    assert len(worth_searching) > 50
    for text in worth_searching:
        assert trace.holding(text) == []


def test_numbers_stay_out_of_sight(trace: Trace) -> None:
    """No number shows up in log, metrics or pages; in the ledger only those of pending messages."""
    tracking = b"track_phones: true" in trace.found["used.yml"]
    allowed = _pending_numbers(trace) if tracking else set()
    shown = 0
    for record in trace.gateway.accounts[SOUND].world.truth(trace.ended - 7200, trace.ended):
        places = trace.holding(record.phone)
        assert {place.partition(".")[0] for place in places} <= {"ledger"}
        assert not places or record.phone in allowed
        shown += bool(places)
    assert bool(shown) == tracking


def test_what_is_searched_has_something_to_tell(trace: Trace) -> None:
    """Decisions and pending messages are shown and logged, without the numbers they are about."""
    assert trace.found["log"].count(b"event=planned") >= len(LOGINS)
    told = json.loads(trace.found["explain --json"])
    for accounts in (told, json.loads(trace.found["status"])["accounts"]):
        sound = next(account for account in accounts if account["account"] == "account-0")
        assert sound["streams"][0]["pending"] > 0
        assert sound["decisions"]
    page = trace.found["page"].decode()
    assert page.count("<article id=") == len(LOGINS)
    troubled = page.partition("<h3>Last errors</h3><ul")[2]
    assert "error 2" in troubled or "refused" in troubled
    assert trace.found["explain"].count(b"history calls: ") == len(LOGINS)
    assert b'smsc_account_balance{account="account-0",currency="RUB"}' in trace.found["metrics"]
    assert b"event=balance account=account-0" in trace.found["log"]


def _pending_numbers(trace: Trace) -> set[str]:
    """Numbers of messages that some reading may have shown pending and none final."""
    return {
        record.phone
        for account in trace.gateway.accounts.values()
        for record in account.world.truth(trace.ended - 2 * 86400, trace.ended)
        if PENDING & {record.at(trace.ended)[1], record.at(trace.ended - SETTLED)[1]}
    }


def _write_config(folder: Path, url: str, *, track_phones: bool) -> Path:
    accounts = [
        {
            "name": f"account-{position}",
            "api_url": url,
            "login": login,
            "password": PASSWORD.format(login),
            "channels": ["sms", "email"],
            "lookback": "2h",
            "track_phones": track_phones,
        }
        for position, login in enumerate(LOGINS)
    ]
    settings = {
        "accounts": accounts,
        "ledger": {"path": str(folder / "ledger.sqlite")},
        "web": {"listen_addresses": ["127.0.0.1:0"], "enable_lifecycle": True},
        "log": {"level": "debug"},
        "zero_hold": 0,
    }
    config = folder / "smsc.yml"
    config.write_text(yaml.safe_dump(settings))
    config.chmod(0o600)
    (folder / "used.yml").write_text(f"track_phones: {str(track_phones).lower()}")
    return config


@contextmanager
def _running(config: Path, log: Path) -> Iterator[str]:
    command = [sys.executable, "-m", "exporter", "run", f"--config.file={config}"]
    with log.open("wb") as stream:
        process = subprocess.Popen(command, stdout=stream, stderr=stream, env=os.environ | {})
    try:
        yield _address(log, process)
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    finally:
        process.kill()
        process.wait()


def _address(log: Path, process: subprocess.Popen[bytes]) -> str:
    for _ in range(300):
        _, found, rest = log.read_text().partition("urls=")
        if found and " " in rest:
            return rest.split()[0]
        assert process.poll() is None, log.read_text()
        time.sleep(0.1)
    raise AssertionError(log.read_text())


def _wait_for_calls(gateway: Gateway) -> None:
    until = time.time() + SETTLED
    expected = {(login, path) for login in POLLED for path in PATHS.values()}
    while expected - (polled := {(call.login, call.path) for call in gateway.calls}):
        assert time.time() < until, expected - polled
        time.sleep(0.2)
    time.sleep(2)


def _pages(address: str) -> dict[str, bytes]:
    openmetrics = "application/openmetrics-text; version=1.0.0"
    return {
        "metrics": _get(f"{address}/metrics"),
        "openmetrics": _get(f"{address}/metrics", accept=openmetrics),
        **{path: _get(f"{address}{path}") for path in ("/", "/-/healthy", "/-/ready", "/none")},
        "page": _get(f"{address}/status"),
        "status": _get(f"{address}/api/v1/status"),
    }


def _told(config: Path, *words: str) -> bytes:
    """What a command says in both its streams."""
    command = [sys.executable, "-m", "exporter", *words, f"--config.file={config}"]
    ran = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=True)
    return ran.stdout


def _get(url: str, *, method: str = "GET", accept: str = "*/*") -> bytes:
    try:
        with urlopen(Request(url, method=method, headers={"Accept": accept}), timeout=10) as page:
            return bytes(page.read())
    except HTTPError as error:
        return error.read()
