"""A plain planner that is correct before it is clever."""

from collections.abc import Iterator, Mapping, Sequence

from exporter.gateway.message import Page
from exporter.gateway.request import HistoryRequest
from exporter.ledger.queries import Pending
from exporter.ledger.records import StreamView
from exporter.ledger.waiting import Known
from exporter.polling.decisions import Decision
from exporter.polling.pace import even_spacing, first_free
from exporter.polling.planner import AccountView, Ask, Wait


CATCH_UP = 3
"""Pages read right after a head page that did not reach what is known; then the pace rules."""
AT_ONCE = 120.0
"""Seconds after the newest page in which that counts as right after."""
STRETCH = 2
"""How many times the usual spacing of calls a burst of ours may lead to."""
GAP_SHARE = 2
"""One call in so many may go to what was never read while there is any."""
PENDING_SHARE = 3
"""One call in so many may go to pending messages while there are any."""
TRIED = 900.0
"""Seconds for which an anchor that was read from is left alone; progress gives another anchor."""


class PlainPlanner:
    """Head pages at an even pace; in between some calls for gaps and old pending messages.

    A head page that does not reach what is known is followed down at once for a few pages; what
    is then still missing stays a gap and is closed later.
    """

    targets = 50

    def __init__(self) -> None:
        self._tried: dict[tuple[str, str], float] = {}
        self._followed = 0
        self._heads_since_side = 0
        self._sides = ["gap", "pending", "settling", "baseline"]

    def decide(self, view: AccountView) -> Ask | Wait:
        """The next action."""
        due = _next_call(view)
        if len(view.free_at) >= view.limit:
            free = first_free(view.free_at, view.limit, view.now)
            return Wait(until=max(free, due), reason="budget")
        for stream in view.streams:
            if stream.head_started is None:
                return _head(stream, "first")
        below = self._follow_down(view) if _has_plenty(view) else None
        if below is not None:
            return below
        if due > view.now:
            return Wait(until=due, reason="pace")
        return self._side(view) or _head(_least_lately_read(view), "its turn")

    def answered(
        self,
        ask: Ask,
        page: Page | None,  # noqa: ARG002
        started: float,  # noqa: ARG002
        now: float,
        new: frozenset[str] = frozenset(),  # noqa: ARG002
    ) -> None:
        """Take note of a call, so that the next is another."""
        if ask.request.prev_id is None:
            self._followed = 0
            self._heads_since_side += 1
            return
        self._tried = {key: tried for key, tried in self._tried.items() if now - tried < TRIED}
        self._tried[ask.channel, ask.request.prev_id] = now
        if ask.reason == "following down":
            self._followed += 1
            return
        self._heads_since_side = 0
        self._sides.sort(key=lambda kind: kind == ask.reason)

    def begin(self, known: Mapping[str, Known], learnt: str | None, now: float) -> None:
        """Nothing is remembered but what the view shows."""

    def learnt(self) -> str | None:
        """Nothing."""
        return None

    def explain(self) -> Sequence[Decision]:
        """Its reasons stand in what it asks."""
        return ()

    def cadence(self, view: AccountView) -> float:
        """Seconds between head pages of one stream."""
        spacing = even_spacing(view.free_at, view.limit, view.window, view.now)
        has_side_work = any(stream.gaps or stream.pending for stream in view.streams)
        share = _side_share(view) if has_side_work else 0
        return spacing * len(view.streams) * (share / (share - 1) if share else 1.0)

    def outlook(self, view: AccountView) -> None:
        """It estimates nothing."""

    def _follow_down(self, view: AccountView) -> Ask | None:
        """The page below a head page that missed what is known, or the first sync's next page."""
        for stream in view.streams:
            caught = self._followed >= CATCH_UP or _age(stream, view.now) > AT_ONCE
            for gap in stream.gaps:
                fresh = gap.kind == "gap" and not (gap.announced or caught)
                syncing = gap.baseline and not stream.synced
                if (fresh or syncing) and self._is_untried(stream, gap.upper_id, view.now):
                    return _window(stream, gap.upper_id, "following down")
        return None

    def _side(self, view: AccountView) -> Ask | None:
        """A call that is no head page, if it is time for one; kinds of them take turns."""
        if self._heads_since_side < _side_share(view) - 1:
            return None
        for kind in self._sides:
            for stream, anchor in _anchors(view, kind):
                if self._is_untried(stream, anchor, view.now):
                    return _window(stream, anchor, kind)
        return None

    def _is_untried(self, stream: StreamView, anchor: str, now: float) -> bool:
        tried = self._tried.get((stream.channel, anchor))
        return tried is None or now - tried >= TRIED


def _next_call(view: AccountView) -> float:
    if view.last_call is None:
        return view.now
    return view.last_call + even_spacing(view.free_at, view.limit, view.window, view.last_call)


def _has_plenty(view: AccountView) -> bool:
    """Whether one more call at once leaves enough for head pages until permits return."""
    spent = (*view.free_at, view.now + view.window)
    if len(spent) >= view.limit:
        return False
    usual = view.window / view.limit
    return even_spacing(spent, view.limit, view.window, view.now) <= STRETCH * usual


def _side_share(view: AccountView) -> int:
    return GAP_SHARE if _has_gap(view) else PENDING_SHARE


def _has_gap(view: AccountView) -> bool:
    """Whether anything was missed; history before the baseline was not."""
    return any(gap.kind == "gap" for stream in view.streams for gap in stream.gaps)


def _anchors(view: AccountView, kind: str) -> Iterator[tuple[StreamView, str]]:
    """Ids below which there is something to read, the most urgent first."""
    if kind == "pending":
        waiting = [(p, stream) for stream in view.streams for p in stream.pending]
        waiting.sort(key=lambda each: _urgency(each[0], view.now))
        yield from ((stream, p.after_id) for p, stream in waiting if p.after_id is not None)
    elif kind == "gap" or not _has_gap(view):
        for stream in view.streams:
            for gap in stream.gaps:
                if gap.kind == kind and gap.readable_at <= view.now:
                    yield stream, gap.upper_id


def _urgency(pending: Pending, now: float) -> tuple[bool, float, int]:
    """Overdue messages first, then those not read for the longest time.

    A page shows what is below its anchor, so of messages alike the newest is the best one.
    """
    is_overdue = pending.due is not None and pending.due <= now
    return not is_overdue, 0.0 if is_overdue else pending.read_at, -pending.send_time


def _head(stream: StreamView, reason: str) -> Ask:
    return Ask(channel=stream.channel, kind="head", request=_request(stream), reason=reason)


def _window(stream: StreamView, anchor: str, reason: str) -> Ask:
    request = _request(stream, prev_id=anchor)
    return Ask(channel=stream.channel, kind="window", request=request, reason=reason)


def _least_lately_read(view: AccountView) -> StreamView:
    return max(view.streams, key=lambda stream: _age(stream, view.now))


def _age(stream: StreamView, now: float) -> float:
    return now - (stream.head_started or 0.0)


def _request(stream: StreamView, prev_id: str | None = None) -> HistoryRequest:
    return HistoryRequest(prev_id=prev_id, format=8 if stream.channel == "email" else 0)
