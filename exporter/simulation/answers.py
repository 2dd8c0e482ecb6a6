"""From rows and texts to HTTP responses, right or spoilt by a fault."""

from collections.abc import Callable, Mapping
from random import Random
from typing import Final

from starlette.responses import Response

from exporter.clock import Clock
from exporter.simulation.codes import ERROR_TEXTS, Error
from exporter.simulation.faults import Fault, FaultKind
from exporter.simulation.parameters import Parameters, read_charset, read_fmt
from exporter.simulation.render import Row, error_text, rows_text
from exporter.simulation.responses import (
    CutResponse,
    ResetResponse,
    SilentResponse,
    huge,
    trickle,
)
from exporter.simulation.spoiling import HTML_PAGE, garbage, raw_controls, spoil_rows


MEDIA_TYPES: Final[Mapping[int, str]] = {
    0: "text/plain",
    1: "text/plain",
    2: "text/xml",
    3: "application/json",
}
OTHER_FORMAT: Final[Mapping[int, int]] = {3: 1, 1: 2, 2: 0, 0: 3}
HTTP_STATUS: Final[Mapping[FaultKind, int]] = {
    FaultKind.HTTP_500: 500,
    FaultKind.HTTP_502: 502,
    FaultKind.HTTP_503: 503,
    FaultKind.HTTP_404: 404,
    FaultKind.HTTP_302: 302,
}


class Answerer:
    """Builds responses; ``rng`` decides what exactly faults of content do."""

    def __init__(self, clock: Clock, rng: Random) -> None:
        self._clock = clock
        self._rng = rng

    def text(self, rows: list[Row], fmt: int, fault: Fault | None) -> str:
        """The text of a page, its content spoilt if the fault is one of content."""
        if fault is None:
            return rows_text(rows, fmt)
        match fault.kind:
            case FaultKind.OTHER_FORMAT:
                return rows_text(rows, OTHER_FORMAT[fmt])
            case FaultKind.TEXT_ERROR:
                return error_text(Error.PARAMETERS, ERROR_TEXTS[Error.PARAMETERS], 0)
            case FaultKind.CONTROL_CHARACTERS:
                return raw_controls(rows_text(spoil_rows(fault.kind, rows, self._rng), fmt))
            case kind:
                return rows_text(spoil_rows(kind, rows, self._rng), fmt)

    def response(self, text: str, parameters: Parameters, fault: Fault | None) -> Response:
        """The response to a call, its transport spoilt if the fault is one of transport."""
        charset = read_charset(parameters)
        declared = written = charset
        if fault is not None and fault.kind is FaultKind.WINDOWS_1251:
            written = "windows-1251"
        if fault is not None and fault.kind is FaultKind.CHARSET_HEADER:
            declared = "windows-1251" if charset == "utf-8" else "utf-8"
        media_type = f"{MEDIA_TYPES[read_fmt(parameters)]}; charset={declared}"
        body = text.encode(written, "replace")
        if fault is None:
            return _plain(body, media_type)
        return self._spoilt(body, media_type, fault)

    def _spoilt(self, body: bytes, media_type: str, fault: Fault) -> Response:
        if fault.kind in HTTP_STATUS:
            headers = {"location": "/login"} if fault.kind is FaultKind.HTTP_302 else None
            status = HTTP_STATUS[fault.kind]
            return Response(HTML_PAGE, status, headers, media_type="text/html")
        make = self._makers(body, media_type, fault).get(fault.kind)
        return _plain(body, media_type) if make is None else make()

    def _makers(
        self, body: bytes, media_type: str, fault: Fault
    ) -> Mapping[FaultKind, Callable[[], Response]]:
        clock, answer = self._clock, _plain(body, media_type)
        return {
            FaultKind.HTML: lambda: Response(HTML_PAGE, media_type="text/html"),
            FaultKind.EMPTY: lambda: _plain(b"", media_type),
            FaultKind.GARBAGE: lambda: _plain(garbage(self._rng), media_type),
            FaultKind.HUGE: lambda: huge(fault.size, clock),
            FaultKind.CUT: lambda: CutResponse(body, headers={"content-type": media_type}),
            FaultKind.RESET: ResetResponse,
            FaultKind.TIMEOUT: lambda: SilentResponse(clock, fault.seconds),
            FaultKind.TRICKLE: lambda: trickle(answer, clock, fault.seconds),
        }


def _plain(body: bytes, media_type: str) -> Response:
    return Response(body, headers={"content-type": media_type})
