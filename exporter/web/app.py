"""The web application: metrics, a page for people, status, health, readiness, reload."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Protocol

import msgspec
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from exporter.clock import Clock
from exporter.exposition.collector import SnapshotSource
from exporter.exposition.page import Page
from exporter.web.errors import WebError
from exporter.web.landing import landing_page
from exporter.web.status import status_page


HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class ReloadResult(msgspec.Struct, frozen=True):
    """What came of reading the configuration again; with problems nothing was changed."""

    problems: tuple[str, ...] = ()


class MetricsRenderer(Protocol):
    """What renders the metrics, from any thread: `exporter.exposition.page.MetricsPage`."""

    def render(self, accept: str, names: Iterable[str], *, compress: bool, scrape: bool) -> Page:
        """The page in the format that the Accept header asks for."""
        ...


Check = Callable[[], tuple[bool, str]]
"""Whether all is well, and what to say of it."""


def create_app(
    *,
    metrics: MetricsRenderer,
    source: SnapshotSource,
    clock: Clock,
    reload: Callable[[], Awaitable[ReloadResult]],
    healthy: Check,
    ready: Check,
    version: str,
    telemetry_path: str = "/metrics",
) -> Starlette:
    """The ASGI application.

    Raises `WebError` for a telemetry path that cannot be served.
    """
    _check_path(telemetry_path)

    async def serve_metrics(request: Request) -> Response:
        return await _metrics(request, metrics)

    async def serve_landing(_request: Request) -> Response:
        page = landing_page(
            source.snapshot(), clock.now(), version=version, telemetry_path=telemetry_path
        )
        return HTMLResponse(page, headers=HEADERS)

    async def serve_status(_request: Request) -> Response:
        page = status_page(source.snapshot(), clock.now(), version=version)
        return Response(page, headers=HEADERS, media_type="application/json")

    async def serve_reload(_request: Request) -> Response:
        return _reloaded(await reload())

    routes = [
        Route(telemetry_path, serve_metrics),
        Route("/", serve_landing),
        Route("/status", serve_status),
        Route("/-/healthy", _checking(healthy)),
        Route("/-/ready", _checking(ready)),
        Route("/-/reload", serve_reload, methods=["POST"]),
    ]
    app = Starlette(routes=routes, exception_handlers={HTTPException: _refuse})
    app.router.redirect_slashes = False
    return app


def accepts_gzip(header: str) -> bool:
    """Whether an Accept-Encoding header allows gzip."""
    for part in header.lower().split(","):
        coding, *parameters = (piece.strip() for piece in part.split(";"))
        if coding == "gzip":
            return not any(_is_zero(parameter) for parameter in parameters)
    return False


def _is_zero(parameter: str) -> bool:
    name, _, value = parameter.partition("=")
    return name.strip() == "q" and not value.strip().strip("0.")


def _check_path(path: str) -> None:
    taken = {"/status", "/-/healthy", "/-/ready", "/-/reload"}
    if not path.startswith("/") or path in taken or set(path) & set("{}?#"):
        raise WebError(
            f"telemetry path {path!r} cannot be used; choose one that starts with / and has none"
            f" of {{ }} ? #, other than {', '.join(sorted(taken))}"
        )


async def _metrics(request: Request, metrics: MetricsRenderer) -> Response:
    head = request.method == "HEAD"
    page = await run_in_threadpool(
        metrics.render,
        request.headers.get("accept", ""),
        request.query_params.getlist("name[]"),
        compress=accepts_gzip(request.headers.get("accept-encoding", "")),
        scrape=not head,
    )
    headers = {
        **HEADERS,
        "Content-Type": page.content_type,
        "Content-Length": str(len(page.body)),
        "Vary": "Accept, Accept-Encoding",
    }
    if page.compressed:
        headers["Content-Encoding"] = "gzip"
    return Response(b"" if head else page.body, headers=headers)


def _checking(check: Check) -> Callable[[Request], Awaitable[Response]]:
    async def answer(_request: Request) -> Response:
        good, text = check()
        return _plain(text, 200 if good else 503)

    return answer


def _reloaded(result: ReloadResult) -> Response:
    if not result.problems:
        return _plain("reloaded", 200)
    lines: Sequence[str] = ("not reloaded, nothing was changed:", *result.problems)
    return _plain("\n".join(lines), 500)


async def _refuse(_request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    return _plain(error.detail.lower(), error.status_code, error.headers)


def _plain(text: str, status: int, headers: Mapping[str, str] | None = None) -> Response:
    return PlainTextResponse(f"{text}\n", status, headers={**HEADERS, **(headers or {})})
