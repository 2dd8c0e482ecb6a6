"""What faults do to rows, bodies and connections."""

import json
from asyncio import FIRST_COMPLETED, create_task, wait
from collections.abc import Awaitable, Callable, Iterator, Mapping
from random import Random
from typing import Final, Protocol

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from exporter.clock import Clock
from exporter.simulation.faults import FaultKind
from exporter.simulation.render import Row


CONNECTION: Final = "simulation.connection"
"""Key of the scope's extensions under which a server offers its `Connection`."""
CHUNK: Final = 1024 * 1024
PIECES: Final = 20

HTML_PAGE: Final = "<!DOCTYPE html><html><body><h1>Технические работы</h1></body></html>"
HTTP_STATUS: Final[Mapping[FaultKind, int]] = {
    FaultKind.HTTP_500: 500,
    FaultKind.HTTP_502: 502,
    FaultKind.HTTP_503: 503,
    FaultKind.HTTP_404: 404,
    FaultKind.HTTP_302: 302,
}


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


def spoil_rows(kind: FaultKind, rows: list[Row], rng: Random) -> list[Row]:
    """Rows as a fault of their content shows them; other kinds change nothing."""
    spoil = _SPOILERS.get(kind)
    if spoil is not None:
        return [spoil(row, rng) for row in rows]
    if kind is FaultKind.DUPLICATE_ROWS:
        return rows + [rows[int(rng.random() * len(rows))] for _ in range(len(rows) // 10 + 1)]
    if kind is FaultKind.SHUFFLED_ROWS:
        return rng.sample(rows, len(rows))
    return rows


def _unknown_fields(row: Row, rng: Random) -> Row:
    return row | {"flag": 32, "comment": "", "operator_orig": {"name": "x", "codes": [1, 2]}}


def _sometimes(name: str, value: int) -> Callable[[Row, Random], Row]:
    def spoil(row: Row, rng: Random) -> Row:
        return row | {name: value} if rng.random() < 0.1 else row

    return spoil


def _missing_fields(row: Row, rng: Random) -> Row:
    groups = (("int_id", "id"), ("status",), ("send_timestamp", "send_date"))
    lost = groups[int(rng.random() * 3)] if rng.random() < 0.3 else ()
    return {name: value for name, value in row.items() if name not in lost}


def _strings(row: Row, rng: Random) -> Row:
    return {name: str(value) for name, value in row.items()}


def _marked(row: Row, rng: Random) -> Row:
    return row | {"message": f"{MARK}{row['message']}"}


MARK: Final = "\x01\x1f\x08"
_SPOILERS: Final[Mapping[FaultKind, Callable[[Row, Random], Row]]] = {
    FaultKind.UNKNOWN_FIELDS: _unknown_fields,
    FaultKind.UNKNOWN_STATUS: _sometimes("status", 77),
    FaultKind.UNKNOWN_ERR: _sometimes("err", 999),
    FaultKind.UNKNOWN_TYPE: _sometimes("type", 42),
    FaultKind.MISSING_FIELDS: _missing_fields,
    FaultKind.NUMBERS_AS_STRINGS: _strings,
    FaultKind.CONTROL_CHARACTERS: _marked,
}


def raw_controls(text: str) -> str:
    """Undo JSON's escapes of the control characters that `spoil_rows` planted."""
    return text.replace(json.dumps(MARK)[1:-1], MARK)


def garbage(rng: Random) -> bytes:
    """Bytes that mean nothing."""
    return b"\x00\xff\xfe" + rng.randbytes(500)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _leave(scope: Scope, receive: Receive, *, reset: bool) -> None:
    connection: Connection | None = scope.get("extensions", {}).get(CONNECTION)
    if connection is None:
        raise ConnectionDroppedError("the simulated gateway dropped the connection")
    (connection.reset if reset else connection.close)()
    await _gone(receive)


class ResetResponse(Response):
    """No answer: the connection is reset."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Reset."""
        await _leave(scope, receive, reset=True)


class SilentResponse(Response):
    """No answer for a while, then the connection closes."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        super().__init__()
        self._clock, self._seconds = clock, seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
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

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
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
