"""The web application: metrics, a page for people, status, health, readiness, reload."""

from collections.abc import Awaitable, Callable, Sequence
from urllib.parse import urlsplit

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from exporter.clock import Clock
from exporter.exposition.collector import SnapshotSource
from exporter.web.answers import HEADERS, plain
from exporter.web.errors import WebError
from exporter.web.landing import landing_page
from exporter.web.scraping import TARGETS, MetricsRenderer, scraping
from exporter.web.status import status_json
from exporter.web.status_page import status_page
from exporter.web.targets import PROBE


SWITCHED_OFF = "switched off; start with --web.enable-lifecycle, or send the process SIGHUP"


class ReloadResult(msgspec.Struct, frozen=True):
    """What came of reading the configuration again; with problems nothing was changed."""

    problems: tuple[str, ...] = ()


Check = Callable[[], tuple[bool, str]]
"""Whether all is well, and what to say of it."""


def create_app(
    *,
    metrics: MetricsRenderer,
    source: SnapshotSource,
    clock: Clock,
    reload: Callable[[], Awaitable[ReloadResult]] | None,
    healthy: Check,
    ready: Check,
    version: str,
    telemetry_path: str = "/metrics",
) -> Starlette:
    """The ASGI application; without ``reload`` nothing in it changes anything.

    Raises `WebError` for a telemetry path that cannot be served.
    """
    _check_path(telemetry_path)

    async def serve_landing(_request: Request) -> Response:
        page = landing_page(
            source.snapshot(), clock.now(), version=version, telemetry_path=telemetry_path
        )
        return HTMLResponse(page, headers=HEADERS)

    async def serve_status(request: Request) -> Response:
        if _wants_json(request):
            return await serve_status_json(request)
        still = "still" in request.query_params
        page = status_page(source.snapshot(), clock.now(), version=version, still=still)
        return HTMLResponse(page, headers={**HEADERS, "Vary": "Accept"})

    async def serve_status_json(_request: Request) -> Response:
        page = status_json(source.snapshot(), clock.now(), version=version)
        return Response(page, headers=HEADERS, media_type="application/json")

    async def serve_reload(request: Request) -> Response:
        if reload is None:
            return plain(SWITCHED_OFF, 403)
        if _of_another_site(request):
            return plain("asked for by a page of another site", 403)
        return _reloaded(await reload())

    routes = [
        *scraping(metrics, source, telemetry_path),
        Route("/", serve_landing),
        Route("/status", serve_status),
        Route("/api/v1/status", serve_status_json),
        Route("/-/healthy", _checking(healthy)),
        Route("/-/ready", _checking(ready)),
        Route("/-/reload", serve_reload, methods=["POST"]),
    ]
    app = Starlette(routes=routes, exception_handlers={HTTPException: _refuse})
    app.router.redirect_slashes = False
    return app


def _of_another_site(request: Request) -> bool:
    """Whether a page of some other site makes a browser ask; programs name no origin."""
    origin = request.headers.get("origin")
    return origin is not None and urlsplit(origin).netloc != request.headers.get("host")


def _wants_json(request: Request) -> bool:
    """Whether a program asks, and for nothing else."""
    return request.headers.get("accept", "").partition(";")[0].strip() == "application/json"


def _check_path(path: str) -> None:
    taken = {
        PROBE,
        "/status",
        TARGETS,
        "/api/v1/status",
        "/-/healthy",
        "/-/ready",
        "/-/reload",
    }
    if not path.startswith("/") or path in taken or set(path) & set("{}?#"):
        raise WebError(
            f"telemetry path {path!r} cannot be used; choose one that starts with / and has none"
            f" of {{ }} ? #, other than {', '.join(sorted(taken))}"
        )


def _checking(check: Check) -> Callable[[Request], Awaitable[Response]]:
    async def answer(_request: Request) -> Response:
        good, text = check()
        return plain(text, 200 if good else 503)

    return answer


def _reloaded(result: ReloadResult) -> Response:
    if not result.problems:
        return plain("reloaded", 200)
    lines: Sequence[str] = ("not reloaded, nothing was changed:", *result.problems)
    return plain("\n".join(lines), 500)


async def _refuse(_request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    return plain(error.detail.lower(), error.status_code, error.headers)
