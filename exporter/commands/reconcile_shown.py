"""How a comparison is told: both sides in columns, then what differs, by kind."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import msgspec

from exporter.commands.printing import aligned
from exporter.commands.wording import counted
from exporter.config import Account
from exporter.gateway.codes import status_name
from exporter.gateway.statistics import Statistics
from exporter.history.comparing import Comparison, Difference
from exporter.history.period import Period


EXAMPLES = 5
"""Ids that are named of each kind."""
WORDS: Mapping[Difference, str] = {
    Difference.UNSEEN: "not in the ledger",
    Difference.UNREAD: "not in the ledger, in a stretch known not to be read",
    Difference.GONE: "not in the history any more",
    Difference.CHANGED: "another status, changed since the ledger read it last",
    Difference.STATUS: "another status, though the ledger read it since",
    Difference.COST: "another cost",
}


class Reconciled(msgspec.Struct, frozen=True, kw_only=True):
    """What came of comparing a day."""

    day: Period
    comparisons: tuple[Comparison, ...]
    statistics: Statistics | str
    """What the gateway says itself of the day, or why it does not."""

    @property
    def same(self) -> bool:
        """Whether nothing differs."""
        return all(comparison.same for comparison in self.comparisons)


def as_json(found: Reconciled, account: Account) -> str:
    """Everything as one JSON object; money is text, so that no digit is lost."""
    told = found.statistics
    plain = {
        "account": account.name,
        "day": f"{found.day.first}",
        "currency": account.currency,
        "same": found.same,
        "streams": [_plain(comparison) for comparison in found.comparisons],
        "statistics": {"error": told} if isinstance(told, str) else msgspec.to_builtins(told),
    }
    return msgspec.json.format(msgspec.json.encode(plain).decode()) + "\n"


def as_text(found: Reconciled, account: Account) -> str:
    """Everything in words and columns."""
    parts = [_told(comparison, account) for comparison in found.comparisons]
    return "\n".join([*parts, _verdict(found, account)])


def _plain(comparison: Comparison) -> dict[str, object]:
    plain: dict[str, object] = msgspec.to_builtins(comparison, str_keys=True)
    return plain


def _told(comparison: Comparison, account: Account) -> str:
    stretch, zone = comparison.stretch, ZoneInfo(account.timezone)
    times = (datetime.fromtimestamp(moment, zone) for moment in (stretch.since, stretch.until))
    sent = " to ".join(f"{time:%Y-%m-%d %H:%M:%S %Z}" for time in times)
    lines = [f"account {account.name}, {comparison.stream} sent {sent}\n", _table(comparison)]
    lines += [f"{line}\n" for line in _differences(comparison)]
    return "".join(lines)


def _table(comparison: Comparison) -> str:
    history, ledger = comparison.history, comparison.ledger
    rows = [
        _row("messages", history.messages, ledger.messages),
        _row("cost", history.cost, ledger.cost),
    ]
    for status in sorted({*history.statuses, *ledger.statuses}):
        name = f"status {status} {status_name(status)}"
        rows.append(_row(name, history.statuses[status], ledger.statuses[status]))
    return aligned(rows, right=("history", "ledger"))


def _row(what: str, history: int | Decimal, ledger: int | Decimal) -> dict[str, str]:
    shown = (f"{side:f}" if isinstance(side, Decimal) else f"{side}" for side in (history, ledger))
    return dict(zip(("", "history", "ledger"), (what, *shown), strict=True))


def _differences(comparison: Comparison) -> Iterator[str]:
    for kind, ids in comparison.differences.items():
        more = ", ..." if len(ids) > EXAMPLES else ""
        examples = ", ".join(ids[:EXAMPLES])
        yield f"{counted(len(ids), 'message')}: {WORDS[kind]} (int_id {examples}{more})"


def _verdict(found: Reconciled, account: Account) -> str:
    verdict = "the same" if found.same else "different"
    told = found.statistics
    if isinstance(told, str):
        return f"{verdict}\nget_stat: {told}\n"
    spent = "" if told.spent is None else f", {told.spent:f} {account.currency}"
    return f"{verdict}\nget_stat: {told.sent} messages or parts on {found.day.first}{spent}\n"
