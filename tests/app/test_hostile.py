"""The running exporter and requests that mean no good."""

import json
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, suppress
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from exporter.simulation.gateway import Gateway
from exporter.simulation.limits import Limits
from exporter.simulation.presets import QUIET
from exporter.simulation.serve import serving
from exporter.simulation.visits import Account
from exporter.simulation.world import World
from exporter.web.connections import PATIENCE
from tests.app.conftest import PASSWORD, Exporter
from tests.app.starting import Forked


GOOD = b"GET /-/healthy HTTP/1.1\r\nhost: exporter\r\n\r\n"
PIECES = b"transfer-encoding: chunked\r\n"


@pytest.fixture(scope="module")
def exporter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exporter]:
    """One process for all tests, with the patience that users get."""
    folder = tmp_path_factory.mktemp("hostile")
    gateway = Gateway(
        [Account(world=World(QUIET), login="one", password=PASSWORD)],
        limits=Limits(requests=100_000, identical=100_000),
    )
    with serving(gateway) as url:
        account = {"name": "one", "login": "one", "password": PASSWORD, "api_url": url}
        config = {
            "accounts": [account],
            "web": {"listen_addresses": ["127.0.0.1:0"], "enable_lifecycle": True},
            "ledger": {"path": str(folder / "ledger.sqlite")},
            "log": {"format": "json"},
        }
        path = folder / "config.yml"
        path.write_text(json.dumps(config))
        path.chmod(0o600)
        with closing(Exporter(path, folder / "log", Forked)) as running:
            yield running


@pytest.fixture(autouse=True)
def _unharmed(exporter: Exporter) -> Iterator[None]:
    """After each test it serves its metrics, has logged no fault and not been reloaded."""
    before = len(exporter.log)
    yield
    assert "smsc_exporter_build_info" in exporter.get("/metrics").text
    lines = [json.loads(line) for line in exporter.log[before:].splitlines()]
    assert [line for line in lines if line["level"] != "info"] == []
    assert "configuration reloaded" not in {line["event"] for line in lines}


Connect = Callable[..., socket.socket]


@pytest.fixture
def connect(exporter: Exporter) -> Iterator[Connect]:
    """Opens connections and sends something on them."""
    address = urlsplit(exporter.url)
    with ExitStack() as stack:

        def connect(sent: bytes = b"") -> socket.socket:
            made = socket.create_connection((address.hostname or "", address.port or 0), 30)
            stack.callback(made.close)
            made.sendall(sent)
            return made

        yield connect


def answered(connection: socket.socket) -> bytes:
    """All that the server says until it ends the connection."""
    said = b""
    with suppress(ConnectionError):
        while piece := connection.recv(65536):
            said += piece
    return said


def statuses(said: bytes) -> list[int]:
    """The status of each answer."""
    parts = said.split(b"HTTP/1.1 ")
    return [int(part[:3]) for part in parts[1:]]


def request(line: str, *headers: str) -> bytes:
    """A request that ends its connection."""
    lines = (line, "host: exporter", *headers, "connection: close", "", "")
    return "\r\n".join(lines).encode("latin-1")


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("GET /metrics/../metrics HTTP/1.1", 404),
        ("GET /../../etc/passwd HTTP/1.1", 404),
        ("GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1", 404),
        ("GET /%2e%2e%2fmetrics HTTP/1.1", 404),
        ("GET //metrics HTTP/1.1", 404),
        ("GET /-/../metrics HTTP/1.1", 404),
        ("GET /metrics%00 HTTP/1.1", 404),
        ("GET /metrics%0d%0aX-Evil:1 HTTP/1.1", 404),
        ("GET /metrics; HTTP/1.1", 404),
        ("GET /METRICS HTTP/1.1", 404),
        ("GET /%ff%fe HTTP/1.1", 404),
        ("GET \\metrics HTTP/1.1", 404),
        ("GET metrics HTTP/1.1", 404),
        ("GET http://elsewhere.example/metrics HTTP/1.1", 404),
        ("GET /<script>alert(1)</script> HTTP/1.1", 404),
        ("GET /%6detrics HTTP/1.1", 200),
        ("GET /metrics\0 HTTP/1.1", 400),
        ("GET /met rics HTTP/1.1", 400),
        ("GET /\xff HTTP/1.1", 400),
        ("GET / HTTP/9.9", 505),
        ("GET / HTTP/1.1 extra", 400),
        ("GET /", 400),
        (" / HTTP/1.1", 400),
        ("BREW / HTTP/1.1", 405),
        ("TRACE / HTTP/1.1", 405),
        ("DELETE /metrics HTTP/1.1", 405),
        ("PUT /-/reload HTTP/1.1", 405),
        ("OPTIONS * HTTP/1.1", 404),
        ("CONNECT elsewhere.example:443 HTTP/1.1", 404),
        ("PRI * HTTP/2.0", 505),
        ("G\0T / HTTP/1.1", 400),
        (f"{'B' * 1000} / HTTP/1.1", 405),
        (f"GET /{'x' * 30_000} HTTP/1.1", 404),
        (f"GET /{'x' * 40_000} HTTP/1.1", 431),
        (f"GET /?{'name[]=x&' * 3000} HTTP/1.1", 200),
        (f"GET /metrics?{'name[]=x&' * 3000} HTTP/1.1", 200),
        (f"GET /metrics?name[]={'%' * 10_000} HTTP/1.1", 200),
    ],
)
def test_odd_request_lines(connect: Connect, line: str, status: int) -> None:
    """Each has one answer, which repeats nothing of it, and is the end of its connection."""
    said = answered(connect(request(line)))
    assert statuses(said) == [status]
    assert b"X-Evil" not in said
    assert b"<script>" not in said


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ([f"x: {'x' * 40_000}"], 431),
        ([f"x{number}: y" for number in range(20_000)], 400),
        ([f"{'x' * 40_000}: y"], 431),
        (["x : y"], 400),
        (["x\0: y"], 400),
        (["x: y\0z"], 400),
        ([": y"], 400),
        (["no colon"], 400),
        (["host: another"], 400),
        (["accept: " + "a/b;q=0.1," * 3000], 200),
        (["accept-encoding: " + "gzip;q=0," * 3000], 200),
        (["authorization: Basic " + "A" * 30_000], 200),
        (["upgrade: websocket", "connection: upgrade"], 200),
        (["upgrade: h2c", "http2-settings: AAMAAABkAAQAAP__", "connection: upgrade"], 200),
        (["expect: 100-continue"], 200),
        (["range: bytes=0-1"], 200),
    ],
)
def test_odd_headers(connect: Connect, headers: list[str], status: int) -> None:
    """What is no header is refused, what is none of ours is not heeded."""
    assert statuses(answered(connect(request("GET /metrics HTTP/1.1", *headers)))) == [status]


def test_a_request_without_a_host(connect: Connect) -> None:
    """HTTP/1.1 asks for one, HTTP/1.0 does without."""
    assert statuses(answered(connect(b"GET / HTTP/1.1\r\n\r\n"))) == [400]
    assert statuses(answered(connect(b"GET / HTTP/1.0\r\n\r\n"))) == [200]


@pytest.mark.parametrize(
    "head",
    [
        b"content-length: 5\r\n" + PIECES,
        PIECES + b"content-length: 5\r\n",
        b"content-length: 5\r\ncontent-length: 6\r\n",
        b"content-length: 5, 6\r\n",
        b"content-length: +5\r\n",
        b"content-length: -1\r\n",
        b"content-length: 0x5\r\n",
        b"content-length: 5\r\n",
        b"content-length: 99999999999999999999\r\n",
        PIECES,
        b"transfer-encoding: xchunked\r\n",
        b"transfer-encoding: chunked, identity\r\n",
        b"transfer-encoding: identity\r\n",
        b"transfer-encoding:\x0bchunked\r\n",
        b"transfer-encoding : chunked\r\n",
        b"content-length: 0\r\ncontent-length: 44\r\n",
    ],
)
@pytest.mark.parametrize("method", [b"GET", b"POST"])
def test_no_request_hides_in_another(connect: Connect, head: bytes, method: bytes) -> None:
    """Whatever is said of a body, what follows the request is not taken for one more."""
    hidden = b"POST /-/reload HTTP/1.1\r\nhost: exporter\r\n\r\n"
    start = method + b" /-/healthy HTTP/1.1\r\nhost: exporter\r\n" + head + b"\r\n"
    for body in (b"0\r\n\r\n", b"5\r\nhello\r\n0\r\n\r\n", b"hello", b""):
        (status,) = statuses(answered(connect(start + body + hidden)))
        assert status in {400, 413, 501}


def test_requests_one_after_the_other(connect: Connect) -> None:
    """Several honest ones sent at once are answered in order."""
    last = request("GET /metrics?name[]=none HTTP/1.1")
    assert statuses(answered(connect(GOOD * 20 + last))) == [200] * 21


def test_pages_of_other_sites_cannot_reload(exporter: Exporter) -> None:
    """A browser that a foreign page sends here says so, and is refused."""
    for origin in ("https://evil.example", "null", "http://localhost:1"):
        answer = httpx.post(f"{exporter.url}/-/reload", headers={"origin": origin})
        assert (answer.status_code, answer.text) == (403, "asked for by a page of another site\n")


@pytest.mark.parametrize("sent", [b"", b"GET /metrics HT", GOOD])
def test_five_hundred_idle_connections(exporter: Exporter, connect: Connect, sent: bytes) -> None:
    """More than there is room for, and every scrape is answered."""
    for _ in range(500):
        with suppress(ConnectionError):
            connect(sent)
    for _ in range(10):
        assert "smsc_exporter_build_info" in exporter.get("/metrics").text


def test_many_slow_clients(exporter: Exporter, connect: Connect) -> None:
    """Headers by the byte and answers that nobody reads: scrapes go on until they are let go."""
    slow = [connect(b"GET /metrics HTTP/1.1\r\nx: ") for _ in range(100)]
    for _ in range(100):
        connect(b"GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n" * 200)
    end = time.monotonic() + PATIENCE.request + 20
    left = set(slow)
    while left and time.monotonic() < end:
        left = {each for each in left if _takes(each, b"x")}
        assert "smsc_exporter_build_info" in exporter.get("/metrics").text
        time.sleep(0.2)
    assert not left


def _takes(connection: socket.socket, sent: bytes) -> bool:
    try:
        connection.sendall(sent)
    except OSError:
        return False
    return True


def test_endless_rubbish(exporter: Exporter, connect: Connect) -> None:
    """A client that sends without end is stopped early."""
    made: Any = connect(b"GET / HTTP/1.1\r\nx: ")
    sent = 0
    with pytest.raises(OSError):  # noqa: PT012
        while sent < 1 << 28:
            made.sendall(b"x" * 65536)
            sent += 65536
    assert sent < 1 << 25
