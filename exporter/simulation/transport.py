"""A way for httpx to reach the simulated gateway without sockets, in real or in virtual time."""

import asyncio
from collections.abc import AsyncIterator, MutableMapping
from typing import Any

import httpx
from starlette.types import ASGIApp

from exporter.simulation.responses import CONNECTION


Event = MutableMapping[str, Any]


class GatewayTransport(httpx.AsyncBaseTransport):
    """Calls an ASGI application; what it does to its connections raises httpx's own errors.

    Reset connections become `httpx.ReadError`, closed ones `httpx.RemoteProtocolError` and silence
    `httpx.ReadTimeout`, after the client's own read time-out on the event loop's clock.
    ``address`` is the client address that the application sees.
    """

    def __init__(self, app: ASGIApp, *, address: str = "127.0.0.1") -> None:
        self._app = app
        self._address = address

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Make one call; the body is read as it comes."""
        content = await request.aread()
        exchange = _Exchange(request, content, self._address)
        exchange.begin(self._app)
        try:
            start = await exchange.event()
        except BaseException:
            await exchange.aclose()
            raise
        exchange.expect(start["headers"])
        return httpx.Response(start["status"], headers=start["headers"], stream=exchange)


class _Exchange(httpx.AsyncByteStream):
    """One request and the stream of its answer."""

    def __init__(self, request: httpx.Request, content: bytes, address: str) -> None:
        self._request = request
        self._content = content
        self._address = address
        self._timeout = request.extensions.get("timeout", {}).get("read")
        self._events: asyncio.Queue[Event | None] = asyncio.Queue()
        self._gone = asyncio.Event()
        self._asked = False
        self._length: int | None = None
        self._task: asyncio.Task[None] | None = None

    def begin(self, app: ASGIApp) -> None:
        """Start the application on this request."""
        self._task = asyncio.ensure_future(self._run(app))

    async def _run(self, app: ASGIApp) -> None:
        try:
            await app(self._scope(), self._receive, self._send)
        finally:
            self._events.put_nowait(None)

    def _scope(self) -> Event:
        url = self._request.url
        return {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": self._request.method,
            "scheme": url.scheme,
            "path": url.path,
            "raw_path": url.raw_path.partition(b"?")[0],
            "query_string": url.query,
            "root_path": "",
            "headers": [(name.lower(), value) for name, value in self._request.headers.raw],
            "server": (url.host, url.port or 80),
            "client": (self._address, 40000),
            "extensions": {CONNECTION: self},
        }

    async def _receive(self) -> Event:
        if self._asked:
            await self._gone.wait()
            return {"type": "http.disconnect"}
        self._asked = True
        return {"type": "http.request", "body": self._content, "more_body": False}

    async def _send(self, event: Event) -> None:
        self._events.put_nowait(event)

    async def event(self) -> Event:
        """The next event of the answer; raises `httpx.TransportError` when there is none."""
        try:
            event = await asyncio.wait_for(self._events.get(), self._timeout)
        except TimeoutError as error:
            raise httpx.ReadTimeout("no answer in time", request=self._request) from error
        if event is None:
            raise httpx.RemoteProtocolError("the connection was closed", request=self._request)
        if event["type"] == "reset":
            raise httpx.ReadError("the connection was reset", request=self._request)
        return event

    def close(self) -> None:
        """Close the connection from the application's side."""
        self._events.put_nowait(None)
        self._gone.set()

    def reset(self) -> None:
        """Reset the connection from the application's side."""
        self._events.put_nowait({"type": "reset"})
        self._gone.set()

    def expect(self, headers: list[tuple[bytes, bytes]]) -> None:
        """Learn the body's length."""
        lengths = [int(value) for name, value in headers if name.lower() == b"content-length"]
        self._length = lengths[0] if lengths else None

    async def __aiter__(self) -> AsyncIterator[bytes]:
        received, more = 0, True
        while more:
            event = await self.event()
            received += len(event.get("body", b""))
            more = event.get("more_body", False)
            yield event.get("body", b"")
        if self._length is not None and received < self._length:
            raise httpx.RemoteProtocolError("the body was cut", request=self._request)

    async def aclose(self) -> None:
        """Leave; an application that is still answering is cancelled."""
        self._gone.set()
        task = self._task
        if task is not None and not task.done():
            task.cancel()
            await asyncio.wait((task,))
