"""What a service manager is told, on a real socket."""

import asyncio
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from exporter.notify import Manager, find_manager


class Listener:
    """A service manager's end of the wire."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind("\0" + address[1:] if address.startswith("@") else address)
        self._socket.setblocking(False)

    def heard(self) -> list[list[str]]:
        """The lines of each word so far."""
        words = []
        while True:
            try:
                words.append(self._socket.recv(4096).decode().split("\n"))
            except BlockingIOError:
                return words

    def close(self) -> None:
        self._socket.close()


class Steps:
    """A clock whose waits end at once, until there were enough of them."""

    def __init__(self, most: int) -> None:
        self.waits: list[float] = []
        self._most = most

    def now(self) -> float:
        return sum(self.waits)

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        if len(self.waits) >= self._most:
            raise asyncio.CancelledError


@pytest.fixture(params=["path", "abstract"])
def listener(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Listener]:
    path = str(tmp_path / "notify")
    made = Listener(path if request.param == "path" else f"@{path}")
    yield made
    made.close()


def test_every_word_arrives_as_the_manager_reads_it(listener: Listener) -> None:
    """Readiness, a reload and the end are told over both kinds of sockets."""
    manager = find_manager({"NOTIFY_SOCKET": listener.address})
    manager.ready()
    with manager.reloading():
        manager.stopping()
    assert listener.heard() == [["READY=1"], ["RELOADING=1"], ["STOPPING=1"], ["READY=1"]]


def test_a_reload_that_fails_is_over_too(listener: Listener) -> None:
    """The manager doesn't wait for ever for a reload that met an error."""
    with pytest.raises(ValueError, match="bug"), Manager(listener.address).reloading():
        raise ValueError("bug")
    assert listener.heard()[-1] == ["READY=1"]


async def test_signs_of_life_stop_with_the_life(listener: Listener) -> None:
    """Twice in the manager's time limit it hears a sign, but only while all is well."""
    clock = Steps(3)
    looks = iter([(True, "healthy"), (False, "one is dead\ntwo as well"), (True, "healthy")])
    with pytest.raises(asyncio.CancelledError):
        await Manager(listener.address, 60.0).watch(lambda: next(looks), clock)
    assert clock.waits == [30.0, 30.0, 30.0]
    assert listener.heard() == [
        ["STATUS=healthy", "WATCHDOG=1"],
        ["STATUS=one is dead; two as well"],
        ["STATUS=healthy", "WATCHDOG=1"],
    ]


@pytest.mark.parametrize(
    ("environ", "patience"),
    [
        ({"WATCHDOG_USEC": "1500000", "WATCHDOG_PID": "{pid}"}, 1.5),
        ({"WATCHDOG_USEC": "1500000"}, 1.5),
        ({"WATCHDOG_USEC": "1500000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({}, None),
    ],
)
def test_the_time_limit_is_the_managers(
    environ: dict[str, str], patience: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A limit for another process, or none at all, asks for no signs of life."""
    monkeypatch.setattr("os.getpid", lambda: 4711)
    manager = find_manager({key: text.format(pid=4711) for key, text in environ.items()})
    assert manager._patience == patience


async def test_without_a_manager_nothing_is_said() -> None:
    """Started from a shell, the process waits for nobody and complains of nothing."""
    clock = Steps(1)
    with capture_logs() as lines:
        for manager in (Manager(), Manager(patience=1.0)):
            manager.ready()
            await manager.watch(lambda: (True, ""), clock)
    assert (lines, clock.waits) == ([], [])


def test_a_deaf_manager_is_no_reason_to_end(tmp_path: Path) -> None:
    """A socket that nobody reads is logged, and the work goes on."""
    with capture_logs() as lines:
        Manager(str(tmp_path / "nobody")).ready()
    assert [line["event"] for line in lines] == ["the service manager cannot be told"]
