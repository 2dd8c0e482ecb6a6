"""The process itself: memory, processor, scrapes, the ledger's last commit."""

from typing import Final

from grafana_foundation_sdk.models.dashboard import Panel

from grafana import words
from grafana.charts import lines
from grafana.face import About
from grafana.queries import EXPORTER, STEP, Query, largest, select
from grafana.style import BYTES, COUNT, RATIO, SECONDS


OURS: Final = f"and on (job, instance) {select('smsc_exporter_build_info', EXPORTER)}"
"""Process metrics are everybody's: keep those of exporters."""
INSTANCE: Final = ("instance",)


def row() -> list[Panel]:
    """Draw them."""
    return [_memory(), _processor(), _scrapes(), _series(), _commit()]


def _own(metric: str) -> str:
    return largest(f"{select(metric, EXPORTER)} {OURS}", INSTANCE)


_MEMORY: Final = About(
    "Memory that the process holds.",
    words.PROCESS,
    words.NOTHING,
    "it levels out within a day; a slope that does not is a leak worth a report.",
)


def _memory() -> Panel:
    return lines(
        Query(_own("process_resident_memory_bytes"), "{{instance}}"),
        title="Memory",
        about=_MEMORY,
        unit=BYTES,
        width=8,
        nothing="not known",
    )


_PROCESSOR: Final = About(
    "Processor time used, as a share of one processor.",
    words.PROCESS,
    words.NOTHING,
    "near 1 the exporter cannot follow; look at the number of messages followed.",
)


def _processor() -> Panel:
    used = f"rate({select('process_cpu_seconds_total', EXPORTER)}[{STEP}]) {OURS}"
    return lines(
        Query(largest(used, INSTANCE), "{{instance}}"),
        title="Processor",
        about=_PROCESSOR,
        unit=RATIO,
        width=8,
        nothing="not known",
    )


_SCRAPES: Final = About(
    "How long it took to render the page that Prometheus reads.",
    words.PROCESS,
    "the way over the network.",
    "it grows with the number of series; lower labels.max_* if it nears Prometheus' timeout.",
)


def _scrapes() -> Panel:
    return lines(
        Query(_own("smsc_exporter_scrape_duration_seconds"), "{{instance}}"),
        title="Rendering a scrape",
        about=_SCRAPES,
        unit=SECONDS,
        width=8,
        nothing="not known",
    )


_SERIES: Final = About(
    "Series that the exporter shows, and messages of which something is still to come.",
    words.PROCESS,
    words.NOTHING,
    "series that keep growing: a label has too many values, see what is folded above.",
)


def _series() -> Panel:
    followed = f"sum by (instance) ({select('smsc_tracked_messages', EXPORTER)})"
    return lines(
        Query(_own("scrape_samples_scraped"), "series, {{instance}}"),
        Query(followed, "messages followed, {{instance}}"),
        title="Series, and messages followed",
        about=_SERIES,
        unit=COUNT,
        decimals=0,
        nothing="not known",
    )


_COMMIT: Final = About(
    "Seconds since the ledger was last written.",
    words.PROCESS,
    words.NOTHING,
    "every page is a commit, so it should stay below the time between two pages.",
)


def _commit() -> Panel:
    saved = _own("smsc_exporter_state_saved_timestamp_seconds")
    return lines(
        Query(f"time() - {saved}", "{{instance}}"),
        title="Since the last commit",
        about=_COMMIT,
        unit=SECONDS,
        nothing="not known",
    )
