"""Counters and histograms of a snapshot, with every series that must exist at 0."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import cache

from exporter.exposition.catalogue import BY_SOURCE
from exporter.exposition.family import BALANCE, HISTORY, Family, Scope
from exporter.ledger.snapshot import (
    BUCKETS,
    Distribution,
    Labels,
    Observations,
    Snapshot,
    Total,
)


Value = int | float | Decimal | Observations
Rows = Mapping[Labels, Value]
"""Label values, in the family's order, to what is shown for them."""

TEXT_CHANNELS = frozenset({"sms", "flash", "binary", "wap_push"})
"""Channels whose ``sms_cnt`` counts billable parts."""

REGION_OUTCOMES = ("delivered", "not_delivered", "pending")
RESULTS = ("ok", "api_error", "http_error", "timeout")
ERROR_CODES = ("1", "2", "4", "9")
"""Error numbers that get.php and balance.php document; 3, nothing found, is an empty page and no
error."""
PERMIT_KINDS = ("head", "window", "lookup", "backfill", "doctor", "retry")
SKIP_REASONS = ("id", "shape", "status", "time")
"""What a row can lack so that it is passed over."""
BOUNDED_LABELS = ("country", "operator", "region", "sender")


def stream_of(channel: str) -> str:
    """The history stream that a message's channel belongs to."""
    return "email" if channel == "email" else "sms"


@cache
def zero(family: Family) -> int | Observations:
    """What a series of this family is born with."""
    if isinstance(family.source, Distribution):
        return Observations((0,) * (len(BUCKETS[family.source]) + 1), Decimal(0))
    return 0


class Visibility:
    """Which accounts and streams have their series shown."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.accounts = frozenset(account.account for account in snapshot.accounts)
        self.balances = frozenset(each.account for each in snapshot.accounts if each.balance)
        """Accounts whose balance is asked for."""
        self.streams = frozenset((stream.account, stream.channel) for stream in snapshot.streams)
        self.synced = frozenset(
            (stream.account, stream.channel) for stream in snapshot.streams if stream.synced
        )
        self.loaded = snapshot.loaded
        self._synced_accounts = frozenset(account for account, _ in self.synced)

    @property
    def key(self) -> tuple[object, ...]:
        """What tells one state of visibility from another."""
        return self.accounts, self.balances, self.streams, self.synced, self.loaded

    def message(self, labels: Labels) -> bool:
        """Whether message series that begin with these labels (account, channel) are shown."""
        if len(labels) == 1:
            return labels[0] in self._synced_accounts
        return (labels[0], stream_of(labels[1])) in self.synced

    def filtered(self, family: Family, rows: Rows) -> Rows:
        """The rows that are shown; the same object when all are."""
        width = 2 if "channel" in family.labels else 1
        hidden = {
            head for head in {labels[:width] for labels in rows} if not self._shows(family, head)
        }
        if not hidden:
            return rows
        return {labels: value for labels, value in rows.items() if labels[:width] not in hidden}

    def _shows(self, family: Family, head: Labels) -> bool:
        match family.scope:
            case Scope.MESSAGE:
                return self.message(head)
            case Scope.STREAM:
                return head in self.streams
            case Scope.ACCOUNT:
                return head[0] in self.accounts
            case Scope.PROCESS:
                return True


def presets(
    snapshot: Snapshot, visibility: Visibility, outcomes: Iterable[str]
) -> dict[Total | Distribution, Rows]:
    """Every series that exists at 0 before anything is counted in it, by family.

    None does before the ledger is open: it may hold more, and a counter must never fall.
    """
    if not visibility.loaded:
        return {}
    outcomes = tuple(outcomes)
    sets = [(labels, cur) for labels, cur in snapshot.label_sets if visibility.message(labels)]
    routes = {labels[:4]: currency for labels, currency in sets}
    channels = sorted({labels[:2] for labels, _ in sets} | visibility.synced)
    due = [(deadline, outcome) for deadline in snapshot.deadlines for outcome in outcomes]
    keys: dict[Total | Distribution, Iterable[Labels]] = {
        Total.SUBMITTED: (labels for labels, _ in sets),
        Total.SEGMENTS: (labels for labels, _ in sets if labels[1] in TEXT_CHANNELS),
        Total.COST: ((*labels, currency) for labels, currency in sets),
        Total.MATURED: (labels + pair for labels, _ in sets for pair in due),
        Total.COST_REFUNDED: ((*route, currency) for route, currency in routes.items()),
        Total.MATURED_COST: (
            (*route, currency, outcome)
            for route, currency in routes.items()
            for outcome in outcomes
        ),
        Total.DISCOVERED_LATE: channels,
        Distribution.DELIVERY: routes,
        Distribution.DISCOVERY: channels,
        Distribution.KNOWLEDGE: (
            (account,) for account in sorted({a for a, _ in visibility.synced})
        ),
        **_polling_presets(visibility),
    }
    return {source: dict.fromkeys(found, zero(BY_SOURCE[source])) for source, found in keys.items()}


def _polling_presets(visibility: Visibility) -> dict[Total | Distribution, Iterable[Labels]]:
    accounts = sorted(visibility.accounts)
    called = [(a, HISTORY) for a in accounts] + [(a, BALANCE) for a in sorted(visibility.balances)]
    streams = sorted(visibility.streams)
    return {
        Total.TRUNCATED: streams,
        Total.UNREAD_SECONDS: streams,
        Total.ROWS_SKIPPED: ((*s, reason) for s in streams for reason in SKIP_REASONS),
        Total.API_REQUESTS: ((*each, result) for each in called for result in RESULTS),
        Total.API_ERRORS: ((*each, code) for each in called for code in ERROR_CODES),
        Total.PERMITS: ((a, kind) for a in accounts for kind in PERMIT_KINDS),
        Total.LABEL_OVERFLOW: ((label,) for label in BOUNDED_LABELS),
        Distribution.REQUEST_DURATION: dict.fromkeys([(HISTORY,), *((e,) for _, e in called)]),
    }


def counted(snapshot: Snapshot, source: Total | Distribution) -> Rows:
    """What the ledger has counted."""
    if isinstance(source, Distribution):
        return snapshot.distributions.get(source, {})
    return snapshot.totals.get(source, {})


def completed(family: Family, zeros: Rows, rows: Rows) -> Rows:
    """Counted rows over the zeros; regions bring their own zeros."""
    if family.source is Total.REGION_MATURED:
        places = {labels[:4]: None for labels in rows}
        zeros = {(*place, outcome): 0 for place in places for outcome in REGION_OUTCOMES}
    if not zeros:
        return rows
    return {**zeros, **rows}
