"""What the ledger is told, and what it tells."""

from collections.abc import Mapping

import msgspec

from exporter.ledger.counting import Deadlines
from exporter.ledger.gaps import Gap
from exporter.ledger.labels import LabelLimits
from exporter.ledger.queries import Pending


class AccountSpec(msgspec.Struct, frozen=True, kw_only=True):
    """What the ledger must know of a configured account."""

    name: str
    channels: tuple[str, ...]
    currency: str
    lookback: float
    """Seconds of history that the first sync reads."""
    first_sync_pages: int
    """Pages after which the first sync counts as done, the rest being read later."""
    track_phones: bool


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """How messages are counted and kept."""

    deadlines: Deadlines
    labels: LabelLimits
    retention: float
    settle: float = 120.0
    """Seconds after its sending in which a row may turn up below newer ones."""
    exemplars: bool = False
    """Whether the ids of messages that became final last are kept for the snapshot."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """How a call ended."""

    finished_at: float
    duration: float
    result: str
    """ok, api_error, http_error or timeout, behind `logins.UNJUDGED` if no log-in was judged."""
    code: int | None = None


class Applied(msgspec.Struct, frozen=True, kw_only=True):
    """What a page taught."""

    rows: int
    new: frozenset[str]
    """Ids seen for the first time."""
    finals: int
    """Messages that are now known to be final and were not before."""
    opened_gap: bool
    closed_gaps: int
    outcomes: Mapping[str, int] = {}
    """Outcome to messages that matured at the first deadline."""


class StreamView(msgspec.Struct, frozen=True, kw_only=True):
    """What a planner may know of one stream."""

    channel: str
    synced: bool
    newest_id: str | None
    head_started: float | None
    gaps: tuple[Gap, ...]
    pending: tuple[Pending, ...]
    """Messages worth reading again, the most urgent first, each with its anchor."""
