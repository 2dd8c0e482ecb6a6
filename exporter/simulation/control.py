"""``/simulation/…`` of the simulated gateway: truth, calls and faults for tests and for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from exporter.simulation.faults import Fault


if TYPE_CHECKING:
    from exporter.simulation.gateway import Gateway


def control_routes(gateway: Gateway) -> list[Route]:
    """Routes that no real gateway has; all of them answer JSON.

    ``GET truth?since=&until=[&login=]`` (Unix seconds of creation), ``GET calls[?since=]``,
    ``GET state``, ``GET|POST|DELETE faults`` (POST: one `Fault` or a list of them).
    """
    control = _Control(gateway)
    return [
        Route("/simulation/truth", control.truth, methods=["GET"]),
        Route("/simulation/calls", control.calls, methods=["GET"]),
        Route("/simulation/state", control.state, methods=["GET"]),
        Route("/simulation/faults", control.faults, methods=["GET", "POST", "DELETE"]),
    ]


class _Control:
    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    async def truth(self, request: Request) -> Response:
        gateway, query = self._gateway, request.query_params
        login = query.get("login") or next(iter(gateway.accounts))
        if login not in gateway.accounts:
            return _json({"error": "no such login"}, 404)
        try:
            until = float(query.get("until", gateway.clock.now()))
            since = float(query.get("since", until - 3600))
        except ValueError:
            return _json({"error": "since and until must be Unix seconds"}, 400)
        return _json(gateway.accounts[login].world.truth(since, until))

    async def calls(self, request: Request) -> Response:
        try:
            since = float(request.query_params.get("since", 0))
        except ValueError:
            return _json({"error": "since must be Unix seconds"}, 400)
        return _json([call for call in self._gateway.calls if call.time >= since])

    async def state(self, _: Request) -> Response:
        gateway = self._gateway
        now = gateway.clock.now()
        running = {login: meter.calls(now) for login, meter in gateway.meters.items()}
        errors = {str(code): count for code, count in gateway.errors.items()}
        return _json(
            {
                "now": now,
                "calls": len(gateway.calls),
                "calls_in_window": running,
                "errors": errors,
                "refusals": dict(gateway.refusals),
            }
        )

    async def faults(self, request: Request) -> Response:
        faults = self._gateway.faults
        if request.method == "DELETE":
            faults.clear()
        elif request.method == "POST":
            try:
                added = msgspec.json.decode(await request.body(), type=Fault | list[Fault])
            except msgspec.DecodeError as error:
                return _json({"error": str(error)}, 400)
            for fault in added if isinstance(added, list) else [added]:
                faults.add(fault)
        return _json(faults.all())


def _json(data: Any, status: int = 200) -> Response:
    return Response(msgspec.json.encode(data), status, media_type="application/json")
