"""What the exposition may see: one frozen state of the ledger and of polling."""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from decimal import Decimal
from enum import StrEnum
from typing import TypeVar

import msgspec

from exporter.ledger.lately import Call, Outcomes, Trouble
from exporter.ledger.outlook import Outlook


_Key = TypeVar("_Key")
_Value = TypeVar("_Value")

Labels = tuple[str, ...]
"""Label values in the order the family's docstring gives."""


class Total(StrEnum):
    """Persistent counters. L: account, channel, country, operator, sender; O: L without sender."""

    SUBMITTED = "messages_submitted"
    """L"""
    SEGMENTS = "segments_submitted"
    """L"""
    COST = "cost"
    """L, currency"""
    COST_REFUNDED = "cost_refunded"
    """O, currency"""
    FINAL = "messages_final"
    """L, status"""
    MATURED = "messages_matured"
    """L, deadline, outcome"""
    MATURED_COST = "matured_cost"
    """O, currency, outcome"""
    FAILURES = "message_failures"
    """L, status, err"""
    REGION_MATURED = "region_messages_matured"
    """account, channel, country, region, outcome (delivered, not_delivered, pending)"""
    CHANGES = "message_status_changes_after_final"
    """account, channel, from, to"""
    DISCOVERED_LATE = "messages_discovered_late"
    """account, channel"""
    ROWS_SKIPPED = "rows_skipped"
    """account, channel (of the stream), reason"""
    TRUNCATED = "poll_truncated"
    """account, channel (of the stream)"""
    UNREAD_SECONDS = "history_unread_seconds"
    """account, channel (of the stream)"""
    API_REQUESTS = "api_requests"
    """account, endpoint, result (ok, api_error, http_error, timeout)"""
    API_ERRORS = "api_errors"
    """account, endpoint, code"""
    PERMITS = "api_permits"
    """account, kind"""
    LABEL_OVERFLOW = "exporter_label_overflow"
    """label; of all accounts that the process polls"""


class Distribution(StrEnum):
    """Persistent histograms."""

    DELIVERY = "message_delivery_seconds"
    """O; delivered messages, send time to receipt"""
    FINAL = "message_final_seconds"
    """account, channel, country, outcome; send time to first final status"""
    DISCOVERY = "message_discovery_delay_seconds"
    """account, channel; send time to first sight"""
    KNOWLEDGE = "status_knowledge_delay_seconds"
    """account; status change to its reading, of messages read pending before"""
    REQUEST_DURATION = "api_request_duration_seconds"
    """endpoint; of all accounts that the process polls"""


Series = tuple[Total | Distribution, Labels]
"""One series as the ledger knows it."""

OWN = frozenset({Total.LABEL_OVERFLOW, Distribution.REQUEST_DURATION})
"""Families of the process; the first label of the others is the account."""

DELIVERY_BUCKETS = (1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600, 10800, 43200, 86400)
DELAY_BUCKETS = (15, 30, 60, 120, 300, 900, 3600, 21600, 86400)
REQUEST_BUCKETS = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
BUCKETS: Mapping[Distribution, tuple[float, ...]] = {
    Distribution.DELIVERY: DELIVERY_BUCKETS,
    Distribution.FINAL: DELIVERY_BUCKETS,
    Distribution.DISCOVERY: DELAY_BUCKETS,
    Distribution.KNOWLEDGE: DELAY_BUCKETS,
    Distribution.REQUEST_DURATION: REQUEST_BUCKETS,
}
"""Upper bounds in seconds; the last bucket, +Inf, is implied."""


class Observations(msgspec.Struct, frozen=True):
    """A histogram: observations in each bucket (not cumulative, +Inf last) and their sum."""

    counts: tuple[int, ...]
    sum: Decimal


class Exemplar(msgspec.Struct, frozen=True):
    """One message of those that a counter or a bucket counted."""

    int_id: str
    """The gateway's own id of it."""
    value: float
    """What it added to the counter, or the seconds that were observed."""
    time: float
    """When it became final, by the gateway's clock, but never later than it was read."""


Exemplars = Mapping[Total | Distribution, Mapping[Labels, Mapping[int, Exemplar]]]
"""By series, then by the index of the bucket; 0 in a counter."""


class StreamState(msgspec.Struct, frozen=True, kw_only=True):
    """One history stream of an account: ``channel`` is sms or email."""

    account: str
    channel: str
    synced: bool = False
    """The first sync is done; before it no message series is shown."""
    last_success: float | None = None
    """Unix seconds of the last applied page."""
    cadence: float = 0.0
    """Seconds between head pages now aimed at."""
    poll_up: bool | None = None
    """Whether the last call of this stream gave a readable page; None before any."""
    watermark: float | None = None
    """Unix seconds; all messages sent up to here have been seen."""
    gaps: int = 0
    gap_seconds: float = 0.0
    earlier_seconds: float = 0.0
    """Seconds of history before the first start that are to be read, in the end."""
    earlier_unread: float = 0.0
    """Those that are still to be read."""
    coverage: float | None = None
    """Share of the last 24 h (of the time since the baseline, an hour at least) read, 0-1."""
    tracked: int = 0
    """Messages of which something is still to come: pending, or with a deadline ahead."""
    overdue: Mapping[str, int] = {}
    """Deadline label to messages past it that no reading has matured."""
    pending: Mapping[Labels, int] = {}
    """(channel, country, operator, state, age) to pending messages, as of the last good page."""


class BalanceState(msgspec.Struct, frozen=True, kw_only=True):
    """What an account has left, as last told, and how asking for it goes."""

    amount: Decimal | None = None
    """None before the first reading; may be negative."""
    credit: Decimal | None = None
    currency: str = ""
    """Three letters; the account's own where the gateway named none."""
    read_at: float | None = None
    """Unix seconds of the last reading."""
    cadence: float = 0.0
    """Seconds between readings that are aimed at."""
    poll_up: bool | None = None
    """Whether the last balance call gave one; None before any."""
    state: str = "starting"
    """As `AccountState.state`, of balance calls alone."""
    detail: str = ""
    next_poll: float | None = None


class AccountState(msgspec.Struct, frozen=True, kw_only=True):
    """One account."""

    account: str
    up: bool | None = None
    """The last poll worked; None before any."""
    state: str = "starting"
    """One of starting, ok, refused, blocked, limited, unreachable, unreadable, ledger."""
    detail: str = ""
    """The state in words, free of secrets and personal data."""
    budget_limit: int = 0
    """History calls that may be made in a rolling window now, after back-off and reserve."""
    permits_free_at: tuple[float, ...] = ()
    """When each permit that counts against the limit stops counting, Unix seconds."""
    expected_countries: tuple[str, ...] = ()
    last_turn: float | None = None
    """When the account's poller last went round its loop."""
    next_poll: float | None = None
    outlook: Outlook | None = None
    """How planning sees the account's history; None before the first turn."""
    decisions: tuple[Mapping[str, object], ...] = ()
    """What planning decided last and why, the newest first, as plain values fit for JSON."""
    balance: BalanceState | None = None
    """None when it is not asked for."""
    calls: tuple[Call, ...] = ()
    """History calls that count against the limit, other programs' on this ledger included."""
    watched_since: float | None = None
    """Since when outcomes and troubles were noted, Unix seconds; None before the first turn."""
    outcomes: tuple[Outcomes, ...] = ()
    """The oldest first."""
    troubles: tuple[Trouble, ...] = ()
    """The last first."""

    def spent(self, now: float) -> int:
        """Permits that count against the limit."""
        return sum(free_at > now for free_at in self.permits_free_at)

    def left(self, now: float) -> int:
        """History calls that may still be made in the rolling window."""
        return max(0, self.budget_limit - self.spent(now))


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """What the ledger knows of one account, or of the process itself; fields as `Snapshot`'s."""

    totals: Mapping[Total, Mapping[Labels, int | Decimal]] = {}
    distributions: Mapping[Distribution, Mapping[Labels, Observations]] = {}
    shown: Mapping[Total | Distribution, AbstractSet[Labels]] = {}
    exemplars: Exemplars = {}
    label_sets: tuple[tuple[Labels, str], ...] = ()
    streams: tuple[StreamState, ...] = ()


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """What the ledger knows beside its accounts; fields as `Snapshot`'s."""

    own: Part = Part()
    deadlines: Mapping[str, int] = {}
    operators: tuple[tuple[str, str, str, str], ...] = ()
    ledger_saved: float | None = None
    replica: str = ""


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a scrape needs, consistent with one another."""

    totals: Mapping[Total, Mapping[Labels, int | Decimal]] = {}
    distributions: Mapping[Distribution, Mapping[Labels, Observations]] = {}
    label_sets: tuple[tuple[Labels, str], ...] = ()
    """Each known L with its account's currency: every family of L is shown for it, from 0."""
    deadlines: Mapping[str, int] = {}
    """Deadline label (5m) to seconds, ascending."""
    streams: tuple[StreamState, ...] = ()
    accounts: tuple[AccountState, ...] = ()
    operators: tuple[tuple[str, str, str, str], ...] = ()
    """operator, country, mcc, mnc of each network seen"""
    recent: Mapping[Labels, tuple[int, float]] = {}
    """(account, channel, country) to the last hour's recipients and the busiest block's share"""
    loaded: bool = True
    """The totals are a ledger's; before one was opened, what they were at last is not known."""
    ledger_up: bool = True
    ledger_saved: float | None = None
    """Unix seconds of the last commit."""
    replica: str = ""
    """What this process is called among those that share the ledger; empty where it is alone."""
    shown: Mapping[Total | Distribution, AbstractSet[Labels]] = {}
    """Series that the ledger has noted as shown at their value: only these are, others at 0."""
    exemplars: Exemplars = {}
    """Empty unless `Rules.exemplars` asks for them."""


def composed(frame: Frame, parts: Iterable[Part]) -> Snapshot:
    """The parts as one."""
    known = tuple(parts)
    whole = (frame.own, *known)
    return Snapshot(
        totals=_joined(part.totals for part in whole),
        distributions=_joined(part.distributions for part in whole),
        shown=_united(part.shown for part in whole),
        exemplars=_joined(part.exemplars for part in known),
        label_sets=tuple(each for part in known for each in part.label_sets),
        streams=tuple(stream for part in known for stream in part.streams),
        deadlines=frame.deadlines,
        operators=frame.operators,
        ledger_saved=frame.ledger_saved,
        replica=frame.replica,
    )


def _joined(
    parts: Iterable[Mapping[_Key, Mapping[Labels, _Value]]],
) -> Mapping[_Key, Mapping[Labels, _Value]]:
    found: dict[_Key, list[Mapping[Labels, _Value]]] = {}
    for part in parts:
        for source, rows in part.items():
            found.setdefault(source, []).append(rows)
    return {source: _one(rows) for source, rows in found.items()}


def _one(parts: Sequence[Mapping[Labels, _Value]]) -> Mapping[Labels, _Value]:
    """The rows of all; the same object where only one has any."""
    filled = [rows for rows in parts if rows]
    if len(filled) <= 1:
        return filled[0] if filled else {}
    return {labels: value for rows in filled for labels, value in rows.items()}


def _united(
    parts: Iterable[Mapping[Total | Distribution, AbstractSet[Labels]]],
) -> Mapping[Total | Distribution, AbstractSet[Labels]]:
    found: dict[Total | Distribution, list[AbstractSet[Labels]]] = {}
    for part in parts:
        for source, labels in part.items():
            found.setdefault(source, []).append(labels)
    return {
        source: sets[0] if len(sets) == 1 else frozenset().union(*sets)
        for source, sets in found.items()
    }
