"""Which days to ask for next: long enough to fill a page, short enough to be read in one go."""

from collections.abc import Sequence
from datetime import date, timedelta

from exporter.gateway.request import PAGE_LIMIT
from exporter.history.period import Period, day_of
from exporter.history.work import Window
from exporter.ledger.pruning import ABANDON_AFTER


LONGEST = 31
"""Days of a window at most."""
GROWTH = 4
"""A window is at most so many times as long as the one before: one quiet day proves little."""
FILL = 0.8
"""Share of a page that a window of several days is meant to fill."""


def next_window(
    windows: Sequence[Window], stream: str, period: Period, until: float, settle: float
) -> Window | None:
    """The window to read on with; None when all that happened ``until`` then is read."""
    begin = first_unread(windows, period, until, settle)
    last = day_of(until, period.zone)
    if begin > last:
        return None
    for window in windows:
        if window.first == begin and not window.done:
            return window
    days = min(length([w for w in windows if w.last < begin]), (last - begin).days + 1)
    return Window(stream=stream, first=begin, last=begin + timedelta(days=days - 1))


def first_unread(windows: Sequence[Window], period: Period, until: float, settle: float) -> date:
    """The first day of which not all is read that happened ``until`` a moment.

    ``windows`` come in the order of their days. A day that was read while its messages could still
    change is read anew when more of it is wanted. Rows can turn up ``settle`` seconds late.
    """
    begin = period.first
    for window in windows:
        if window.last < begin:
            continue
        if not window.done:
            return window.first
        asked_at = window.asked_at or 0.0
        changing = day_of(asked_at - ABANDON_AFTER, period.zone)
        if asked_at < until + settle and changing <= window.last:
            return max(begin, changing)
        begin = window.last + timedelta(days=1)
    return begin


def length(windows: Sequence[Window]) -> int:
    """Days that a window should span, by what those before it held."""
    if not windows:
        return 1
    return max(1, min(fitting(daily(windows)), GROWTH * windows[-1].days))


def fitting(rows: float) -> int:
    """Days with so many rows each that a page takes."""
    return max(1, min(LONGEST, int(FILL * PAGE_LIMIT / max(rows, 1))))


def daily(windows: Sequence[Window]) -> float:
    """Rows of a day, as these windows have it."""
    return sum(window.rows for window in windows) / sum(window.days for window in windows)
