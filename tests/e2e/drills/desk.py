"""What Prometheus scrapes and where Alertmanager reports to: a web server in real time."""

import time
from collections.abc import Mapping
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from tests.e2e.drills.times import Times
from tests.e2e.station import Down, Station


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """One alert of one notification."""

    at: float
    """When it came, Unix seconds of real time."""
    status: str
    """firing or resolved."""
    labels: Mapping[str, str]


class Desk:
    """Pages of all stations, their moments in real time; and every notification that came."""

    def __init__(self, stations: Mapping[str, Station], times: Times) -> None:
        self._stations = stations
        self._times = times
        self.notices: list[Notice] = []

    def app(self) -> Starlette:
        """The ASGI application: ``/<drill>/metrics`` and ``/notify``."""
        return Starlette(
            routes=[
                Route("/{key}/metrics", self._metrics),
                Route("/notify", self._notify, methods=["POST"]),
            ]
        )

    async def _metrics(self, request: Request) -> Response:
        station = self._stations[request.path_params["key"]]
        try:
            page = station.page(request.headers.get("accept", ""))
        except Down:
            return PlainTextResponse("nobody is here\n", 503)
        text = self._times.page(page.body.decode())
        return Response(text, headers={"Content-Type": page.content_type})

    async def _notify(self, request: Request) -> Response:
        now = time.time()
        body: dict[str, Any] = msgspec.json.decode(await request.body())
        self.notices += [
            Notice(at=now, status=alert["status"], labels=alert["labels"])
            for alert in body["alerts"]
        ]
        return PlainTextResponse("heard\n")
