"""How late things are known, and what could not be counted."""

from typing import Final

from grafana_foundation_sdk.models.dashboard import Panel

from grafana import words
from grafana.charts import areas, bars, heat
from grafana.face import About
from grafana.queries import ACCOUNT, EXPORTER, STEP, Query, grown, select, summed
from grafana.style import COUNT, DEADLINES, colour, colours, for_names


def row() -> list[Panel]:
    """Draw them."""
    return [_discovery(), _knowledge(), _overdue(), _oddities()]


_DISCOVERY: Final = About(
    "Time from sending a message to the poll that first showed it; the brighter, the more"
    " messages.",
    "it stands at the poll.",
    words.NOTHING,
    "the band should lie at the time between two pages. Higher: calls are short, or polls failed.",
)


def _discovery() -> Panel:
    buckets = select("smsc_message_discovery_delay_seconds_bucket", ACCOUNT)
    return heat(
        Query(grown(buckets, STEP, ("le",)), "{{le}}"),
        title="From sending to first sight",
        about=_DISCOVERY,
        unit=COUNT,
        nothing="no message seen",
    )


_KNOWLEDGE: Final = About(
    "Time from a message's final status to the poll that showed it; the brighter, the more"
    " messages.",
    "it stands at the poll.",
    "messages that were final when first seen.",
    "alerts about delivery come that much later. A higher limit of calls makes it shorter.",
)


def _knowledge() -> Panel:
    buckets = select("smsc_status_knowledge_delay_seconds_bucket", ACCOUNT)
    return heat(
        Query(grown(buckets, STEP, ("le",)), "{{le}}"),
        title="From final status to knowing it",
        about=_KNOWLEDGE,
        unit=COUNT,
        nothing="no status learnt",
    )


_OVERDUE: Final = About(
    "Messages that have passed a deadline and that no poll has shown since, so that nobody knows"
    " their outcome at that age.",
    words.LAST_PAGE,
    words.NOTHING,
    "delivered shares are made of the others, and alerts about delivery come late.",
)


def _overdue() -> Panel:
    found = select("smsc_messages_overdue", ACCOUNT)
    return areas(
        Query(summed(found, ("deadline",)), "{{deadline}}"),
        title="Waiting to be judged, by deadline",
        about=_OVERDUE,
        decimals=0,
        overrides=colours(DEADLINES),
        nothing="not known: polls are stale",
    )


_ODDITIES: Final = About(
    "Messages first seen after the shortest deadline, readings that opened a gap, rows that could"
    " not be counted, and values folded into other.",
    "at the poll that found it.",
    words.NOTHING,
    "late is ordinary while pages are further apart than that deadline. Gap: more came in than a"
    " page holds. Skipped: the gateway's answers have changed. Folded: raise labels.max_* or switch"
    " the label off.",
)


def _oddities() -> Panel:
    folded = select("smsc_exporter_label_overflow_total", EXPORTER)
    skipped = select("smsc_rows_skipped_total", ACCOUNT)
    return bars(
        Query(grown(select("smsc_messages_discovered_late_total", ACCOUNT)), "found late"),
        Query(grown(select("smsc_poll_truncated_total", ACCOUNT)), "gap opened"),
        Query(f"{grown(skipped, by=('reason',))} > 0", "skipped: no {{reason}}"),
        Query(f"{grown(folded, by=('label',))} > 0", "folded: {{label}}"),
        title="Found late, gaps, skipped rows, folded labels",
        about=_ODDITIES,
        decimals=0,
        overrides=[
            for_names("^found late", colour("light-blue")),
            for_names("^gap", colour("red")),
        ],
        nothing="none",
    )
