"""Which request next: the interface, and a plain planner that is correct before it is clever."""

from typing import Protocol

import msgspec

from exporter.gateway.request import HistoryRequest
from exporter.ledger.gaps import Gap
from exporter.ledger.ledger import StreamView
from exporter.ledger.queries import Pending
from exporter.polling.pace import even_spacing, first_free


FORMATS = {"sms": 0, "email": 8}
"""Request ``format`` by stream."""
CATCH_UP = 3
"""Pages read right after a head page that did not reach what is known; then the pace rules."""
SIDE_SHARE = 3
"""One call in so many may go to gaps and pending messages while there are any."""
TRIED = 900.0
"""Seconds for which an anchor that brought nothing new is left alone."""


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

    def decide(self, view: AccountView) -> Ask | Wait:
        """The next action; asked again after each."""
        ...

    def cadence(self, view: AccountView) -> float:
        """Seconds between head pages of a stream now aimed at."""
        ...


class PlainPlanner:
    """Head pages at an even pace, gaps and old pending messages with one call in three.

    A head page that does not reach what is known is followed down at once for a few pages; what
    is then still missing stays a gap and is closed later.
    """

    def __init__(self) -> None:
        self._tried: dict[tuple[str, str], float] = {}
        self._run = 0
        self._heads_since_side = 0

    def decide(self, view: AccountView) -> Ask | Wait:
        """The next action."""
        if len(view.free_at) >= view.limit:
            return Wait(until=first_free(view.free_at, view.limit, view.now), reason="budget")
        urgent = self._follow_down(view)
        if urgent is not None:
            return urgent
        due = self._next_call(view)
        if due > view.now:
            return Wait(until=due, reason="pace")
        side = self._side(view) if self._heads_since_side >= SIDE_SHARE - 1 else None
        if side is not None:
            self._heads_since_side = 0
            return side
        self._run = 0
        self._heads_since_side += 1
        return self._head(view)

    def cadence(self, view: AccountView) -> float:
        """Seconds between head pages of one stream."""
        spacing = even_spacing(view.free_at, view.limit, view.window, view.now)
        share = SIDE_SHARE / (SIDE_SHARE - 1) if self._has_side_work(view) else 1.0
        return spacing * len(view.streams) * share

    def _next_call(self, view: AccountView) -> float:
        if view.last_call is None:
            return view.now
        return view.last_call + even_spacing(view.free_at, view.limit, view.window, view.last_call)

    def _head(self, view: AccountView) -> Ask:
        oldest = min(view.streams, key=lambda stream: stream.head_started or 0.0)
        return Ask(channel=oldest.channel, kind="head", request=_request(oldest), reason="its turn")

    def _follow_down(self, view: AccountView) -> Ask | None:
        """The page below a head page that missed what is known, or the first sync's next page."""
        for stream in view.streams:
            if stream.head_started is None:
                return Ask(
                    channel=stream.channel, kind="head", request=_request(stream), reason="first"
                )
            syncing = not stream.synced
            for gap in stream.gaps:
                fresh = not gap.announced and not gap.baseline and self._run < CATCH_UP
                if (syncing and gap.baseline) or fresh:
                    self._run += 1
                    return self._close(stream, gap, "following down")
        return None

    def _side(self, view: AccountView) -> Ask | None:
        self._tried = {k: t for k, t in self._tried.items() if t > view.now - TRIED}
        for stream in view.streams:
            for gap in stream.gaps:
                if not gap.baseline and (stream.channel, gap.upper_id) not in self._tried:
                    return self._remember(view, self._close(stream, gap, "gap"))
        for stream in view.streams:
            for pending in stream.pending:
                anchor = pending.after_id
                if anchor is not None and (stream.channel, anchor) not in self._tried:
                    return self._remember(view, self._reread(stream, pending, anchor, view.now))
        for stream in view.streams:
            for gap in stream.gaps:
                if gap.baseline and (stream.channel, gap.upper_id) not in self._tried:
                    return self._remember(view, self._close(stream, gap, "gap before the baseline"))
        return None

    def _has_side_work(self, view: AccountView) -> bool:
        return any(stream.gaps or stream.pending for stream in view.streams)

    def _close(self, stream: StreamView, gap: Gap, reason: str) -> Ask:
        request = _request(stream, prev_id=gap.upper_id)
        return Ask(channel=stream.channel, kind="window", request=request, reason=reason)

    def _reread(self, stream: StreamView, pending: Pending, anchor: str, now: float) -> Ask:
        overdue = pending.due is not None and pending.due <= now
        return Ask(
            channel=stream.channel,
            kind="window",
            request=_request(stream, prev_id=anchor),
            reason="overdue" if overdue else "pending",
        )

    def _remember(self, view: AccountView, ask: Ask) -> Ask:
        self._tried[ask.channel, ask.request.prev_id or ""] = view.now
        return ask


def _request(stream: StreamView, prev_id: str | None = None) -> HistoryRequest:
    return HistoryRequest(
        prev_id=prev_id,
        format=8 if stream.channel == "email" else 0,
    )
