"""The exporter as a process: signals, reload, standing by, exit statuses."""

import json
import re
import socket
import sqlite3
from pathlib import Path
from signal import SIGHUP, SIGINT, SIGTERM, Signals

import httpx
import pytest

from exporter.simulation.gateway import Gateway
from tests.app.conftest import RunExporter, WriteConfig, wait_for
from tests.app.starting import command


CONFIG_OK = "smsc_exporter_config_last_reload_successful"
LEDGER_UP = "smsc_exporter_ledger_up"
BALANCE = 'smsc_account_balance{account="one",currency="RUB"}'


def up(account: str) -> str:
    return f'smsc_up{{account="{account}"}}'


def calls_by_result(ledger: Path) -> list[tuple[str, int]]:
    with sqlite3.connect(ledger) as connection:
        query = "SELECT result, count(*) FROM permit GROUP BY result"
        return connection.execute(query).fetchall()


@pytest.mark.parametrize("number", [SIGTERM, SIGINT])
def test_it_ends_in_the_middle_of_a_slow_call(
    gateway: Gateway,
    write_config: WriteConfig,
    run_exporter: RunExporter,
    tmp_path: Path,
    number: Signals,
) -> None:
    """Asked to end, it does so within seconds, in order, whatever it waits for."""
    gateway.latency = 25
    exporter = run_exporter(write_config())
    wait_for(lambda: gateway.meters["one"].running, exporter)
    status, seconds = exporter.end(number)
    assert (status, seconds < 5) == (0, True)
    assert calls_by_result(tmp_path / "ledger.sqlite") == [("timeout", 1)]
    assert "level=error" not in exporter.log


def test_it_ends_while_the_ledger_is_locked(
    write_config: WriteConfig, run_exporter: RunExporter, tmp_path: Path
) -> None:
    """Another process in the middle of a transaction doesn't keep it from ending."""
    exporter = run_exporter(write_config())
    wait_for(lambda: exporter.metric(up("one")) == 1, exporter)
    other = sqlite3.connect(tmp_path / "ledger.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    exporter.process.send_signal(SIGHUP)
    wait_for(lambda: exporter.metric(LEDGER_UP) == 0, exporter)
    status, seconds = exporter.end()
    other.close()
    assert (status, seconds < 5) == (0, True)


def test_a_signal_reloads_the_configuration(
    write_config: WriteConfig, run_exporter: RunExporter
) -> None:
    """Accounts added to the file are polled; a bad file changes nothing and is reported."""
    exporter = run_exporter(write_config("one"))
    wait_for(lambda: exporter.metric(up("one")) == 1, exporter)
    assert exporter.metric(up("two")) is None
    write_config("one", "two")
    exporter.process.send_signal(SIGHUP)
    wait_for(lambda: exporter.metric(up("two")) == 1, exporter)
    assert exporter.metric(CONFIG_OK) == 1
    write_config("one", nonsense=1)
    exporter.process.send_signal(SIGHUP)
    wait_for(lambda: exporter.metric(CONFIG_OK) == 0, exporter)
    assert exporter.metric(up("two")) == 1
    assert "nonsense" in next(line for line in exporter.log.splitlines() if "refused" in line)
    write_config("one")
    exporter.process.send_signal(SIGHUP)
    wait_for(lambda: exporter.metric(CONFIG_OK) == 1, exporter)
    wait_for(lambda: exporter.metric(up("two")) is None, exporter)
    assert exporter.metric(up("one")) == 1
    assert exporter.end()[0] == 0


def test_a_request_reloads_the_configuration(
    write_config: WriteConfig, run_exporter: RunExporter
) -> None:
    """The answer to the request says whether the file was good, and why not."""
    config = write_config("one")
    exporter = run_exporter(config)
    url = exporter.url
    config.write_text("accounts: [")
    refused = httpx.post(url + "/-/reload", timeout=10)
    assert refused.status_code == 500
    assert "nothing was changed" in refused.text
    write_config("two")
    assert httpx.post(exporter.url + "/-/reload", timeout=10).status_code == 200
    wait_for(lambda: exporter.metric(up("two")) == 1, exporter)
    assert exporter.metric(up("one")) is None


def test_a_reload_keeps_the_totals_and_the_pace(
    gateway: Gateway, write_config: WriteConfig, run_exporter: RunExporter
) -> None:
    """Reloading again and again spends no calls and loses nothing that is shown."""
    exporter = run_exporter(write_config())
    wait_for(lambda: exporter.metric(BALANCE) is not None, exporter)
    spent = len(gateway.calls)
    for _ in range(5):
        assert httpx.post(exporter.url + "/-/reload", timeout=10).status_code == 200
        assert exporter.metric(up("one")) == 1
        assert exporter.metric(BALANCE) is not None
        assert exporter.metric(LEDGER_UP) == 1
    assert len(gateway.calls) == spent


def test_a_second_exporter_stands_by_and_takes_over(
    write_config: WriteConfig, run_exporter: RunExporter
) -> None:
    """Of two exporters on one ledger one polls; the other says so, and goes on when it ends."""
    config = write_config()
    first = run_exporter(config)
    wait_for(lambda: first.metric(up("one")) == 1, first)
    second = run_exporter(config)
    wait_for(lambda: "standing by" in second.log, second)
    assert second.metric(LEDGER_UP) == 0
    assert second.metric(up("one")) == 0
    assert second.get("/-/healthy").status_code == 200
    assert second.get("/-/ready").status_code == 503
    assert first.end()[0] == 0
    wait_for(lambda: second.metric(LEDGER_UP) == 1, second)
    wait_for(lambda: second.get("/-/ready").status_code == 200, second)
    assert second.log.count("standing by") <= 3


def test_a_taken_port_is_one_clear_line(
    write_config: WriteConfig, run_exporter: RunExporter
) -> None:
    """A port in use ends it at once with a message that names it, and no traceback."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        exporter = run_exporter(write_config(web={"listen_addresses": [address]}))
        assert exporter.process.wait(20) == 1
    (line,) = [line for line in exporter.log.splitlines() if "level=warning" not in line]
    assert line.startswith("error: ")
    assert address in line


def test_it_serves_while_the_gateway_hangs(
    gateway: Gateway, write_config: WriteConfig, run_exporter: RunExporter
) -> None:
    """A scrape never waits for the gateway."""
    gateway.latency = 25
    exporter = run_exporter(write_config())
    wait_for(lambda: gateway.meters["one"].running, exporter)
    assert "smsc_exporter_build_info" in exporter.get("/metrics").text
    assert exporter.get("/-/healthy").status_code == 200


def test_every_line_of_the_log_is_structured(
    write_config: WriteConfig, run_exporter: RunExporter
) -> None:
    """With JSON chosen each line that the command writes is one object, first to last."""
    exporter = run_exporter(write_config(log={"format": "json"}), command)
    wait_for(lambda: re.search(r'"event": "polled"', exporter.log), exporter)
    exporter.end()
    lines = [json.loads(line) for line in exporter.log.splitlines()]
    assert [line["event"] for line in lines][-1] == "stopping"
    assert {"listening", "ledger opened", "polled"} <= {line["event"] for line in lines}
