"""The exporter as a service that its manager watches."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from signal import SIGHUP

import pytest

from tests.app.conftest import RunExporter, WriteConfig, wait_for
from tests.app.starting import command


@pytest.fixture
def manager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """The socket that the exporter's environment names, with a time limit of two seconds."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as wire:
        wire.bind(str(tmp_path / "notify"))
        wire.settimeout(20)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        monkeypatch.setenv("WATCHDOG_USEC", "2000000")
        monkeypatch.delenv("WATCHDOG_PID", raising=False)
        yield wire


def next_word(manager: socket.socket) -> list[str]:
    """The next word that is no sign of life, of which there is one a second."""
    for _ in range(20):
        lines = manager.recv(4096).decode().split("\n")
        if "WATCHDOG=1" not in lines:
            return lines
    pytest.fail("nothing but signs of life")


def test_the_manager_hears_of_every_turn_of_life(
    manager: socket.socket, write_config: WriteConfig, run_exporter: RunExporter
) -> None:
    """Ready once it can be scraped, alive while it polls, reloading also in vain, ending."""
    config = write_config()
    exporter = run_exporter(config, command)
    assert next_word(manager) == ["READY=1"]
    assert exporter.get("/metrics").status_code == 200
    assert manager.recv(4096).decode().split("\n") == ["STATUS=healthy", "WATCHDOG=1"]
    config.write_text(json.dumps({"nonsense": 1}))
    exporter.process.send_signal(SIGHUP)
    assert next_word(manager) == ["RELOADING=1"]
    assert next_word(manager) == ["READY=1"]
    wait_for(lambda: "refused" in exporter.log, exporter)
    assert exporter.end()[0] == 0
    assert next_word(manager) == ["STOPPING=1"]
