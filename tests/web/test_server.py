import asyncio
import contextlib
import logging
import os
import signal
import socket
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from exporter.web.connections import PATIENCE
from exporter.web.errors import (
    AddressDeniedError,
    AddressInUseError,
    AddressUnknownError,
    ListenAddressError,
)
from exporter.web.listen import ListenAddress, bind_all, parse_address
from exporter.web.server import serve


BIG = 32 * 1024 * 1024


async def _big(_request: Request) -> Response:
    return Response(b"x" * BIG)


async def _slow(_request: Request) -> Response:
    await asyncio.sleep(60)
    return Response(b"late")


SLOW_APP = Starlette(routes=[Route("/big", _big), Route("/slow", _slow)])


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


NEEDS_IPV6 = pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6")


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        (":10048", "", 10048),
        ("127.0.0.1:80", "127.0.0.1", 80),
        ("[::]:10048", "::", 10048),
        ("[::1]:0", "::1", 0),
        ("localhost:65535", "localhost", 65535),
    ],
)
def test_addresses_are_understood(text: str, host: str, port: int) -> None:
    """The forms that Prometheus users write."""
    assert parse_address(text) == ListenAddress(host, port)


@pytest.mark.parametrize(
    "text", ["10048", "localhost", "::1:80", "host:", "host:x", "h:65536", "h:²"]
)
def test_wrong_addresses(text: str) -> None:
    """Anything else is refused by name."""
    with pytest.raises(ListenAddressError) as caught:
        parse_address(text)
    assert repr(text) in str(caught.value)


@pytest.mark.parametrize("address", ["127.0.0.1:0", pytest.param("[::1]:0", marks=NEEDS_IPV6)])
async def test_serves_over_real_sockets(app: Starlette, address: str) -> None:
    """The metrics come over TCP, at the port that the system chose."""
    async with serve(app, [address]) as server, httpx.AsyncClient() as client:
        assert server.addresses[0].port > 0
        answer = await client.get(f"{server.urls[0]}/metrics")
        assert answer.status_code == 200
        assert len(answer.content) > 1000
        assert "server" not in answer.headers
        head = await client.head(f"{server.urls[0]}/metrics")
        assert int(head.headers["content-length"]) > 100


@NEEDS_IPV6
@pytest.mark.parametrize("address", [":0", "[::]:0"])
async def test_all_interfaces_are_both_families(app: Starlette, address: str) -> None:
    """:port and [::]:port answer IPv4 and IPv6."""
    async with serve(app, [address]) as server, httpx.AsyncClient() as client:
        port = server.addresses[0].port
        assert server.urls == (f"http://localhost:{port}",)
        for host in ("127.0.0.1", "[::1]"):
            assert (await client.get(f"http://{host}:{port}/-/ready")).status_code == 200


async def test_several_addresses(app: Starlette) -> None:
    """Each address given is listened on."""
    async with serve(app, ["127.0.0.1:0", "127.0.0.2:0"]) as server, httpx.AsyncClient() as client:
        assert [address.host for address in server.addresses] == ["127.0.0.1", "127.0.0.2"]
        for url in server.urls:
            assert (await client.get(f"{url}/-/ready")).status_code == 200


def test_port_in_use() -> None:
    """A port that is taken is named, with what to do, and nothing else stays bound."""
    (taken,) = bind_all(["127.0.0.1:0"])
    with taken:
        port = taken.getsockname()[1]
        with pytest.raises(AddressInUseError) as caught:
            bind_all(["127.0.0.2:0", f"127.0.0.1:{port}"])
    assert f"127.0.0.1:{port}" in str(caught.value)
    assert "--web.listen-address" in str(caught.value)


def test_port_can_be_bound_again_at_once(app: Starlette) -> None:
    """A restart does not wait for the system to forget the old connections."""

    async def visit(address: str) -> int:
        async with serve(app, [address]) as server, httpx.AsyncClient() as client:
            await client.get(f"{server.urls[0]}/-/ready")
            return server.addresses[0].port

    port = asyncio.run(visit("127.0.0.1:0"))
    assert asyncio.run(visit(f"127.0.0.1:{port}")) == port


@pytest.mark.parametrize("address", ["192.0.2.1:0", "no-such-host.invalid:0"])
def test_address_of_another_machine(address: str) -> None:
    """A host that is not here is named."""
    with pytest.raises(AddressUnknownError, match="cannot listen on"):
        bind_all([address])


def test_forbidden_port(monkeypatch: pytest.MonkeyPatch) -> None:
    """A port that the system denies is told apart; root may bind any, so the denial is made."""

    def deny(_socket: socket.socket, _address: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(socket.socket, "bind", deny)
    with pytest.raises(AddressDeniedError, match="above 1023"):
        bind_all(["127.0.0.1:80"])


async def test_signals_are_left_to_the_program(app: Starlette) -> None:
    """Serving installs no handlers, and a handler of the program's own still runs."""
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    called = asyncio.Event()
    async with serve(app, ["127.0.0.1:0"]):
        assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, called.set)
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            await asyncio.wait_for(called.wait(), 5)
        finally:
            asyncio.get_running_loop().remove_signal_handler(signal.SIGTERM)


async def test_requests_leave_no_log_lines(
    app: Starlette, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither scrapes nor rubbish on the wire write to the log."""
    caplog.set_level(logging.INFO)
    async with serve(app, ["127.0.0.1:0"]) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.addresses[0].port)
        writer.write(b"GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n")
        await reader.readuntil(b"\r\n\r\n")
        writer.close()
        reader, writer = await asyncio.open_connection("127.0.0.1", server.addresses[0].port)
        writer.write(b"\x16\x03\x01 rubbish\r\n\r\n")
        assert (await reader.read()).startswith(b"HTTP/1.1 400 ")
        writer.close()
    assert [record.getMessage() for record in caplog.records] == []


async def test_overlong_requests_are_refused(app: Starlette) -> None:
    """A path or headers beyond the limit end in 400, and others are served on."""
    async with serve(app, ["127.0.0.1:0"]) as server:
        port = server.addresses[0].port
        for start in (b"GET /", b"GET / HTTP/1.1\r\nx: "):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(start + b"x" * (PATIENCE.header_bytes + 1))
            with contextlib.suppress(ConnectionError):
                assert (await reader.read()).startswith(b"HTTP/1.1 400 ")
            writer.close()
        async with httpx.AsyncClient() as client:
            assert (await client.get(f"{server.urls[0]}/-/ready")).status_code == 200


@contextlib.contextmanager
def _connected(port: int, sent: bytes) -> Iterator[socket.socket]:
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(("127.0.0.1", port))
        client.sendall(sent)
        yield client


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"GET / HT",
        b"GET /-/ready HTTP/1.1\r\nhost: x\r\n\r\n",
        b"GET /big HTTP/1.1\r\nhost: x\r\n\r\n",
        b"GET /slow HTTP/1.1\r\nhost: x\r\n\r\n",
    ],
    ids=["silent", "half a request", "kept alive", "not reading", "long answer"],
)
async def test_close_does_not_wait_for_slow_clients(
    sent: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever a client does or leaves undone, closing ends within its time, and quietly."""
    async with contextlib.AsyncExitStack() as stack:
        server = await stack.enter_async_context(
            serve(SLOW_APP, ["127.0.0.1:0"], close_seconds=0.5)
        )
        with _connected(server.addresses[0].port, sent):
            await asyncio.sleep(0.1)
            started = time.monotonic()
            await asyncio.wait_for(stack.aclose(), 5)
    assert time.monotonic() - started < 3
    assert [record.getMessage() for record in caplog.records] == []


async def test_open_request_may_end(world: Any) -> None:
    """A request that ends within the time is answered whole."""

    async def soon(_request: Request) -> Response:
        await asyncio.sleep(0.3)
        return Response(b"done")

    app = Starlette(routes=[Route("/", soon)])
    async with httpx.AsyncClient() as client:
        async with serve(app, ["127.0.0.1:0"]) as server:
            asked = asyncio.create_task(client.get(server.urls[0]))
            await asyncio.sleep(0.1)
        assert (await asked).content == b"done"


async def test_error_inside_closes_the_server(app: Starlette) -> None:
    """An error of the program ends the server, frees the port and comes through."""
    ports = []

    async def fail() -> None:
        async with serve(app, ["127.0.0.1:0"]) as server:
            ports.append(server.addresses[0].port)
            raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        await fail()
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", ports[0])) != 0
