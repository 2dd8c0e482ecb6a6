"""What says more of the data than of the delivery: wrong numbers, history that changed."""

from typing import Final

from grafana_foundation_sdk.models.dashboard import Panel

from exporter.monitoring.thresholds import Thresholds
from grafana import measures, words
from grafana.charts import bars, lines
from grafana.face import About
from grafana.queries import CHANNEL, SENDER, Query, grown, matured, select, share
from grafana.style import QUIET, RATIO, WATCH, limits


CHANGES: Final = "smsc_message_status_changes_after_final_total"


def row(thresholds: Thresholds) -> list[Panel]:
    """Draw them."""
    return [_wrong_numbers(thresholds), _changes()]


_WRONG: Final = About(
    "Of the messages that turned {age} old in the last 6 hours, the share that went to numbers that"
    " do not exist, by sender.",
    words.AT_AGE,
    f"{words.LOOKUPS} Delivery shares leave wrong numbers out, so here is their place.",
    "an old list or a form that checks nothing: each of these messages may cost money.",
)


def _wrong_numbers(thresholds: Thresholds) -> Panel:
    age = measures.label(thresholds.delivery.deadline)
    chosen = (SENDER, f'deadline="{age}"')
    wrong = grown(matured(*chosen, 'outcome="invalid_number"'), "6h", ("sender",))
    return lines(
        Query(share(wrong, grown(matured(*chosen), "6h", ("sender",))), "{{sender}}"),
        title="Wrong numbers, 6 hours",
        about=_WRONG._replace(counts=_WRONG.counts.format(age=age)),
        unit=RATIO,
        limits=limits(QUIET, (thresholds.numbers.share, WATCH)),
        nothing="none yet",
    )


_CHANGED: Final = About(
    "Messages whose status changed after it was final, by the status before and after, such as 20"
    " (cannot be delivered) to 1 (delivered).",
    "when a poll first shows the change.",
    "progress of delivered messages, such as read or clicked. Counters of failures are not"
    " corrected afterwards; outcomes at later deadlines are.",
    "much of it means late receipts: judge operators at a later deadline.",
)


def _changes() -> Panel:
    return bars(
        Query(f"{grown(select(CHANGES, CHANNEL), by=('from', 'to'))} > 0", "{{from}} to {{to}}"),
        title="Status changed after it was final",
        about=_CHANGED,
        decimals=0,
        nothing="none changed",
    )
