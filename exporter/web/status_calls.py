"""The history calls of an account's last hour, minute by minute."""

from collections.abc import Mapping

from exporter.ledger.lately import Call
from exporter.ledger.snapshot import AccountState
from exporter.web.charts import Column, Part, bars, legend, sums
from exporter.web.words import HOUR, MINUTE, lasting


KINDS: Mapping[str, str] = {
    "head": "newest page",
    "window": "older page",
    "lookup": "look-up of numbers",
    "backfill": "back-fill",
    "retry": "retry",
    "doctor": "doctor",
    "messages": "messages",
    "failed": "without a page",
    "wait": "wait",
}
"""Kinds of calls in words, in the order in which they are stacked."""
FAILED = "failed"
LEAST = 3
"""Calls a minute that fill the height at least."""


def kind_in_words(kind: str) -> str:
    """What a call asks for, or that none is made."""
    return KINDS.get(kind, kind)


def calls_chart(account: AccountState, now: float) -> str:
    """A column for each minute of the last hour; calls without a page are apart."""
    columns = [_column(account.calls, minute, now) for minute in reversed(range(HOUR // MINUTE))]
    title = "Calls of the last hour"
    if not any(column.total for column in columns):
        return f'<p class="soft">{title}: none.</p>'
    return (
        f"<figure class='low'><figcaption>{title} <small>each minute, by kind</small></figcaption>"
        f"{bars(title, columns, least=LEAST)}"
        '<div class="axis"><span>1 h ago</span><span>30 min</span><span>now</span></div>'
        f"{legend(sums(columns), shares=False)}</figure>"
    )


def _column(calls: tuple[Call, ...], minute: int, now: float) -> Column:
    counts: dict[str, int] = {}
    for call in calls:
        if minute * MINUTE <= max(0.0, now - call.at) < (minute + 1) * MINUTE:
            kind = call.kind if call.result in {None, "ok"} else FAILED
            counts[kind] = counts.get(kind, 0) + 1
    order = [*KINDS, *sorted(counts.keys() - KINDS.keys())]
    parts = tuple(Part(kind, kind_in_words(kind), counts.get(kind, 0)) for kind in order)
    return Column(f"{lasting(minute * MINUTE)} ago" if minute else "just now", parts)
