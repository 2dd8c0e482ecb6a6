"""Which request next: what a planner sees, says and is told."""

from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec

from exporter.gateway.message import Page
from exporter.gateway.request import HistoryRequest
from exporter.ledger.outlook import Outlook
from exporter.ledger.records import StreamView
from exporter.ledger.waiting import Known
from exporter.polling.decisions import Decision


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """Make this call now."""

    channel: str
    kind: str
    """head, window, lookup or backfill."""
    request: HistoryRequest
    reason: str


class Wait(msgspec.Struct, frozen=True, kw_only=True):
    """Make no call before ``until`` (Unix seconds)."""

    until: float
    reason: str


class AccountView(msgspec.Struct, frozen=True, kw_only=True):
    """What a planner may know of an account."""

    now: float
    streams: tuple[StreamView, ...]
    limit: int
    """Permits in a window, after back-off and reserve."""
    window: float
    free_at: tuple[float, ...]
    last_call: float | None


class Planner(Protocol):
    """Decides what an account asks next."""

    targets: int
    """Pending messages of each stream that it wants to see in the view."""

    def begin(self, known: Mapping[str, Known], learnt: str | None, now: float) -> None:
        """Start from what the ledger keeps: of each stream by channel, and what was learnt."""
        ...

    def decide(self, view: AccountView) -> Ask | Wait:
        """The next action, the same for the same view until something is `answered`."""
        ...

    def answered(
        self,
        ask: Ask,
        page: Page | None,
        started: float,
        now: float,
        new: frozenset[str] = frozenset(),
    ) -> None:
        """The gateway answered a call that left at ``started``: with a page that the ledger has
        taken, in which the ids ``new`` came up for the first time, or (None) that it can't answer
        this request.
        """
        ...

    def cadence(self, view: AccountView) -> float:
        """Seconds between head pages of a stream now aimed at."""
        ...

    def outlook(self, view: AccountView) -> Outlook | None:
        """How the history looks from here; None from a planner that has no idea of it."""
        ...

    def learnt(self) -> str | None:
        """What the next start is to know; None for nothing."""
        ...

    def explain(self) -> Sequence[Decision]:
        """The last decisions, the oldest first."""
        ...
