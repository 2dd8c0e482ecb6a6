"""Which stretches of a stream's history were never read, or only before they had settled.

The history lists rows newest first and a page is a contiguous stretch of it. A head page that does
not reach the newest row known before leaves a gap below it; a page that begins at the gap's upper
end, or holds it, moves that end down until it reaches the lower one.

Rows can turn up late, below newer ones. What was sent only seconds before its page was asked for
has to be read once more when it has settled: a head page that does not reach down to settled rows
leaves a settling gap, which holds rows that are known and perhaps some that are not.
"""

from collections.abc import Sequence
from itertools import pairwise

import msgspec

from exporter.gateway.message import Message, Page
from exporter.gateway.request import HistoryRequest


TAIL = 10
"""Rows at the end of a page that must all be older than a moment to prove that it was passed:
single rows can be out of order (scheduled or late)."""


SLACK = 600
"""Seconds by which they must be older than a row that should have been met by its id: its own send
time may lie ahead of its neighbours', for it waited in a queue."""


MOST_SETTLING = 8
"""Settling gaps of a stream; the two oldest are joined when there are more."""


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
    settles_at: float | None = None
    """Its rows were read, but before they had settled: reading it narrows it from then on."""

    @property
    def kind(self) -> str:
        """gap, baseline or settling."""
        return "baseline" if self.baseline else "gap" if self.settles_at is None else "settling"

    @property
    def readable_at(self) -> float:
        """From when on a page can narrow it."""
        return self.settles_at or 0.0

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
    settled_id: str | None = None
    """The row from which downwards everything has settled or lies in a gap."""
    settled_time: int | None = None
    settle: float = 0.0
    """Seconds after its sending in which a row may turn up below newer ones."""


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What a page does to a stream's gaps."""

    newest: Message | None = None
    settled: Message | None = None
    opened: tuple[Gap, ...] = ()
    kept: tuple[Gap, ...] = ()
    """Gaps still open, those met with their new ends."""
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
    opened: list[Gap] = []
    joins = False
    for gap in gaps:
        met = gap.upper_id == request.prev_id or gap.upper_id in ids
        joins = joins or met
        narrows = met and started >= gap.readable_at
        after = _narrowed(gap, page, ids, short=short) if narrows else gap
        (closed if after is None else kept).append(after or gap)
        if narrows and gap.settles_at is None:
            opened += _unsettled(frontier, gap, page, started)
    newest = next((m for m in page.messages if m.send_time <= started), None)
    overtaken = frontier.read_at is not None and started < frontier.read_at
    moves = is_head(request) and not overtaken
    truncated = 0
    if moves:
        truncated = sum(1 for gap in kept if gap.kind == "gap" and not gap.announced)
        kept = [msgspec.structs.replace(gap, announced=gap.kind == "gap") for gap in kept]
        opened += [] if short else _opened(frontier, page, ids, started)
    advances = newest is not None and (moves or (joins and frontier.newest_id is None))
    return Change(
        newest=newest if advances else None,
        settled=_settled(frontier, page, ids, started) if advances else None,
        opened=tuple(opened),
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


def _opened(frontier: Frontier, page: Page, ids: set[str], started: float) -> list[Gap]:
    """The gaps below a full head page: down to the newest row known, and on to the settled one."""
    if not page.messages:
        return []
    last = page.messages[-1]
    top = (last.int_id, min(last.send_time, int(started)))
    if frontier.newest_id is None or frontier.newest_time is None:
        if _reaches(page, ids, None, frontier.oldest):
            return []
        return [_gap(top, (None, frontier.oldest), started, baseline=True)]
    newest = (frontier.newest_id, frontier.newest_time)
    unread = not _reaches(page, ids, *newest)
    opened = [_gap(top, newest, started)] if unread else []
    if frontier.settled_id is not None and frontier.settled_time is not None:
        settled = (frontier.settled_id, frontier.settled_time)
        upper = newest if unread else top
        if upper != settled and (unread or not _reaches(page, ids, *settled)):
            settles_at = (frontier.read_at or started) + frontier.settle
            opened.append(_gap(upper, settled, started, settles_at=settles_at))
    return opened


def _gap(
    upper: tuple[str, int],
    lower: tuple[str | None, int],
    started: float,
    *,
    baseline: bool = False,
    settles_at: float | None = None,
) -> Gap:
    return Gap(
        upper_id=upper[0],
        upper_time=max(upper[1], lower[1]),
        lower_id=lower[0],
        lower_time=lower[1],
        opened_at=started,
        baseline=baseline,
        settles_at=settles_at,
    )


def _settled(frontier: Frontier, page: Page, ids: set[str], started: float) -> Message | None:
    """The row below the last one that had not settled; None when the one known is as good."""
    below = _first_settled(page, started - frontier.settle, started)
    if below < len(page.messages):
        return page.messages[below]
    return page.messages[-1] if page.messages and frontier.settled_id not in ids else None


def _unsettled(frontier: Frontier, gap: Gap, page: Page, started: float) -> list[Gap]:
    """What a page read of a gap too early: another gap."""
    rows = page.messages
    first = next((i + 1 for i, row in enumerate(rows) if row.int_id == gap.upper_id), 0)
    below = _first_settled(page, started - frontier.settle, started)
    if below <= first:
        return []
    last = rows[min(below, len(rows) - 1)]
    lower = (last.int_id, min(last.send_time, gap.upper_time))
    upper = (gap.upper_id, gap.upper_time)
    return [_gap(upper, lower, started, settles_at=started + frontier.settle)]


def _first_settled(page: Page, since: float, started: float) -> int:
    """Index of the first row sent before ``since`` below the last one sent after.

    Rows sent in the future are scheduled: they tell nothing of when they were made.
    """
    sent = [message.send_time for message in page.messages]
    fresh = (index + 1 for index in reversed(range(len(sent))) if since < sent[index] <= started)
    below = next(fresh, 0)
    return next((i for i in range(below, len(sent)) if sent[i] <= since), len(sent))


def joined(settling: Sequence[Gap]) -> tuple[Gap, Gap] | None:
    """Two settling gaps that are better one, and what they become when joined to the first.

    Those that touch; with more than `MOST_SETTLING`, the two oldest.
    """
    ordered = sorted(settling, key=lambda gap: gap.upper_time)
    for below, above in pairwise(ordered):
        if above.lower_id == below.upper_id or len(ordered) > MOST_SETTLING:
            return below, _over(above, below)
    return None


def _over(above: Gap, below: Gap) -> Gap:
    return msgspec.structs.replace(
        above,
        lower_id=below.lower_id,
        lower_time=below.lower_time,
        settles_at=max(above.readable_at, below.readable_at),
    )


def _reaches(page: Page, ids: set[str], lower_id: str | None, lower_time: int) -> bool:
    if lower_id in ids:
        return True
    passed = lower_time if lower_id is None else lower_time - SLACK
    return all(message.send_time < passed for message in page.messages[-TAIL:])
