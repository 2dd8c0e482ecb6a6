"""How many accounts one processor core polls with all of their budgets.

``python -m benchmarks.scale`` runs the exporter itself over HTTP against a gateway each of whose
accounts sends 15,000 messages an hour to four operators under one name, scrapes it twice a minute,
and measures once the first sync is over: calls an hour of each account, the exporter's share of a
core, what a call costs, memory, and what a scrape takes. ``--ledger postgresql`` uses a server of
its own and tells its share, too.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import yaml

from tests.crash.victim import free_port, samples
from tests.postgresql import Server


MESSAGES = 15_000
"""Messages an hour of each account: each is on two of 30 pages."""
BUDGET = 30
TICKS = os.sysconf("SC_CLK_TCK")


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, default=1000)
    parser.add_argument("--ledger", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--warm-up", type=float, default=180, help="seconds before measuring")
    parser.add_argument("--seconds", type=float, default=240, help="seconds of measuring")
    given = parser.parse_args(arguments)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = stack.enter_context(_postgresql()) if given.ledger == "postgresql" else None
        gateway, port = free_port(), free_port()
        stack.enter_context(_running("benchmarks.scale_gateway", str(gateway), str(MESSAGES)))
        config = _config(folder, given.accounts, gateway, port, server)
        exporter = stack.enter_context(_running("exporter", "run", "--config.file", str(config)))
        _scraped(port, given.warm_up)
        _measure(exporter, port, given.accounts, given.seconds, server)


def _measure(
    exporter: int, port: int, accounts: int, seconds: float, server: Server | None
) -> None:
    before, spent, spent_there = _calls(port), _cpu(exporter), _database_cpu(server)
    began = time.monotonic()
    _scraped(port, seconds)
    took = time.monotonic() - began
    share = (_cpu(exporter) - spent) / took
    there = (_database_cpu(server) - spent_there) / took
    calls = _calls(port) - before
    hourly = calls / accounts / took * 3600
    print(f"{accounts} accounts, {'PostgreSQL' if server else 'SQLite'}, {took:.0f} s:")
    print(f"  history calls of an account: {hourly:.1f} an hour")
    print(f"  of a core, exporter: {share:.0%}" + (f", database: {there:.0%}" if server else ""))
    print(f"  processor time of a call: {share * took / calls * 1000:.0f} ms")
    filling = accounts / share * hourly / BUDGET
    print(f"  accounts at {BUDGET} calls an hour that fill a core: {filling:.0f}")
    memory = _memory(exporter)
    print(f"  resident memory: {memory:.0f} MiB, {memory / accounts * 1024:.0f} KiB an account")
    for name, path in (("all accounts", "/metrics"), ("one account", "/probe?account=account-0")):
        _scrape(port, name, path)


def _scraped(port: int, seconds: float) -> None:
    """Let time pass, scraping all accounts twice a minute, as Prometheus would."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        time.sleep(min(left, 30))
        _page(port, "/metrics", "gzip")


def _scrape(port: int, name: str, path: str) -> None:
    times = []
    for _ in range(5):
        begun = time.perf_counter()
        size = len(_page(port, path))
        times.append(time.perf_counter() - begun)
    packed = len(_page(port, path, "gzip"))
    print(
        f"  scrape of {name}: {sorted(times)[2]:.3f} s, {size / 1024:.0f} KiB,"
        f" {packed / 1024:.0f} KiB packed"
    )


def _config(folder: Path, accounts: int, gateway: int, port: int, server: Server | None) -> Path:
    told = {
        "accounts": [
            {
                "name": f"account-{number}",
                "api_url": f"http://127.0.0.1:{gateway}",
                "login": f"login{number}",
                "password": "secret",
                "channels": ["sms"],
                "lookback": "10m",
                "balance": {"enabled": False},
                "budget": {"requests": BUDGET, "reserve": 0},
            }
            for number in range(accounts)
        ],
        "ledger": {"path": str(folder / "ledger.sqlite")},
        "web": {"listen_addresses": [f"127.0.0.1:{port}"]},
        "log": {"level": "error"},
        "zero_hold": 0,
    }
    if server is not None:
        told["ledger"] = {"url": server.address(server.create()).url}
    path = folder / "config.yaml"
    path.write_text(yaml.safe_dump(told))
    path.chmod(0o600)
    return path


@contextmanager
def _running(module: str, *arguments: str) -> Iterator[int]:
    process = subprocess.Popen([sys.executable, "-m", module, *arguments])
    try:
        yield process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


@contextmanager
def _postgresql() -> Iterator[Server]:
    server = Server()
    try:
        yield server
    finally:
        server.remove()


def _calls(port: int) -> float:
    """History calls of all accounts so far."""
    found = samples(_page(port, "/metrics").decode())
    return sum(v for s, v in found.items() if s.startswith("smsc_api_requests_total{"))


def _page(port: int, path: str, encoding: str = "identity") -> bytes:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}{path}", headers={"Accept-Encoding": encoding}
    )
    with urllib.request.urlopen(request, timeout=120) as answer:
        return bytes(answer.read())


def _cpu(process: int) -> float:
    """Processor seconds of a process."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def _database_cpu(server: Server | None) -> float:
    """Those of a database's processes that are alive."""
    if server is None:
        return 0.0
    main = int((server.folder / "data" / "postmaster.pid").read_text().split()[0])
    children = Path(f"/proc/{main}/task/{main}/children").read_text(encoding="ascii").split()
    return _cpu(main) + sum(_cpu(int(child)) for child in children)


def _memory(process: int) -> float:
    """Resident MiB."""
    status = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    main()
