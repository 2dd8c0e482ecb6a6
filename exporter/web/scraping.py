"""What Prometheus asks for: the page of metrics, one account's part of it, and what to scrape."""

from typing import Protocol

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from exporter.exposition.collector import SnapshotSource
from exporter.exposition.page import Page
from exporter.exposition.selection import Selection
from exporter.web.answers import HEADERS, plain
from exporter.web.targets import PROBE, polls, targets_json


TARGETS = "/api/v1/sd"


class MetricsRenderer(Protocol):
    """What renders the metrics, from any thread: `exporter.exposition.page.MetricsPage`."""

    def render(self, accept: str, selection: Selection, *, compress: bool, scrape: bool) -> Page:
        """What is selected, in the format that the Accept header asks for."""
        ...


def scraping(
    metrics: MetricsRenderer, source: SnapshotSource, telemetry_path: str
) -> tuple[Route, ...]:
    """The routes."""

    async def serve_metrics(request: Request) -> Response:
        asked = request.query_params
        accounts = frozenset(asked.getlist("account")) if "account" in asked else None
        return await _metrics(request, metrics, Selection(names=_names(request), accounts=accounts))

    async def serve_probe(request: Request) -> Response:
        account = request.query_params.get("account")
        if account is None:
            return plain(f"which account? ask for {PROBE}?account=NAME", 400)
        if not polls(source.snapshot(), account):
            return plain(f"no account of that name is polled here; {TARGETS} lists those", 404)
        one = Selection(names=_names(request), accounts=frozenset({account}), alone=True)
        return await _metrics(request, metrics, one)

    async def serve_targets(request: Request) -> Response:
        url = request.url
        page = targets_json(source.snapshot(), url.netloc, url.scheme)
        return Response(page, headers=HEADERS, media_type="application/json")

    return (
        Route(telemetry_path, serve_metrics),
        Route(PROBE, serve_probe),
        Route(TARGETS, serve_targets),
    )


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


def _names(request: Request) -> frozenset[str]:
    return frozenset(request.query_params.getlist("name[]"))


async def _metrics(request: Request, metrics: MetricsRenderer, selection: Selection) -> Response:
    head = request.method == "HEAD"
    page = await run_in_threadpool(
        metrics.render,
        request.headers.get("accept", ""),
        selection,
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
