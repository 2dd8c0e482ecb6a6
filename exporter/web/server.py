"""Runs the web application on sockets of our own."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterable, Iterator

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from exporter.web.connections import PATIENCE, Connections, Patience, TlsNow
from exporter.web.listen import ListenAddress, address_of, bind_all, close_all
from exporter.web.strict import strict


CLOSE_SECONDS = 3.0
"""How long open requests may take to end after the server was told to close."""


class Server:
    """A running web server."""

    def __init__(self, addresses: tuple[ListenAddress, ...], scheme: str) -> None:
        self.addresses = addresses
        """Where it really listens, in the order asked for; port 0 is resolved."""
        self._scheme = scheme

    @property
    def urls(self) -> tuple[str, ...]:
        """Addresses to open in a browser on this machine, each once."""
        return tuple(dict.fromkeys(address.url(self._scheme) for address in self.addresses))


class _Uvicorn(uvicorn.Server):
    """uvicorn with connections of our own, and without hands on the process's signals."""

    def __init__(self, config: uvicorn.Config, tls: TlsNow, patience: Patience) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()
        self._connections = Connections(config, self.server_state, tls, patience)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the program."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept connections."""
        self.servers = []
        self._connections.open(sockets or ())
        self.started = True
        self.ready.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept no more connections, and let requests under way end."""
        await self._connections.close()
        await super().shutdown(sockets)

    def abort(self) -> None:
        """Cut every open connection."""
        self.force_exit = True
        for visit in self._connections.visits():
            self._connections.cut(visit)
        for task in tuple(self.server_state.tasks):
            task.cancel()


@contextlib.asynccontextmanager
async def serve(
    app: ASGIApp,
    addresses: Iterable[str],
    *,
    tls: TlsNow = lambda: None,
    patience: Patience = PATIENCE,
    close_seconds: float = CLOSE_SECONDS,
) -> AsyncIterator[Server]:
    """Serve ``app`` on the addresses while the context is open.

    ``tls`` is asked at each connection; it gives a context always or never.

    Raises `ListenAddressError` and `ListenError`. On leaving, no new connection is taken, open
    requests have ``close_seconds`` to end, and whoever is slower is cut off.
    """
    sockets = bind_all(addresses)
    try:
        running = _Uvicorn(
            _config(_quiet(strict(app, patience.header_bytes)), patience), tls, patience
        )
        task = asyncio.create_task(running.serve(sockets), name="web server")
        try:
            await _started(running, task)
            yield Server(tuple(map(address_of, sockets)), "https" if tls() else "http")
        finally:
            await _close(running, task, close_seconds)
    finally:
        close_all(sockets)


def _quiet(app: ASGIApp) -> ASGIApp:
    """Let a request that is cut off end in silence; uvicorn would log it as a fault."""

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        with contextlib.suppress(asyncio.CancelledError):
            await app(scope, receive, send)

    return guarded


def _config(app: ASGIApp, patience: Patience) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http="h11",
        ws="none",
        loop="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        log_level="error",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=patience.idle,
        h11_max_incomplete_event_size=patience.header_bytes,
    )


async def _started(running: _Uvicorn, task: "asyncio.Task[None]") -> None:
    ready = asyncio.create_task(running.ready.wait())
    try:
        await asyncio.wait({ready, task}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        ready.cancel()
    if task.done():
        task.result()


async def _close(running: _Uvicorn, task: "asyncio.Task[None]", seconds: float) -> None:
    running.should_exit = True
    done, _ = await asyncio.wait({task}, timeout=seconds)
    while not done:
        running.abort()
        done, _ = await asyncio.wait({task}, timeout=0.1)
    task.result()
