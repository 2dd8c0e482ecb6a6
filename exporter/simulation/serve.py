"""The simulated gateway over HTTP."""

import asyncio
import socket
import struct
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from exporter.simulation.faults import Faults, parse_fault
from exporter.simulation.gateway import Gateway
from exporter.simulation.limits import Limits
from exporter.simulation.presets import find_world
from exporter.simulation.responses import CONNECTION
from exporter.simulation.visits import Account
from exporter.simulation.world import World


START_TIMEOUT = 10.0


class _Wire:
    """The TCP connection of one client, for faults to break."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport

    def close(self) -> None:
        self._transport.close()

    def reset(self) -> None:
        tcp = self._transport.get_extra_info("socket")
        if tcp is not None:
            tcp.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._transport.abort()


class _BreakableProtocol(H11Protocol):
    """uvicorn's HTTP/1.1 that lets the application break its connections."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        inner: ASGIApp = self.app

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            scope.setdefault("extensions", {})[CONNECTION] = _Wire(self.transport)
            await inner(scope, receive, send)

        self.app = app


def _server(app: ASGIApp, host: str, port: int) -> uvicorn.Server:
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        http=_BreakableProtocol,
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="critical",
        access_log=False,
        timeout_graceful_shutdown=1,
    )
    return uvicorn.Server(config)


def build_gateway(
    *,
    login: str,
    password: str,
    apikey: str = "",
    world: str = "demo",
    seed: int = 1,
    rate: float | None = None,
    limit: int = 30,
    latency: float = 0.2,
    faults: Iterable[str] = (),
) -> Gateway:
    """A gateway with one account.

    ``world`` is a preset's name or a YAML file, ``rate`` messages per hour instead of the world's,
    ``limit`` history calls per hour, ``latency`` seconds per call, ``faults`` each
    ``KIND[:PROBABILITY]``. Raises `ValueError` or `OSError` saying what is wrong.
    """
    spec = find_world(world)
    if rate is not None:
        spec = msgspec.structs.replace(spec, per_hour=rate)
    account = Account(world=World(spec, seed), login=login, password=password, apikey=apikey)
    return Gateway(
        [account],
        limits=Limits(requests=limit),
        faults=Faults([parse_fault(fault) for fault in faults], seed),
        latency=latency,
        seed=seed,
    )


def serve(gateway: Gateway, *, host: str = "127.0.0.1", port: int = 8090) -> None:
    """Serve until interrupted; raises `SystemExit` saying why the address can't be listened on."""
    try:
        listener = socket.create_server((host, port))
    except OSError as error:
        raise SystemExit(f"can't listen on {host}:{port}: {error.strerror}") from error
    with listener:
        _server(gateway, host, port).run([listener])


@contextmanager
def serving(app: ASGIApp, *, host: str = "127.0.0.1", port: int = 0) -> Iterator[str]:
    """Serve from a thread of its own while the block runs; gives the base URL.

    Port 0 takes a free one. Raises `RuntimeError` when the server doesn't start.
    """
    server = _server(app, host, port)
    listener = socket.create_server((host, port))
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    try:
        _await_start(server, thread)
        yield f"http://{host}:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(START_TIMEOUT)
        listener.close()


def _await_start(server: uvicorn.Server, thread: threading.Thread) -> None:
    pause = threading.Event()
    for _ in range(int(START_TIMEOUT * 100)):
        if server.started:
            return
        if not thread.is_alive():
            break
        pause.wait(0.01)
    raise RuntimeError("the simulated gateway did not start")
