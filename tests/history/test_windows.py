"""Windows cover each day once, in as few calls as can be, and the rest is reckoned honestly."""

from collections.abc import Callable
from datetime import date, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.gateway.request import PAGE_LIMIT
from exporter.history.estimate import NOTHING, calls_left, seconds_needed
from exporter.history.period import Period, midnight
from exporter.history.windows import LONGEST, next_window
from exporter.history.work import Window
from tests.history.past import DAY, ZONE


FIRST = date(2026, 1, 1)


def period(days: int) -> Period:
    return Period(first=FIRST, last=FIRST + timedelta(days=days - 1), zone=ZONE)


def read_all(
    asked: Period, rows_of: Callable[[date], int], *, now: float | None = None
) -> list[Window]:
    """Windows as they are read one after the other, each to its end."""
    windows: list[Window] = []
    until = asked.end if now is None else now
    while window := next_window(windows, "sms", asked, until, 0):
        days = (window.first + timedelta(days=n) for n in range(window.days))
        rows = sum(map(rows_of, days))
        read = msgspec.structs.replace(
            window, rows=rows, pages=rows // PAGE_LIMIT + 1, asked_at=until + 1, done=True
        )
        windows.append(read)
    return windows


@given(st.integers(1, 184), st.lists(st.integers(0, 30_000), min_size=1, max_size=9))
def test_every_day_is_in_one_window(days: int, rows: list[int]) -> None:
    """However much the days differ."""
    windows = read_all(period(days), lambda day: rows[day.toordinal() % len(rows)])
    covered = [w.first + timedelta(days=n) for w in windows for n in range(w.days)]
    assert covered == list(period(days))


@pytest.mark.parametrize(("daily", "most"), [(0, 9), (20, 12), (300, 95), (900, 184)])
def test_quiet_days_are_asked_for_together(daily: int, most: int) -> None:
    """Half a year of little traffic takes few calls, not one a day."""
    assert sum(window.pages for window in read_all(period(184), lambda _: daily)) <= most


def test_a_quiet_day_does_not_make_the_next_window_long() -> None:
    """Windows grow step by step, in case the quiet was an exception."""
    lengths = [window.days for window in read_all(period(90), lambda _: 0)]
    assert lengths == [1, 4, 16, LONGEST, LONGEST, 7]


def test_the_newest_rows_may_be_late() -> None:
    """What was asked for sooner than a late row would show is asked for again."""
    noon = midnight(FIRST, ZONE) + DAY / 2
    window = Window(stream="sms", first=FIRST, last=FIRST, asked_at=noon, rows=9, done=True)
    asked = period(1)
    assert next_window([window], "sms", asked, noon - 120, 120) is None
    assert next_window([window], "sms", asked, noon - 119, 120) is not None


def test_days_that_could_still_change_are_read_again() -> None:
    """And the three before it, whose messages could still change; what is older stays read."""
    noon = midnight(date(2026, 1, 5), ZONE) + DAY / 2
    window = Window(
        stream="sms", first=FIRST, last=date(2026, 1, 5), asked_at=noon, rows=9, done=True
    )
    asked = period(10)
    assert next_window([window], "sms", asked, noon, 0) is None
    again = next_window([window], "sms", asked, noon + 1, 0)
    assert again is not None
    assert again.first == date(2026, 1, 2)
    over = msgspec.structs.replace(window, asked_at=midnight(date(2026, 1, 9), ZONE))
    later = next_window([over], "sms", asked, noon + 9 * DAY, 0)
    assert later is not None
    assert later.first == date(2026, 1, 6)


def test_an_unfinished_window_is_gone_on_with() -> None:
    """From the row it has come to."""
    begun = Window(stream="sms", first=FIRST, last=FIRST, prev_id="77", pages=1, asked_at=1.0)
    assert next_window([begun], "sms", period(3), period(3).end, 0) == begun


def test_before_anything_is_read_only_the_least_is_known() -> None:
    """Nobody knows how many rows a day holds."""
    estimate = calls_left([], 60)
    assert (estimate.least, estimate.most) == (2, None)


@given(st.integers(1, 20_000), st.integers(2, 20), st.integers(21, 184))
def test_equal_days_are_reckoned_exactly(daily: int, read: int, days: int) -> None:
    """With nothing to guess, the bounds are the estimate, and that is what it takes."""
    windows = [
        Window(
            stream="sms",
            first=FIRST + timedelta(days=n),
            last=FIRST + timedelta(days=n),
            rows=daily,
            pages=1,
            done=True,
        )
        for n in range(read)
    ]
    estimate = calls_left(windows, days)
    assert estimate.least == estimate.likely == estimate.most
    assert days * daily / PAGE_LIMIT <= estimate.likely <= days * (daily // PAGE_LIMIT + 1)


def test_differing_days_give_bounds_around_the_likely() -> None:
    """The more they differ, the wider."""
    rows = [500, 9000, 4000]
    windows = [
        Window(
            stream="sms",
            first=FIRST + timedelta(days=n),
            last=FIRST + timedelta(days=n),
            rows=count,
            pages=1,
            done=True,
        )
        for n, count in enumerate(rows)
    ]
    estimate = calls_left(windows, 30)
    assert estimate.most is not None
    assert 50 < estimate.least < estimate.likely < estimate.most < 300
    assert calls_left(windows, 0) == NOTHING
    assert (estimate + estimate).likely == 2 * estimate.likely


def test_time_is_what_permits_take() -> None:
    """Those free now take none; the others come a share in each window."""
    assert seconds_needed(9, at_once=9, share=9, window=3600) == 0
    assert seconds_needed(27, at_once=9, share=9, window=3600) == 2 * 3600
