"""What a health check hears."""

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from tests.commands.conftest import Shell


class Page(BaseHTTPRequestHandler):
    """Answers each path `/503` with that status."""

    def do_GET(self) -> None:
        status = int(self.path[1:])
        self.send_response(status)
        self.end_headers()
        self.wfile.write(b"account 'one' hangs\n")

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def address() -> Iterator[str]:
    """Where such pages are served."""
    with HTTPServer(("127.0.0.1", 0), Page) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("status", "ends", "says"),
    [
        (200, 0, lambda url: "account 'one' hangs\n"),
        (401, 0, lambda url: "asks for a login, so more is not known\n"),
        (404, 1, lambda url: f"error: {url} answered 404: account 'one' hangs\n"),
        (503, 1, lambda url: f"error: {url} answered 503: account 'one' hangs\n"),
    ],
)
def test_the_status_tells_whether_all_is_well(
    shell: Shell, address: str, status: int, ends: int, says: Callable[[str], str]
) -> None:
    """An engine reads the exit status, a person what stands beside it."""
    url = f"{address}/{status}"
    ran = shell.run("probe", "--url", url)
    assert (ran.status, ran.out, ran.err) == (ends, "", says(url))


def test_a_proxy_is_not_asked(shell: Shell, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The exporter is on this machine, however the gateway is reached."""
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    assert shell.run("probe", "--url", f"{address}/200").status == 0


@pytest.mark.parametrize(
    ("url", "ends", "says"),
    [
        ("http://127.0.0.1:1/-/healthy", 1, "does not answer: [Errno 111] Connection refused\n"),
        ("http://[::1/", 1, "does not answer: Invalid IPv6 URL\n"),
        ("http://127.0.0.1:x/", 1, "does not answer: nonnumeric port: 'x'\n"),
        ("ftp://127.0.0.1/", 2, "give one that starts with http:// or https://\n"),
        ("", 2, "give one that starts with http:// or https://\n"),
    ],
)
def test_an_address_without_an_exporter_is_one_line(
    shell: Shell, url: str, ends: int, says: str
) -> None:
    """Nothing there, or no address at all, is said without a traceback."""
    ran = shell.run("probe", "--url", url)
    assert (ran.status, ran.err.count("\n")) == (ends, 1)
    assert ran.err.endswith(says)


@pytest.mark.timeout(20)
def test_a_silent_exporter_is_not_waited_for(shell: Shell) -> None:
    """A process that hangs takes connections and never answers."""
    with HTTPServer(("127.0.0.1", 0), Page) as server:
        url = f"http://127.0.0.1:{server.server_port}/200"
        ran = shell.run("probe", "--url", url, "--timeout", "0.2")
    assert (ran.status, ran.err) == (1, f"error: {url} does not answer: timed out\n")
