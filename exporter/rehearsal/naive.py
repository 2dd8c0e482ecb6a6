"""What a program does that only asks for the newest messages."""

from collections.abc import Mapping, Sequence

from exporter.gateway.message import Page
from exporter.gateway.request import HistoryRequest
from exporter.ledger.records import StreamView
from exporter.ledger.waiting import Known
from exporter.polling.decisions import Decision
from exporter.polling.pace import first_free
from exporter.polling.planner import AccountView, Ask, Wait


PERIOD = 120.0
"""Seconds between the newest pages of a naive program."""


class NewestPage:
    """The newest page of each stream in turn, one a ``period`` as long as there are permits.

    With ``paging``, a page that does not hold the newest message known before is followed down at
    once until one does.
    """

    targets = 0

    def __init__(self, *, paging: bool, period: float = PERIOD) -> None:
        self._paging = paging
        self._period = period
        self._newest: dict[str, str] = {}
        self._goal: str | None = None
        self._below: Ask | None = None

    def decide(self, view: AccountView) -> Ask | Wait:
        """The next action."""
        if len(view.free_at) >= view.limit:
            return Wait(until=first_free(view.free_at, view.limit, view.now), reason="budget")
        if self._below is not None:
            return self._below
        due = max((s.head_started or 0.0 for s in view.streams), default=0.0) + self._period
        if due > view.now:
            return Wait(until=due, reason="pace")
        stream = min(view.streams, key=_read_at)
        return _ask(stream.channel, None)

    def answered(
        self,
        ask: Ask,
        page: Page | None,
        started: float,  # noqa: ARG002
        now: float,  # noqa: ARG002
        new: frozenset[str] = frozenset(),  # noqa: ARG002
    ) -> None:
        """Remember the newest message, and whether to go on below the page."""
        is_head = ask.request.prev_id is None
        if is_head:
            self._goal = self._newest.get(ask.channel)
        self._below = self._next(ask, page) if self._paging else None
        if is_head and page is not None and page.messages:
            self._newest[ask.channel] = page.messages[0].int_id

    def begin(self, known: Mapping[str, Known], learnt: str | None, now: float) -> None:
        """A naive program remembers nothing."""

    def learnt(self) -> str | None:
        """Nothing."""
        return None

    def explain(self) -> Sequence[Decision]:
        """There is nothing to explain."""
        return ()

    def cadence(self, view: AccountView) -> float:
        """Seconds between head pages of one stream."""
        return self._period * len(view.streams)

    def outlook(self, view: AccountView) -> None:
        """It estimates nothing."""

    def _next(self, ask: Ask, page: Page | None) -> Ask | None:
        if page is None or page.rows < ask.request.cnt or self._goal is None:
            return None
        ids = [row.int_id for row in page.messages]
        return None if not ids or self._goal in ids else _ask(ask.channel, ids[-1])


def _read_at(stream: StreamView) -> float:
    return stream.head_started or 0.0


def _ask(channel: str, prev_id: str | None) -> Ask:
    request = HistoryRequest(prev_id=prev_id, format=8 if channel == "email" else 0)
    kind = "head" if prev_id is None else "window"
    return Ask(channel=channel, kind=kind, request=request, reason=kind)
