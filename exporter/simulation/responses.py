"""Answers that misbehave on the wire: silence, resets, cuts, trickles, floods."""

from asyncio import FIRST_COMPLETED, create_task, wait
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Final, Protocol

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from exporter.clock import Clock


CONNECTION: Final = "simulation.connection"
"""Key of the scope's extensions under which a server offers its `Connection`."""
CHUNK: Final = 1024 * 1024
PIECES: Final = 20


class Connection(Protocol):
    """What a fault may do to the client's connection."""

    def close(self) -> None:
        """Close it after what was sent."""
        ...

    def reset(self) -> None:
        """Drop it with a TCP reset."""
        ...


class ConnectionDroppedError(ConnectionError):
    """Stands for a dropped connection where the server offers none to drop."""


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _leave(scope: Scope, receive: Receive, *, reset: bool) -> None:
    connection: Connection | None = scope.get("extensions", {}).get(CONNECTION)
    if connection is None:
        raise ConnectionDroppedError("the simulated gateway dropped the connection")
    (connection.reset if reset else connection.close)()
    await _gone(receive)


class FollowedResponse(Response):
    """Another response, and something to do once it is over, whatever happened."""

    def __init__(self, response: Response, after: Callable[[], None]) -> None:
        super().__init__()
        self._response, self._after = response, after

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, then do it."""
        try:
            await self._response(scope, receive, send)
        finally:
            self._after()


class ResetResponse(Response):
    """No answer: the connection is reset."""

    async def __call__(self, scope: Scope, receive: Receive, _send: Send) -> None:
        """Reset."""
        await _leave(scope, receive, reset=True)


class SilentResponse(Response):
    """No answer for a while, then the connection closes."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        super().__init__()
        self._clock, self._seconds = clock, seconds

    async def __call__(self, scope: Scope, receive: Receive, _send: Send) -> None:
        """Wait until the time is over or the client gives up."""
        waits: list[Awaitable[None]] = [self._clock.sleep(self._seconds), _gone(receive)]
        tasks = [create_task(_settled(waiting)) for waiting in waits]
        try:
            await wait(tasks, return_when=FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
        await _leave(scope, receive, reset=False)


async def _settled(waiting: Awaitable[None]) -> None:
    await waiting


class CutResponse(Response):
    """Half of the body under the length of all of it, then the connection closes."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send half and leave."""
        await send(_start(self))
        half = bytes(self.body[: len(self.body) // 2])
        await send({"type": "http.response.body", "body": half, "more_body": True})
        await _leave(scope, receive, reset=False)


class PiecesResponse(Response):
    """A body in pieces, with a pause before each."""

    def __init__(
        self,
        pieces: Iterator[bytes],
        length: int,
        clock: Clock,
        *,
        pause: float = 0.0,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(headers=dict(headers or {}) | {"content-length": str(length)})
        self._pieces, self._clock, self._pause = pieces, clock, pause

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        """Send piece by piece."""
        await send(_start(self))
        for piece in self._pieces:
            await self._clock.sleep(self._pause)
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def _start(response: Response) -> dict[str, object]:
    return {
        "type": "http.response.start",
        "status": response.status_code,
        "headers": response.raw_headers,
    }


def trickle(answer: Response, clock: Clock, seconds: float) -> Response:
    """The same answer, spread over some seconds."""
    body = bytes(answer.body)
    step = max(1, -(-len(body) // PIECES))
    pieces = (body[at : at + step] for at in range(0, len(body), step))
    headers = {"content-type": answer.headers["content-type"]}
    return PiecesResponse(pieces, len(body), clock, pause=seconds / PIECES, headers=headers)


def huge(size: int, clock: Clock) -> Response:
    """JSON that begins well and doesn't end before ``size`` bytes."""
    whole, rest = divmod(size, CHUNK)
    sizes = [CHUNK] * whole + ([rest] if rest else [])
    pieces = ((b" " if at else b"[").ljust(length) for at, length in enumerate(sizes))
    return PiecesResponse(pieces, size, clock, headers={"content-type": "application/json"})
