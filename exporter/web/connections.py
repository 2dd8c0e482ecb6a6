"""Open connections: how many there may be, and how long each may take over what it does.

Whoever opens many, sends slowly or does not read gets cut off, so that there is always room for a
scrape. uvicorn itself would let them wait for ever and refuse the scrape.
"""

import asyncio
import contextlib
import socket
from collections import Counter
from collections.abc import Callable, Iterable
from ssl import SSLContext
from typing import cast

import msgspec
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle
from uvicorn.server import ServerState


TlsNow = Callable[[], SSLContext | None]
"""The TLS settings for a connection that begins now; None for plain HTTP."""


class Patience(msgspec.Struct, frozen=True, kw_only=True):
    """How much is put up with; times in seconds."""

    connections: int = 256
    """Connections at once. For one more, one that asks for nothing is cut off; else it waits."""
    handshake: float = 10
    """For a TLS handshake."""
    request: float = 10
    """From a request's first byte, or a new connection, to the end of its headers."""
    answer: float = 60
    """From there to the end of the answer."""
    reading: float = 30
    """For the client to read what is left of an answer."""
    idle: int = 75
    """Between requests; scrapers come back each minute."""
    header_bytes: int = 32 * 1024
    """Bytes of a request's line and headers; more are refused."""


PATIENCE = Patience()
PAUSE = 0.05
"""Seconds to wait for room, or where the system has no connection to give."""
ROUND = 1.0
"""Seconds from one look at all connections to the next."""


class Visit(H11Protocol):
    """One connection, from its acceptance to its end."""

    def __init__(self, config: Config, state: ServerState, host: str) -> None:
        loop = asyncio.get_running_loop()
        super().__init__(config, state, {}, loop)
        self.host = host
        self._connected = False
        self._asking = True
        """Whether a request is expected; else the last one was answered and none has begun."""
        self.since = loop.time()
        """When it began to do what it does."""

    @property
    def busy(self) -> bool:
        """Whether it is our turn: a request is being answered, and the answers are being read."""
        return self._answering and not self.flow.write_paused

    @property
    def _answering(self) -> bool:
        cycle = cast("RequestResponseCycle | None", self.cycle)
        return cycle is not None and not cycle.response_complete

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for a request; a TLS handshake is over by now."""
        super().connection_made(transport)
        self._connected = True
        self._turn_to(asking=True)

    def data_received(self, data: bytes) -> None:
        """Take a piece of a request."""
        if not self._asking and not self._answering:
            self._turn_to(asking=True)
        super().data_received(data)

    def on_response_complete(self) -> None:
        """Wait for the next request, or begin with one that is here already."""
        self._turn_to(asking=False)
        super().on_response_complete()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP, also where an answer is being made to its beginning."""
        if self._answering:
            self.cycle.disconnected = True
            if self.cycle.response_started:
                self.transport.abort()
                return
        super().send_400_response(msg)

    def is_late(self, now: float, patience: Patience) -> bool:
        """Whether it takes longer over what it does than it may."""
        return now - self.since > self._allowed(patience)

    def _allowed(self, patience: Patience) -> float:
        if not self._connected:
            return patience.handshake
        if self.busy:
            return patience.answer
        if self.transport.is_closing() or self.transport.get_write_buffer_size():
            return patience.reading
        return patience.request if self._asking else patience.idle

    def _turn_to(self, *, asking: bool) -> None:
        self._asking, self.since = asking, self.loop.time()


class Connections:
    """Accepts connections, keeps them within bounds, and ends them."""

    def __init__(self, config: Config, state: ServerState, tls: TlsNow, patience: Patience) -> None:
        self._config = config
        self._state = state
        self._tls = tls
        self._patience = patience
        self._arriving: dict[Visit, asyncio.Task[None]] = {}
        self._tasks: list[asyncio.Task[None]] = []

    def open(self, sockets: Iterable[socket.socket]) -> None:
        """Accept connections from now on."""
        self._tasks = [asyncio.create_task(self._accept(each), name="accept") for each in sockets]
        self._tasks.append(asyncio.create_task(self._watch(), name="connections watch"))

    async def close(self) -> None:
        """Accept no more; requests under way go on."""
        ending = [*self._tasks, *self._arriving.values()]
        for task in ending:
            task.cancel()
        await asyncio.gather(*ending, return_exceptions=True)

    def visits(self) -> list[Visit]:
        """All open connections, also those that are still shaking hands."""
        return [*self._arriving, *cast("set[Visit]", self._state.connections)]

    def cut(self, visit: Visit) -> None:
        """End a connection at once, whatever is left to send."""
        arriving = self._arriving.pop(visit, None)
        if arriving is not None:
            arriving.cancel()
        if visit.transport is not None:
            self._state.connections.discard(visit)
            visit.transport.abort()

    async def _accept(self, listening: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                connection, address = await loop.sock_accept(listening)
            except OSError:  # most likely there are no more file descriptors
                self._make_room(0)
                await asyncio.sleep(PAUSE)
            else:
                await self._admit(connection, str(address[0]))

    async def _admit(self, connection: socket.socket, host: str) -> None:
        """Welcome a newcomer as soon as there is room."""
        try:
            await asyncio.sleep(0)  # an endless queue must not keep the others waiting
            while not self._make_room(self._patience.connections - 1):  # noqa: ASYNC110  many ways
                await asyncio.sleep(PAUSE)
        except asyncio.CancelledError:
            connection.close()
            raise
        self._welcome(connection, host)

    def _make_room(self, most: int) -> bool:
        """Cut one that asks for nothing where there are more; whether no more than that are left.

        The one that has waited longest goes first, of the address that has the most of them, so
        that a flood from one address takes nobody else's place.
        """
        visits = self.visits()
        if len(visits) <= most:
            return True
        waiting = [visit for visit in visits if not visit.busy]
        if waiting:
            crowd = Counter(visit.host for visit in waiting)
            self.cut(max(waiting, key=lambda visit: (crowd[visit.host], -visit.since)))
        return len(visits) - bool(waiting) <= most

    def _welcome(self, connection: socket.socket, host: str) -> None:
        visit = Visit(self._config, self._state, host)
        arrival = asyncio.create_task(self._connect(visit, connection), name="arrival")
        self._arriving[visit] = arrival

        def arrived(task: asyncio.Task[None]) -> None:
            self._arriving.pop(visit, None)
            if task.cancelled():
                connection.close()

        arrival.add_done_callback(arrived)

    async def _connect(self, visit: Visit, connection: socket.socket) -> None:
        context = self._tls()
        times = {
            "ssl_handshake_timeout": self._patience.handshake,
            "ssl_shutdown_timeout": self._patience.handshake,
        }
        loop = asyncio.get_running_loop()
        with contextlib.suppress(OSError):  # a handshake that failed is the client's to know
            await loop.connect_accepted_socket(
                lambda: visit, connection, ssl=context, **(times if context else {})
            )

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(ROUND)
            now = asyncio.get_running_loop().time()
            for visit in self.visits():
                if visit.is_late(now, self._patience):
                    self.cut(visit)
