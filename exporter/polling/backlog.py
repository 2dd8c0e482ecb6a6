"""What was never read, while it is much: read with every permit that head pages can spare."""

from collections.abc import Iterator, Mapping

from exporter.ledger.gaps import Gap
from exporter.ledger.records import StreamView
from exporter.polling.asks import head, window
from exporter.polling.mind import Mind
from exporter.polling.options import Options
from exporter.polling.planner import AccountView, Ask, Wait
from exporter.polling.pricing import Pace
from exporter.polling.turns import Periods, Turns


BURST_ROWS = 1500
BURST_RATE = 12_000 / 3600
DENSE = 3.0
"""Rows of a gap that is a burst, where fewer rows a second are usual, and how many times the usual
number they must be: hours without the exporter leave many rows, too.
"""
LEAST_ROWS = 600
CHAIN_ROWS = 150
"""Rows of a gap that is read with every permit; the latter where pages are read in chains."""
FULL_ROWS = 900
OVERLOAD = 1.1
"""Rows of a gap of which a page shows few that are known, and the saturation from which on gaps
with so many are read first: where not all can be read, no part of a page is to be wasted.
"""
DRAIN_HEAD = 1200.0
OLD_HEAD = 300.0
OLD = 5400.0
"""Seconds between head pages at most while a backlog is read, while an old one is, and the age
from which on it is old.
"""


class Backlog:
    """The large gaps of an account's streams."""

    def __init__(self, minds: Mapping[str, Mind], beside: Options, turns: Turns) -> None:
        self._minds = minds
        self._beside = beside
        self._turns = turns

    def next(self, view: AccountView, pace: Pace) -> Ask | Wait | None:
        """A page of it, the newest first, or a head page now and then; None when there is none."""
        gaps = list(self._large(view, pace))
        if not gaps:
            return None
        if pace.saturation > OVERLOAD or max(pace.chains.values()) == 1:
            gaps = [each for each in gaps if self._rows(*each) >= FULL_ROWS] or gaps
        stream, gap = max(gaps, key=lambda each: each[1].upper_time)
        if pace.chains[stream.channel] > 1:
            return self._of_chain(view, pace, stream, gap)
        self._note_burst(stream, gap, view.now)
        return self._of_burst(view, stream, gap)

    def _large(self, view: AccountView, pace: Pace) -> Iterator[tuple[StreamView, Gap]]:
        for stream in view.streams:
            least = LEAST_ROWS if pace.chains[stream.channel] == 1 else CHAIN_ROWS
            for gap in stream.gaps:
                is_large = gap.kind == "gap" and self._rows(stream, gap) >= least
                if is_large and not self._beside.is_tried(stream, gap, view.now):
                    yield stream, gap

    def _rows(self, stream: StreamView, gap: Gap) -> float:
        return self._beside.rows_of(stream.channel, gap)

    def _of_chain(self, view: AccountView, pace: Pace, stream: StreamView, gap: Gap) -> Ask | Wait:
        due, most_urgent = self._turns.due(view, pace.periods)
        if due <= view.now:
            return head(most_urgent.channel, "its turn")
        return self._page_or_wait(view, stream, gap, pace.periods)

    def _of_burst(self, view: AccountView, stream: StreamView, gap: Gap) -> Ask | Wait:
        rarest = DRAIN_HEAD if view.now - gap.lower_time < OLD else OLD_HEAD
        periods = dict.fromkeys(self._minds, rarest)
        due, most_urgent = self._turns.due(view, periods)
        if due <= view.now:
            return head(most_urgent.channel, "backlog")
        mind, since = self._minds[stream.channel], view.now - self._turns.head_at(stream, view.now)
        below = mind.finals_of(gap, self._rows(stream, gap), view.now)
        if below >= mind.finals_of_head(since):
            return self._page_or_wait(view, stream, gap, periods)
        return head(stream.channel, "backlog")

    def _page_or_wait(
        self, view: AccountView, stream: StreamView, gap: Gap, periods: Periods
    ) -> Ask | Wait:
        """Its next page, unless permits must be left for head pages."""
        if self._turns.has_room(view, periods, {}):
            return window(stream.channel, gap.upper_id, "backlog")
        due, _ = self._turns.due(view, periods)
        return Wait(until=min((due, *view.free_at[:1])), reason="backlog")

    def _note_burst(self, stream: StreamView, gap: Gap, now: float) -> None:
        usual = self._minds[stream.channel].traffic.slow_rate
        is_dense = self._rows(stream, gap) > max(BURST_ROWS, DENSE * usual * gap.seconds)
        if is_dense and usual < BURST_RATE:
            self._beside.notes.burst_at = now
