"""Whoever opens many connections, sends slowly or does not read leaves room for scrapes."""

import asyncio
import errno
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import trustme
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from exporter.web.connections import PATIENCE, Patience
from exporter.web.server import serve


REQUEST = b"GET /ready HTTP/1.1\r\nhost: x\r\n\r\n"
BIG = 48 * 1024 * 1024
HASTY = Patience(handshake=0.2, request=0.2, answer=0.2, reading=0.2, idle=1)
"""Puts up with little, so that tests are short."""


async def _ready(_request: Request) -> Response:
    return Response(b"ready")


async def _big(_request: Request) -> Response:
    return Response(b"x" * BIG)


async def _slow(_request: Request) -> Response:
    await asyncio.sleep(60)
    return Response(b"late")


APP = Starlette(routes=[Route("/ready", _ready), Route("/big", _big), Route("/slow", _slow)])
Client = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Place:
    """A server to connect to."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._writers: list[asyncio.StreamWriter] = []

    async def connect(self, sent: bytes = b"", host: str = "127.0.0.1", **options: Any) -> Client:
        """A connection from an address of this machine, on which something was sent."""
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", self._port, local_addr=(host, 0), **options
        )
        self._writers.append(writer)
        writer.write(sent)
        return reader, writer

    async def scrape(self, host: str = "127.0.0.1") -> bytes:
        """What a well-behaved client is answered."""
        reader, _ = await self.connect(REQUEST, host)
        return await read_answer(reader)

    def leave(self) -> None:
        """End all connections."""
        for writer in self._writers:
            writer.transport.abort()


async def read_answer(reader: asyncio.StreamReader) -> bytes:
    """One answer's body; empty when the connection ends before."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return b""
    length = next(line for line in head.split(b"\r\n") if line.startswith(b"content-length:"))
    return await reader.readexactly(int(length.partition(b":")[2]))


async def ended(reader: asyncio.StreamReader) -> bool:
    """Wait until the server ends a connection; whether it said nothing on it."""
    try:
        return await asyncio.wait_for(reader.read(), 20) == b""
    except ConnectionError:
        return True


async def until_lost(reader: asyncio.StreamReader) -> bytes:
    """What comes before the connection breaks."""
    got = bytearray()
    try:
        while piece := await reader.read(1 << 20):
            got += piece
    except ConnectionError:
        pass
    return bytes(got)


@asynccontextmanager
async def serving(patience: Patience, **options: Any) -> AsyncIterator[Place]:
    """A server with this patience."""
    async with serve(APP, ["127.0.0.1:0"], patience=patience, **options) as server:
        place = Place(server.addresses[0].port)
        try:
            yield place
        finally:
            place.leave()


@pytest.mark.parametrize(
    "sent",
    [b"", b"G", b"GET / HTTP/1.1\r\n", b"GET / HTTP/1.1\r\nhost: x\r\nx: y", REQUEST + b"GET"],
    ids=["nothing", "a letter", "half a head", "half a header", "a second one"],
)
async def test_a_request_that_never_ends(sent: bytes) -> None:
    """Silence and half a request are waited for in patience, and others served meanwhile."""
    async with serving(HASTY) as place:
        reader, _ = await place.connect(sent)
        if sent.startswith(REQUEST):
            assert await read_answer(reader) == b"ready"
        assert await place.scrape() == b"ready"
        assert await ended(reader)


async def test_a_request_that_trickles() -> None:
    """A byte now and then doesn't buy more time."""
    async with serving(HASTY) as place:
        reader, writer = await place.connect(b"GET / HTTP/1.1\r\nx: ")
        end = asyncio.create_task(ended(reader))
        sent = 0
        while not end.done():
            writer.write(b"x")
            sent += 1
            await asyncio.sleep(0.02)
        assert await end
        assert sent > 5


async def test_a_second_request_that_never_ends() -> None:
    """The time between requests is over with the first byte of the next."""
    async with serving(Patience(request=0.2, idle=600)) as place:
        reader, writer = await place.connect(REQUEST)
        assert await read_answer(reader) == b"ready"
        writer.write(b"G")
        assert await ended(reader)


async def test_a_handshake_that_never_ends(authority: trustme.CA) -> None:
    """A client that stops in the middle of TLS is let go."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    async with serving(HASTY, tls=lambda: context) as place:
        for sent in (b"", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"):
            reader, _ = await place.connect(sent)
            assert await ended(reader)


async def test_an_idle_connection() -> None:
    """Between requests there is more time, until that is over, too."""
    async with serving(HASTY) as place:
        reader, writer = await place.connect(REQUEST)
        assert await read_answer(reader) == b"ready"
        await asyncio.sleep(3 * HASTY.request)
        writer.write(REQUEST)
        assert await read_answer(reader) == b"ready"
        assert await ended(reader)


@pytest.mark.parametrize("more", [b"", b"connection: close\r\n"], ids=["kept", "closing"])
async def test_an_answer_that_nobody_reads(more: bytes) -> None:
    """What is left of it doesn't stay in memory for ever."""
    async with serving(HASTY) as place:
        sent = REQUEST.replace(b"/ready", b"/big").replace(b"\r\n\r\n", b"\r\n" + more + b"\r\n")
        reader, writer = await place.connect()
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        writer.write(sent)
        await asyncio.sleep(2)
        assert await place.scrape() == b"ready"
        writer.transport.resume_reading()  # type: ignore[attr-defined]
        assert len(await until_lost(reader)) < BIG


async def test_an_answer_that_takes_long() -> None:
    """A request that hangs is given up."""
    async with serving(HASTY) as place:
        reader, _ = await place.connect(REQUEST.replace(b"/ready", b"/slow"))
        assert await ended(reader)


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\n", REQUEST])
async def test_five_hundred_connections(sent: bytes) -> None:
    """Far more than there is room for, from one address, and scrapes are answered all the same."""
    async with serving(PATIENCE) as place:
        readers = [(await place.connect(sent))[0] for _ in range(500)]
        assert [await place.scrape() for _ in range(5)] == [b"ready"] * 5
        over = [reader for reader in readers if reader._eof or reader.exception()]  # type: ignore[attr-defined]
        assert len(over) >= 500 - PATIENCE.connections


async def test_a_flood_takes_nobody_elses_place() -> None:
    """The longest wait gives way, but of the address with the most connections."""
    async with serving(Patience(connections=8)) as place:
        reader, writer = await place.connect(REQUEST, "127.0.0.9")
        assert await read_answer(reader) == b"ready"
        flood = [(await place.connect(host="127.0.0.2"))[0] for _ in range(30)]
        assert await ended(flood[0])
        writer.write(REQUEST)
        assert await read_answer(reader) == b"ready"
        assert not flood[-1].at_eof()


async def test_requests_under_way_are_not_cut() -> None:
    """When all are busy it is the newcomer that waits."""
    async with serving(Patience(connections=3, answer=1)) as place:
        slow = REQUEST.replace(b"/ready", b"/slow")
        busy = [(await place.connect(slow))[0] for _ in range(3)]
        await asyncio.sleep(0.1)
        newcomer = asyncio.create_task(place.scrape())
        await asyncio.sleep(0.5)
        assert not newcomer.done()
        assert not any(reader.at_eof() for reader in busy)
        assert await newcomer == b"ready"


async def test_handshakes_take_room_too(authority: trustme.CA) -> None:
    """Connections that have not come to TLS yet are counted, and cut, like the others."""
    server, client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert("localhost").configure_cert(server)
    authority.configure_trust(client)
    async with serving(Patience(connections=4), tls=lambda: server) as place:
        silent = [(await place.connect())[0] for _ in range(20)]
        for _ in range(3):
            reader, _ = await place.connect(REQUEST, ssl=client, server_hostname="localhost")
            assert await read_answer(reader) == b"ready"
        assert await ended(silent[0])
        assert len([reader for reader in silent if not reader.at_eof()]) <= 4


async def test_no_more_descriptors(monkeypatch: pytest.MonkeyPatch) -> None:
    """When the system has no connection to give, one that asks for nothing is given up for it."""
    accept, refusals = socket.socket.accept, iter([OSError(errno.EMFILE, "Too many open files")])

    def exhausted(listening: socket.socket) -> Any:
        for error in refusals:
            raise error
        return accept(listening)

    async with serving(Patience(request=600)) as place:
        reader, _ = await place.connect()
        await asyncio.sleep(0.1)
        monkeypatch.setattr(socket.socket, "accept", exhausted)
        assert await place.scrape() == b"ready"
        assert await ended(reader)


async def test_accepting_does_not_keep_requests_waiting() -> None:
    """While connections pour in, those that ask are answered."""
    async with serving(Patience(connections=64)) as place:
        pouring = True

        async def pour() -> int:
            count = 0
            while pouring:
                await place.connect(host="127.0.0.2")
                count += 1
            return count

        floods = [asyncio.create_task(pour()) for _ in range(4)]
        answers = [await place.scrape() for _ in range(50)]
        pouring = False
        assert sum(await asyncio.gather(*floods)) > 64
        assert answers == [b"ready"] * 50


async def test_slow_clients_at_the_end(caplog: pytest.LogCaptureFixture) -> None:
    """Connections in every state end with the server, in time and quietly."""
    sent = (b"", b"GET", REQUEST, REQUEST.replace(b"/ready", b"/slow"))
    async with serve(APP, ["127.0.0.1:0"], close_seconds=0.3) as server:
        place = Place(server.addresses[0].port)
        readers = [(await place.connect(each))[0] for each in sent]
        await asyncio.sleep(0.1)
    for reader in readers:
        await ended(reader)
    place.leave()
    assert [record.getMessage() for record in caplog.records] == []
