"""What a planner knows of one stream: who waits, how busy it is, what reading it is worth."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, tzinfo
from math import exp

import msgspec
import numpy as np
from numpy.typing import NDArray

from exporter.gateway.message import Page
from exporter.gateway.request import PAGE_LIMIT, HistoryRequest
from exporter.ledger.counting import Deadlines
from exporter.ledger.gaps import Gap, is_contiguous, is_head
from exporter.ledger.pruning import ABANDON_AFTER
from exporter.ledger.waiting import Known
from exporter.polling.candidates import (
    Lookup,
    Span,
    Weights,
    Window,
    Windows,
    best_lookup,
    best_window,
    windows_of,
)
from exporter.polling.curves import BLOCK, Curves, Looks
from exporter.polling.curves.survival import Chances
from exporter.polling.planner import Ask
from exporter.polling.sketch import RowsByNumber
from exporter.polling.traffic import AHEAD, RATE_MEMORY, Traffic
from exporter.polling.trust import is_understood
from exporter.polling.watch import Floats, Look, Mask, Rows, Watch, rows_of


MOST_WAITING = 3600.0
"""Seconds that a final status counts as waiting at most: what is that late may as well be later."""
MATURING = (0.5, 0.1, 0.05)
"""What a second of an overdue deadline is worth beside a second of an unlearnt final status, the
first deadline first; further ones as the last.
"""
DAY = 86_400.0
DAYS_BACK = 3
"""Latest days with pending messages that a lookup may be about."""
PARTS_OF_DAY = (28_800.0, 14_400.0, 7200.0, 3600.0, 1800.0, 900.0)
"""Seconds before the end of a day, or before now, that a lookup may be about alone."""
STILL = 0.5
"""Speed of an operator below which it is said to stand still."""
PARTS = 16
"""Ages looked at to tell what share is pending."""
FRESH = 120.0
"""Seconds for which the rate that a head page showed is believed as it is."""
EPOCH = date(1970, 1, 1)
WINDOW_ROWS = 0.98 * PAGE_LIMIT
"""Rows that a window surely shows, as far as can be told from times."""


class Maturing(msgspec.Struct, frozen=True):
    """A deadline as the ledger judges it."""

    seconds: float
    """From sending to the first moment at which a page can mature it: with the grace."""
    weight: float


def maturing(deadlines: Deadlines) -> tuple[Maturing, ...]:
    """What maturing is worth at each of the ledger's deadlines."""
    weights = [*MATURING, *(MATURING[-1:] * len(deadlines.seconds))]
    return tuple(
        Maturing(seconds + deadlines.grace, weight)
        for seconds, weight in zip(deadlines.seconds, weights, strict=False)
    )


class Seen(msgspec.Struct, frozen=True):
    """What a page showed of pending messages."""

    expected: int
    """Those that should have been on it."""
    found: int
    foreign: int
    """Rows of a lookup that are of numbers nobody asked for."""


class Mind:
    """One stream's pending messages and traffic."""

    def __init__(
        self, channel: str, curves: Curves, deadlines: Sequence[Maturing], zone: tzinfo, now: float
    ) -> None:
        self.channel = channel
        self.curves = curves
        self.watch = Watch()
        self.traffic = Traffic(now)
        self.sketch = RowsByNumber()
        self._deadlines = deadlines
        self._zone = zone
        self.stalled = 0.0
        """Share of the newest rows that are of an operator that stands still."""
        self._last_head: float | None = None
        self._ranked: tuple[int, int] | None = None
        self._ranks: Floats
        self._windows: Windows

    def begin(self, known: Known, curves: Curves, now: float) -> None:
        """Start from what the ledger keeps."""
        self.curves = curves
        self.watch.restore(known.waiting, curves.group)
        self.traffic.restore(known.rows, now, known.unread)
        self._last_head = known.head_started

    def set_back(self, now: float) -> None:
        """Take nothing to have been read after ``now``: the clock was ahead then."""
        self.watch.set_back(now)
        self.traffic.set_back(now)
        if self._last_head is not None:
            self._last_head = min(self._last_head, now)

    def take(self, ask: Ask, page: Page, started: float, new: frozenset[str]) -> Seen:
        """Follow a page."""
        request = ask.request
        contiguous = is_contiguous(request)
        rows = rows_of(
            page.messages, new, self.curves.group, above=request.prev_id, contiguous=contiguous
        )
        asked = self._asked(request, page, rows)
        look = self.watch.take(rows, started)
        seen = Seen(
            expected=int(asked.sum()),
            found=int((~np.isnan(look.read)).sum()),
            foreign=_foreign(request, rows),
        )
        if not request.phones or is_understood(seen.expected, seen.found, seen.foreign):
            missed = self._asked(request, page, rows) & (self.watch.read < started)
            self.watch.assume_read(missed, started)
        self.watch.drop_before(started - ABANDON_AFTER)
        if contiguous:
            self.traffic.add(rows.sent[rows.sent <= started + AHEAD])
        if is_head(request):
            self._note_stalled(rows, started)
            self._note_head(page, len(new), started)
        self._count_numbers(rows.sent[rows.is_new], rows.phone[rows.is_new])
        self._learn(look, started)
        return seen

    def _asked(self, request: HistoryRequest, page: Page, rows: Rows) -> Mask:
        """Pending messages that should be on the page."""
        sent = self.watch.sent
        if request.phones and request.start is not None:
            numbers = np.array([int(phone.value) for phone in request.phones], np.uint64)
            first = (request.start - EPOCH).days
            last = first if request.end is None else (request.end - EPOCH).days
            days = self.days(sent)
            full = page.rows >= request.cnt
            oldest = rows.sent.min() if full and rows.sent.size else -np.inf
            asked = np.isin(self.watch.phone, numbers) & (days >= first) & (days <= last)
            within: Mask = asked & (sent > oldest)
            return within
        if not rows.sent.size or not is_contiguous(request):
            return np.zeros(sent.size, bool)
        # Single rows stand out of order: the middle of the page is certain.
        low, high = np.quantile(rows.sent, (0.02, 0.98))
        middle: Mask = (sent > low) & (sent < high)
        return middle

    def chances(self, now: float) -> Chances:
        """What is to be expected of each pending message."""
        watch = self.watch
        return self.curves.chances(watch.group, watch.sent, watch.read, now)

    def weights(self, now: float) -> Weights:
        """What reading each pending message now is worth."""
        watch = self.watch
        chances = self.chances(now)
        worth = np.minimum(chances.accrued, chances.final * MOST_WAITING)
        for start in range(0, len(watch), BLOCK):
            part = slice(start, start + BLOCK)
            worth[part] += self._overdue(watch.sent[part], watch.read[part], now)
        return Weights(worth, chances.final)

    def _overdue(self, sent: Floats, read: Floats, now: float) -> Floats:
        """Weighted seconds since deadlines that passed unread."""
        worth = np.zeros(sent.size)
        for deadline in self._deadlines:
            due = sent + deadline.seconds
            overdue = np.clip(now - due, 0.0, MOST_WAITING)
            overdue *= read < due
            overdue *= deadline.weight
            worth += overdue
        return worth

    def window(self, weights: Weights, resting: frozenset[str]) -> Window | None:
        """The best page around pending messages, but none below the ids given."""
        self._rank()
        return best_window(self.watch, weights, self._windows, resting)

    def lookup(self, weights: Weights, longest: int, now: float) -> Lookup | None:
        """The best numbers to ask for."""
        return best_lookup(self.watch, weights, self._spans(now), self.sketch, longest)

    def out_of_reach(self, weights: Weights, now: float, next_head: float) -> Weights:
        """The weights without what the next head page is going to show anyway."""
        coming = 1.05 * self.traffic.rate * max(0.0, next_head - now)
        newest = self.traffic.rank(np.array([now], np.float64))[0]
        shown = newest - max(0.0, PAGE_LIMIT - coming)
        hidden = np.searchsorted(self._rank(), shown, side="right")
        return Weights(weights.worth[:hidden], weights.finals[:hidden])

    def below(self, weights: Weights, gap: Gap, unread: float) -> tuple[float, float]:
        """Worth and expected finals of the pending messages on the page at a gap's upper end, of
        which ``unread`` rows are not known yet.
        """
        ranks = self._rank()
        top = self.traffic.rank(np.array([gap.upper_time], np.float64))[0]
        known = max(0.0, PAGE_LIMIT - unread)
        last = int(np.searchsorted(self.watch.sent, gap.upper_time, side="right"))
        first = int(np.searchsorted(ranks, top - known, side="right"))
        inside = slice(max(first, last - int(known)), last)
        return float(weights.worth[inside].sum()), float(weights.finals[inside].sum())

    def _rank(self) -> Floats:
        """How many rows were sent before each pending message."""
        version = self.watch.version, self.traffic.version
        if version != self._ranked:
            self._ranks = self.traffic.rank(self.watch.sent)
            self._windows = windows_of(self.watch, self._ranks, WINDOW_ROWS)
            self._ranked = version
        return self._ranks

    def finals_of(self, gap: Gap, rows: float, now: float) -> float:
        """Final statuses that the next page of a gap is expected to show."""
        age = max(0.0, now - (gap.upper_time + gap.lower_time) / 2)
        chances = self.curves.chances_at(np.array([age]))
        return min(float(PAGE_LIMIT), rows) * float(chances.final[0])

    def finals_of_head(self, since: float) -> float:
        """Final statuses that a head page is expected to show, so long after the last one."""
        rate = max(self.traffic.rate, self.traffic.last_rate if since < FRESH else 0.0)
        rows = min(float(PAGE_LIMIT), rate * since)
        ages = np.linspace(0.0, rows / max(rate, 1e-6), 9, dtype=np.float64)[1:]
        return rows * float(self.curves.chances_at(ages).final.mean())

    def pending_share(self, seconds: float) -> float:
        """Share of the messages sent within the last so many seconds that must be read again.

        They are pending; those of an operator that stands still once they are past their first
        deadline.
        """
        ages = (np.arange(PARTS, dtype=np.float64) + 0.5) * (seconds / PARTS)
        usual = 1 - float(self.curves.chances_at(ages).final.mean())
        unjudged = min(1.0, self._deadlines[0].seconds / max(seconds, 1e-6))
        return (1 - self.stalled) * usual + self.stalled * unjudged

    def _spans(self, now: float) -> list[Span]:
        """Latest parts of the last days with pending messages."""
        sent = self.watch.sent[: np.searchsorted(self.watch.sent, now, side="right")]
        ahead = self._ahead(now)
        days: list[int] = []
        while sent.size and len(days) < DAYS_BACK:
            days.append(int((sent[-1] + ahead) // DAY))
            sent = sent[: np.searchsorted(sent, days[-1] * DAY - ahead)]
        spans = [span for day in days for span in self._parts(day, ahead, now)]
        if len(days) > 1:
            spans.append(Span(days[1], days[0], days[1] * DAY - ahead, now, 1.0))
        return spans

    def _parts(self, day: int, ahead: float, now: float) -> list[Span]:
        """The whole day, and its last hours."""
        start = day * DAY - ahead
        until = min(now, start + DAY)
        since = [start, *(until - part for part in PARTS_OF_DAY if until - part > start)]
        ranks = self.traffic.rank(np.array([*since, until], np.float64))
        shares = (ranks[-1] - ranks[:-1]) / max(1.0, ranks[-1] - ranks[0])
        return [
            Span(day, day, moment, start + DAY, float(share))
            for moment, share in zip(since, shares, strict=True)
        ]

    def days(self, sent: Floats) -> NDArray[np.int64]:
        """Days since 1970 in the gateway's time zone."""
        if not sent.size:
            return np.empty(0, np.int64)
        return ((sent + self._ahead(float(sent[-1]))) // DAY).astype(np.int64)

    def _ahead(self, moment: float) -> float:
        """Seconds by which the gateway's clocks are ahead of UTC."""
        offset = datetime.fromtimestamp(moment, UTC).astimezone(self._zone).utcoffset()
        return 0.0 if offset is None else offset.total_seconds()

    def _note_stalled(self, rows: Rows, started: float) -> None:
        if not rows.group.size:
            return
        speeds = {group: self.curves.speed(group) for group in np.unique(rows.group).tolist()}
        still = np.isin(rows.group, [group for group, speed in speeds.items() if speed < STILL])
        seconds = started - (self._last_head or started)
        self.stalled += (1 - exp(-seconds / RATE_MEMORY)) * (float(still.mean()) - self.stalled)

    def _note_head(self, page: Page, found: int, started: float) -> None:
        last, self._last_head = self._last_head, started
        elapsed = started - (last if last is not None else started - RATE_MEMORY)
        past = [message.send_time for message in page.messages if message.send_time <= started]
        full = page.rows >= PAGE_LIMIT and found >= page.rows
        if past and (full or last is None):
            self.traffic.head(len(past), started - past[-1], elapsed)
        else:
            self.traffic.head(found if past else 0, elapsed, elapsed)

    def _count_numbers(self, sent: Floats, phones: NDArray[np.uint64]) -> None:
        days = self.days(sent)
        for day in np.unique(days):
            self.sketch.add(int(day), phones[(days == day) & (phones > 0)])

    def _learn(self, look: Look, started: float) -> None:
        if not look.sent.size:
            return
        seen = np.where(np.isnan(look.read), look.sent, look.read)
        until = np.where(look.is_final, look.changed, started)
        looks = Looks(
            groups=look.group, sent=look.sent, seen=seen, until=until, final=look.is_final
        )
        self.curves.learn(looks, started)


def _foreign(request: HistoryRequest, rows: Rows) -> int:
    if not request.phones:
        return 0
    numbers = np.array([int(phone.value) for phone in request.phones], np.uint64)
    return int((~np.isin(rows.phone, numbers)).sum())
