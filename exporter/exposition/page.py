"""The page that a scrape gets."""

import gzip
import threading
import time
from collections.abc import Callable

import msgspec
from prometheus_client import (
    CollectorRegistry,
    GCCollector,
    Metric,
    PlatformCollector,
    ProcessCollector,
)
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from exporter.exposition.catalogue import SCRAPE_DURATION
from exporter.exposition.collector import LedgerCollector
from exporter.exposition.exemplars import NONE, BySeries
from exporter.exposition.family import Family, Kind
from exporter.exposition.metrics import metric
from exporter.exposition.selection import EVERYTHING, Selection
from exporter.exposition.series import Rows
from exporter.exposition.text import END, Encoder, Just, TextWriter


OPENMETRICS = "application/openmetrics-text"
GZIP_LEVEL = 1
"""Label text repeats so much that higher levels gain little and cost the scraper's time."""
_MOST_WRITERS = 4
_SUFFIXES = {
    Kind.COUNTER: ("_total", "_created"),
    Kind.GAUGE: ("",),
    Kind.HISTOGRAM: ("_bucket", "_count", "_sum", "_created"),
}


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """An answer to a scrape."""

    body: bytes
    content_type: str
    compressed: bool = False
    """Whether the body is gzip."""


class MetricsPage:
    """Renders /metrics: the ledger's families, then those of the process and of Python.

    Safe to call from several threads; the pages are rendered one after the other.
    """

    def __init__(
        self,
        ledger: LedgerCollector,
        *,
        runtime: Collector | None = None,
        timer: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._ledger = ledger
        self._runtime = runtime or runtime_registry()
        self._timer = timer
        self._lock = threading.Lock()
        self._writers: dict[str, TextWriter] = {}

    def render(
        self,
        accept: str = "",
        selection: Selection = EVERYTHING,
        *,
        compress: bool = False,
        scrape: bool = True,
    ) -> Page:
        """The page, or the part of it selected, in the format that the Accept header asks for.

        ``scrape`` says that the page goes to a scraper, so that what it shows at 0 has been seen
        there.
        """
        encoder, content_type = negotiate(accept)
        with self._lock:
            if selection.names:
                text = self._restricted(encoder, selection, scrape=scrape)
            else:
                text = self._written(encoder, content_type, selection, scrape=scrape)
        if _is_openmetrics(content_type):
            text += END
        body = text.encode()
        if compress:
            body = gzip.compress(body, GZIP_LEVEL, mtime=0)
        return Page(body=body, content_type=content_type, compressed=compress)

    def _written(
        self, encoder: Encoder, content_type: str, selection: Selection, *, scrape: bool
    ) -> str:
        started = self._timer()
        writer = self._writer(encoder, content_type)
        with self._ledger.lock:
            views = self._views(selection)
            if self._ledger.created_series:
                parts = [writer.encoded(*(self._ledger.metric(*view) for view in views))]
            else:
                exemplars = self._ledger.exemplars if _is_openmetrics(content_type) else _none
                parts = [writer.family(*view, exemplars(*view)) for view in views]
            if scrape:
                self._serve(views, selection)
        if not selection.alone:
            parts.append(writer.encoded(*self._runtime.collect()))
            parts.append(writer.encoded(self._duration(started)))
        return "".join(parts)

    def _restricted(self, encoder: Encoder, selection: Selection, *, scrape: bool) -> str:
        started = self._timer()
        with self._ledger.lock:
            views = [
                (family, rows)
                for family, rows in self._views(selection)
                if not selection.names.isdisjoint(sample_names(family))
            ]
            shown = [self._ledger.metric(family, rows) for family, rows in views]
            if scrape:
                self._serve(views, selection)
        if not selection.alone:
            shown += [*self._runtime.collect(), self._duration(started)]
        registry = CollectorRegistry(auto_describe=True)
        registry.register(Just(*shown))
        return encoder(registry.restricted_registry(selection.names)).decode().removesuffix(END)

    def _views(self, selection: Selection) -> list[tuple[Family, Rows]]:
        return [
            (family, rows)
            for family, rows in self._ledger.views(selection.accounts)
            if rows and selection.wants(family)
        ]

    def _serve(self, views: list[tuple[Family, Rows]], selection: Selection) -> None:
        whole = selection == EVERYTHING
        self._ledger.served(None if whole else {family.name: rows for family, rows in views})

    def _duration(self, started: float) -> Metric:
        return metric(SCRAPE_DURATION, {(): self._timer() - started})

    def _writer(self, encoder: Encoder, content_type: str) -> TextWriter:
        if content_type not in self._writers:
            if len(self._writers) >= _MOST_WRITERS:
                self._writers.clear()
            self._writers[content_type] = TextWriter(encoder)
        return self._writers[content_type]


def negotiate(accept: str) -> tuple[Encoder, str]:
    """prometheus-client's choice of format; plain text when it cannot read the header."""
    try:
        return choose_encoder(accept)
    except (TypeError, ValueError):
        return choose_encoder("")


def _is_openmetrics(content_type: str) -> bool:
    return content_type.startswith(OPENMETRICS)


def _none(_family: Family, _rows: Rows) -> BySeries:
    """The text format has no exemplars."""
    return NONE


def sample_names(family: Family) -> list[str]:
    """Names that the samples of a family can have."""
    return [family.base + suffix for suffix in _SUFFIXES[family.kind]]


def runtime_registry() -> CollectorRegistry:
    """What prometheus-client tells of the process, of Python and of its garbage collection."""
    registry = CollectorRegistry(auto_describe=True)
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    GCCollector(registry=registry)
    return registry
