"""The exporter as a process that can be started, killed and scraped."""

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Self

from starlette.types import ASGIApp, Receive, Scope, Send


COUNTED = ("_total", "_bucket", "_count", "_sum")


class Prefork:
    """The forking parent, shared by all victims."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        script = Path(__file__).with_name("prefork.py")
        self._process = subprocess.Popen(
            [sys.executable, script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def fork(self, arguments: Sequence[str], log: Path, statements: int, permits: int) -> int:
        """Start the program; with ``statements`` it kills itself at that one. Gives the pid."""
        order = {
            "arguments": arguments,
            "log": str(log),
            "statements": statements,
            "permits": permits,
        }
        with self._lock:
            assert self._process.stdin is not None
            assert self._process.stdout is not None
            self._process.stdin.write(json.dumps(order) + "\n")
            self._process.stdin.flush()
            return int(self._process.stdout.readline())

    def close(self) -> None:
        """End the parent; its children are the victims' business."""
        self._process.communicate(timeout=10)


class Victim:
    """One exporter on a fixed port, started again and again over the same ledger."""

    def __init__(self, folder: Path, prefork: Prefork) -> None:
        self.folder = folder
        self.port = free_port()
        self.kills = 0
        self._prefork = prefork
        self._pidfd: int | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> Path:
        """What all incarnations wrote."""
        return self.folder / "log"

    @property
    def ledger(self) -> Path:
        """The SQLite file."""
        return self.folder / "ledger.sqlite"

    def start(self, *, statements: int = 0, permits: int = 0) -> None:
        """Fork an incarnation that dies at that statement after so many permits, if any."""
        pid = self._prefork.fork(self._arguments(), self.log, statements, permits)
        self._pidfd = os.pidfd_open(pid)

    def start_command(self) -> None:
        """Start an incarnation by the command that people use."""
        command = [sys.executable, "-m", "exporter", *self._arguments()]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        self._pidfd = os.pidfd_open(self._process.pid)

    def kill(self) -> None:
        """SIGKILL, unless it is dead already."""
        self._signal(signal.SIGKILL)
        assert self.wait(10)

    def stop(self) -> None:
        """SIGTERM, and wait for the end."""
        self._signal(signal.SIGTERM)
        if not self.wait(10):
            self.kill()
            raise AssertionError("SIGTERM did not end the exporter within 10 s")

    def pause(self) -> None:
        """SIGSTOP."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT."""
        self._signal(signal.SIGCONT)

    def wait(self, seconds: float) -> bool:
        """Whether the incarnation ends, or has ended, within that time."""
        if self._pidfd is None:
            return True
        ended, _, _ = select.select([self._pidfd], [], [], seconds)
        if not ended:
            return False
        os.close(self._pidfd)
        self._pidfd = None
        if self._process is not None:
            self._process.wait()
            self._process = None
        self.kills += 1
        return True

    def page(self) -> str | None:
        """/metrics as text; None while nothing answers."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/metrics")
            return connection.getresponse().read().decode()
        except (OSError, HTTPException):
            return None
        finally:
            connection.close()

    def await_page(self, good: Callable[[dict[str, float]], bool], seconds: float) -> None:
        """Scrape until the samples are as wanted.

        Raises:
            AssertionError: they were not in that time.

        """
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            page = self.page()
            if page is not None and good(samples(page)):
                return
            time.sleep(0.2)
        raise AssertionError(f"not reached in {seconds} s; see {self.log}\n{self.tail()}")

    def tail(self, lines: int = 30) -> str:
        """The end of the log."""
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return "\n".join(text.splitlines()[-lines:])

    def _arguments(self) -> list[str]:
        return ["run", "--config.file", str(self.folder / "config.yaml")]

    def _signal(self, number: signal.Signals) -> None:
        if self._pidfd is not None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._pidfd, number)


class Watch:
    """Scrapes a victim all the time and notes every series that falls, as Prometheus would."""

    def __init__(self, victim: Victim, interval: float) -> None:
        self._victim = victim
        self._interval = interval
        self._highest: dict[str, float] = {}
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.scrapes = 0
        self.falls: list[str] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join(10)

    def _run(self) -> None:
        while not self._stopping.wait(self._interval):
            page = self._victim.page()
            if page is not None:
                self.scrapes += 1
                self._compare(samples(page))

    def _compare(self, found: Mapping[str, float]) -> None:
        for series, value in found.items():
            if not series.partition("{")[0].endswith(COUNTED):
                continue
            before = self._highest.get(series, 0.0)
            if value < before:
                self.falls.append(f"{series}: {before:g} -> {value:g}")
            self._highest[series] = max(value, before)


class Bell:
    """An ASGI application that tells when a history call arrives at another one."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._rung = threading.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Ring, and serve."""
        if scope["type"] == "http" and scope["path"] == "/sys/get.php":
            self._rung.set()
        await self._app(scope, receive, send)

    def listen(self) -> None:
        """Forget the calls so far."""
        self._rung.clear()

    def wait(self, seconds: float) -> bool:
        """Whether a call arrives within that time."""
        return self._rung.wait(seconds)


def samples(page: str) -> dict[str, float]:
    """The exporter's own samples of a page by series."""
    found = {}
    for line in page.splitlines():
        if line.startswith("smsc_"):
            series, _, value = line.rpartition(" ")
            found[series] = float(value)
    return found


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
