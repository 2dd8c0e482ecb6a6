"""How busy a stream is, from the pages read of it."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from exporter.ledger.waiting import BUCKET
from exporter.polling.traffic import Traffic


T0 = 1_700_000_000


def moments(*seconds: float) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.array([T0 + each for each in seconds], np.float64)


@given(
    sent=st.lists(st.integers(0, 3000), min_size=1, max_size=300),
    pages=st.lists(st.tuples(st.integers(0, 299), st.integers(1, 120)), max_size=8),
)
@settings(max_examples=200, deadline=None)
def test_overlapping_pages_count_each_row_once(
    sent: list[int], pages: list[tuple[int, int]]
) -> None:
    """Whatever stretches were read, and how often: no more rows than there are, and all of them
    once every stretch was."""
    rows = np.sort(moments(*sent))
    traffic = Traffic(T0)
    for first, count in pages:
        traffic.add(rows[first : first + count])
    ends = moments(-100, 5000)
    low, high = traffic.rank(ends)
    assert high - low <= rows.size
    traffic.add(rows)
    low, high = traffic.rank(ends)
    assert high - low == rows.size


def test_rank_is_linear_within_ten_seconds() -> None:
    """So that windows are placed more finely than rows are counted."""
    traffic = Traffic(T0)
    start = T0 // BUCKET * BUCKET
    traffic.add(np.array([start] * 10 + [start + BUCKET] * 20, np.float64))
    ranks = traffic.rank(np.array([start, start + 5, start + 10, start + 15, start + 20], float))
    assert (ranks - ranks[0]).tolist() == [0, 5, 10, 20, 30]


def test_a_gap_holds_as_many_rows_as_its_neighbourhood_says() -> None:
    """The rate beside it, times its length."""
    traffic = Traffic(T0)
    traffic.add(moments(*range(600)))
    traffic.add(moments(*range(1200, 1800)))
    assert traffic.between(T0 + 600, T0 + 1200) == pytest.approx(600, rel=0.1)


def test_without_neighbours_the_mean_rate_tells() -> None:
    """A gap amid silence."""
    traffic = Traffic(T0)
    traffic.head(100, 100, 100)
    assert traffic.between(T0, T0 + 50) == pytest.approx(50)


def test_restored_traffic_is_that_of_before() -> None:
    """A restart knows the rate at once."""
    rows = [(T0 // BUCKET + n, 20) for n in range(-90, 0)]
    traffic = Traffic(T0)
    traffic.restore(rows, T0)
    assert traffic.rate == pytest.approx(2.0, rel=0.02)


def test_counts_move_on_with_time() -> None:
    """Weeks later the newest rows are counted as on the first day."""
    traffic = Traffic(T0)
    traffic.add(moments(*range(100)))
    later = 30 * 86_400
    traffic.add(moments(*range(later, later + 100)))
    low, high = traffic.rank(moments(later - 1000, later + 1000))
    assert high - low == 100


@given(rate=st.floats(0.01, 20))
def test_rate_is_learnt_from_head_pages(rate: float) -> None:
    """After an hour of steady traffic it is known."""
    traffic = Traffic(T0)
    for _ in range(30):
        traffic.head(round(rate * 120), 120, 120)
    assert traffic.rate == pytest.approx(round(rate * 120) / 120, rel=0.05, abs=0.01)


def test_what_was_never_read_is_no_silence() -> None:
    """After a restart in overload the rate is that of the stretches that were read."""
    rows = [(T0 // BUCKET + n, 100) for n in range(-90, 0) if n % 9 < 3]
    unread = [
        (T0 // BUCKET * BUCKET + 10.0 * n + 30, T0 // BUCKET * BUCKET + 10.0 * n + 90)
        for n in range(-90, 0, 9)
    ]
    traffic = Traffic(T0)
    traffic.restore(rows, T0, unread)
    assert traffic.rate == pytest.approx(10.0, rel=0.15)


def test_a_full_page_stands_for_the_time_since_the_last_one() -> None:
    """In overload a page spans little time, yet the rate follows it as fast as any other."""
    traffic = Traffic(T0)
    traffic.head(100, 100, 100)
    for _ in range(15):
        traffic.head(1000, 80, 300)
    assert traffic.rate == pytest.approx(12.5, rel=0.05)
