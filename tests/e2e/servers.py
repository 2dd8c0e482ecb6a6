"""Programs that run beside the tests, and what Prometheus knows."""

import json
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self


SCRAPE = """\
global: {{scrape_interval: 1s, scrape_timeout: 1s}}
scrape_configs:
  - job_name: smsc
    static_configs: [{{targets: ["{target}"]}}]
  - job_name: self
    static_configs: [{{targets: ["127.0.0.1:{port}"]}}]
"""
Labels = frozenset[tuple[str, str]]


class Program:
    """A server at an address of its own, started and stopped at will."""

    def __init__(self, command: Sequence[str], url: str, log: Path) -> None:
        self.url = url
        self._command = command
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    @contextmanager
    def running(self) -> Iterator[Self]:
        """Run for as long as the block."""
        self.start()
        try:
            yield self
        finally:
            self.end(signal.SIGTERM)

    def start(self) -> None:
        """Start without waiting."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log)

    def end(self, number: signal.Signals) -> int:
        """Send a signal and wait; gives the exit status, negative for a signal."""
        self.signal(number)
        assert self._process is not None
        return self._process.wait(20)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the running program."""
        assert self._process is not None
        self._process.send_signal(number)

    def get(self, path: str, accept: str = "") -> str:
        """Ask for a page; error pages are pages too."""
        request = urllib.request.Request(self.url + path, headers={"Accept": accept})
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return str(answer.read().decode())
        except urllib.error.HTTPError as error:
            with error:
                return error.read().decode()

    def post(self, path: str) -> int:
        """Ask for something to be done; gives the status."""
        request = urllib.request.Request(self.url + path, method="POST")
        with urllib.request.urlopen(request, timeout=10) as answer:
            return int(answer.status)

    def await_text(self, path: str, good: Callable[[str], bool], seconds: float) -> str:
        """Ask until the page is as wanted.

        Raises:
            AssertionError: it was not in that time.

        """
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                text = self.get(path)
            except OSError:
                text = ""
            if good(text):
                return text
            time.sleep(0.25)
        log = self._log.read_text(errors="replace")[-3000:]
        raise AssertionError(f"{self.url}{path} is not as wanted after {seconds} s:\n{log}")


class Prometheus(Program):
    """A Prometheus that scrapes one exporter each second."""

    def __init__(self, binary: Path, folder: Path, target: str, *, text: str = SCRAPE) -> None:
        folder.mkdir()
        port = free_port()
        (folder / "prometheus.yml").write_text(text.format(target=target, port=port))
        command = [
            str(binary),
            f"--config.file={folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{port}",
            "--enable-feature=exemplar-storage",
        ]
        super().__init__(command, f"http://127.0.0.1:{port}", folder / "log")

    def api(self, path: str, **parameters: str) -> Any:
        """Data of an answer of its HTTP API."""
        query = urllib.parse.urlencode(parameters)
        answer = json.loads(self.get(f"/api/v1/{path}?{query}"))
        assert answer["status"] == "success", answer
        return answer["data"]

    def query(self, promql: str, at: float | None = None) -> dict[Labels, float]:
        """An instant query's samples by their labels."""
        parameters = {"query": promql} | ({} if at is None else {"time": f"{at:.3f}"})
        found = self.api("query", **parameters)["result"]
        return {frozenset(s["metric"].items()): float(s["value"][1]) for s in found}

    def await_query(self, promql: str, good: Callable[[list[float]], bool], seconds: float) -> None:
        """Query until the values are as wanted.

        Raises:
            AssertionError: they were not in that time.

        """
        end = time.monotonic() + seconds
        values: list[float] = []
        while time.monotonic() < end:
            try:
                values = list(self.query(promql).values())
            except (OSError, ValueError):
                values = []
            if good(values):
                return
            time.sleep(0.5)
        raise AssertionError(f"{promql} is {values} after {seconds} s")

    def names(self, pattern: str) -> list[str]:
        """Metric names that match, of the exporter's."""
        match = f'{{__name__=~"{pattern}",job="smsc"}}'
        return list(self.api("label/__name__/values", **{"match[]": match}))


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
