"""Runs the web application on sockets of our own."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterable, Iterator

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from exporter.web.listen import ListenAddress, address_of, bind_all, close_all


CLOSE_SECONDS = 3.0
"""How long open requests may take to end after the server was told to close."""

MOST_CONNECTIONS = 256
"""Connections at once; more are answered 503."""

IDLE_SECONDS = 75
"""How long a connection may stay open between requests; scrapers come back each minute."""

HEADER_BYTES = 32 * 1024
"""Most bytes that a request's line and headers may take; more are answered 400."""


class Server:
    """A running web server."""

    def __init__(self, addresses: tuple[ListenAddress, ...]) -> None:
        self.addresses = addresses
        """Where it really listens, in the order asked for; port 0 is resolved."""

    @property
    def urls(self) -> tuple[str, ...]:
        """Addresses to open in a browser on this machine, each once."""
        return tuple(dict.fromkeys(address.url for address in self.addresses))


class _Uvicorn(uvicorn.Server):
    """uvicorn without hands on the process's signals, that says when it has started."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the program."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept connections."""
        await super().startup(sockets)
        self.ready.set()

    def abort(self) -> None:
        """Cut every open connection."""
        self.force_exit = True
        for connection in tuple(self.server_state.connections):
            if connection.transport is not None:
                connection.transport.abort()
        for task in tuple(self.server_state.tasks):
            task.cancel()


@contextlib.asynccontextmanager
async def serve(
    app: ASGIApp, addresses: Iterable[str], *, close_seconds: float = CLOSE_SECONDS
) -> AsyncIterator[Server]:
    """Serve ``app`` on the addresses while the context is open.

    Raises `ListenAddressError` and `ListenError`. On leaving, no new connection is taken, open
    requests have ``close_seconds`` to end, and whoever is slower is cut off.
    """
    sockets = bind_all(addresses)
    try:
        running = _Uvicorn(_config(_quiet(app)))
        task = asyncio.create_task(running.serve(sockets), name="web server")
        try:
            await _started(running, task)
            yield Server(tuple(map(address_of, sockets)))
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


def _config(app: ASGIApp) -> uvicorn.Config:
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
        limit_concurrency=MOST_CONNECTIONS,
        timeout_keep_alive=IDLE_SECONDS,
        h11_max_incomplete_event_size=HEADER_BYTES,
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
