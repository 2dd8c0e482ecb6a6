"""Which stretches of a stream's history were never read.

The history lists rows newest first and a page is a contiguous stretch of it. A head page that does
not reach the newest row known before leaves a gap below it; a page that begins at the gap's upper
end, or holds it, moves that end down until it reaches the lower one.
"""

from collections.abc import Sequence

import msgspec

from exporter.gateway.message import Message, Page
from exporter.gateway.request import HistoryRequest


TAIL = 10
"""Rows at the end of a page that must all be older than a moment to prove that it was passed:
single rows can be out of order (scheduled or late)."""


SLACK = 600
"""Seconds by which they must be older than a row that should have been met by its id: its own send
time may lie ahead of its neighbours', for it waited in a queue."""


class Gap(msgspec.Struct, frozen=True, kw_only=True):
    """Rows between two points of one stream were never read; times are send times of its ends."""

    id: int | None = None
    upper_id: str
    upper_time: int
    lower_id: str | None
    lower_time: int
    opened_at: float
    baseline: bool = False
    """Below the first sync: what is missing was sent before counting began."""
    announced: bool = False
    """Counted as truncated: a later head page found it still open."""

    @property
    def seconds(self) -> int:
        """How much send time it spans."""
        return max(0, self.upper_time - self.lower_time)


class Frontier(msgspec.Struct, frozen=True):
    """The newest row known, above which nothing was read, and where the first sync ends."""

    newest_id: str | None
    newest_time: int | None
    oldest: int
    """Send time down to which the first sync goes."""
    read_at: float | None = None
    """When the page that found it was asked for."""


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What a page does to a stream's gaps."""

    newest: Message | None = None
    opened: Gap | None = None
    kept: tuple[Gap, ...] = ()
    """Gaps still open, those met with their new upper end."""
    closed: tuple[Gap, ...] = ()
    truncated: int = 0
    """Gaps announced for the first time."""


def is_contiguous(request: HistoryRequest) -> bool:
    """Whether the answer is an unbroken stretch of the stream."""
    bounded = request.start or request.end or request.phones or request.emails
    return not bounded


def is_head(request: HistoryRequest) -> bool:
    """Whether the answer begins with the newest row."""
    return is_contiguous(request) and request.prev_id is None


def read(
    gaps: Sequence[Gap], frontier: Frontier, request: HistoryRequest, page: Page, started: float
) -> Change:
    """What a page, asked for at ``started``, says of the gaps known so far."""
    if not is_contiguous(request):
        return Change(kept=tuple(gaps))
    ids = {message.int_id for message in page.messages}
    short = page.rows < request.cnt
    kept: list[Gap] = []
    closed: list[Gap] = []
    joins = False
    for gap in gaps:
        met = gap.upper_id == request.prev_id or gap.upper_id in ids
        joins = joins or met
        after = _narrowed(gap, page, ids, short=short) if met else gap
        (closed if after is None else kept).append(after or gap)
    newest = next((m for m in page.messages if m.send_time <= started), None)
    overtaken = frontier.read_at is not None and started < frontier.read_at
    if overtaken or not is_head(request):
        first = newest if joins and frontier.newest_id is None else None
        return Change(newest=first, kept=tuple(kept), closed=tuple(closed))
    truncated = sum(1 for gap in kept if not gap.announced and not gap.baseline)
    kept = [msgspec.structs.replace(gap, announced=not gap.baseline) for gap in kept]
    opened = None if short else _opened(frontier, page, ids, started)
    return Change(
        newest=newest,
        opened=opened,
        kept=tuple(kept),
        closed=tuple(closed),
        truncated=truncated,
    )


def _narrowed(gap: Gap, page: Page, ids: set[str], *, short: bool) -> Gap | None:
    """The gap with its upper end moved to the page's last row; None when it is closed."""
    if not page.messages:
        unknown_to_gateway = gap.lower_id is not None
        return None if short and not unknown_to_gateway else gap
    if short or _reaches(page, ids, gap.lower_id, gap.lower_time):
        return None
    last = page.messages[-1]
    upper_time = max(gap.lower_time, min(gap.upper_time, last.send_time))
    return msgspec.structs.replace(gap, upper_id=last.int_id, upper_time=upper_time)


def _opened(frontier: Frontier, page: Page, ids: set[str], started: float) -> Gap | None:
    if not page.messages:
        return None
    lower_time = frontier.oldest if frontier.newest_time is None else frontier.newest_time
    if _reaches(page, ids, frontier.newest_id, lower_time):
        return None
    last = page.messages[-1]
    return Gap(
        upper_id=last.int_id,
        upper_time=max(lower_time, min(last.send_time, int(started))),
        lower_id=frontier.newest_id,
        lower_time=lower_time,
        opened_at=started,
        baseline=frontier.newest_id is None,
    )


def _reaches(page: Page, ids: set[str], lower_id: str | None, lower_time: int) -> bool:
    if lower_id in ids:
        return True
    passed = lower_time if lower_id is None else lower_time - SLACK
    return all(message.send_time < passed for message in page.messages[-TAIL:])
