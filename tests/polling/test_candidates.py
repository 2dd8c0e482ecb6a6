"""Which window and which lookup are worth most."""

from datetime import UTC, datetime

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from exporter.ledger.waiting import Waiting
from exporter.polling.candidates import (
    PAGE_ROWS,
    SCREENED,
    Span,
    Weights,
    best_lookup,
    best_window,
    windows_of,
)
from exporter.polling.curves import Curves
from exporter.polling.sketch import RowsByNumber
from exporter.polling.watch import Watch


T0 = int(datetime(2023, 11, 14, tzinfo=UTC).timestamp())
DAY = T0 // 86_400
TODAY = Span(DAY, DAY, T0, T0 + 86_400, 1.0)
WORTHS = st.floats(0, 1000)


def watching(phones: list[int], anchored: list[bool] | None = None) -> Watch:
    """Messages sent a second apart, the oldest first."""
    anchored = anchored or [True] * len(phones)
    watch = Watch()
    watch.restore(
        [
            Waiting(
                str(n), T0 + n, T0 + 5.0, "sms", "mts", f"above{n}" if has else None, str(phone)
            )
            for n, (phone, has) in enumerate(zip(phones, anchored, strict=True))
        ],
        Curves().group,
    )
    return watch


def weighing(worth: list[float]) -> Weights:
    return Weights(np.array(worth, np.float64), np.full(len(worth), 0.5))


@given(
    rows=st.lists(st.tuples(WORTHS, st.booleans(), st.integers(1, 50)), min_size=1, max_size=40),
    page_rows=st.integers(1, 200),
    resting=st.sets(st.integers(0, 39)),
)
@settings(max_examples=300, deadline=None)
def test_no_window_is_worth_more_than_the_best(
    rows: list[tuple[float, bool, int]], page_rows: int, resting: set[int]
) -> None:
    """It begins below an anchor that is not resting and holds what a page of rows reaches."""
    watch = watching([79000000000] * len(rows), [has for _, has, _ in rows])
    weights = weighing([worth for worth, _, _ in rows])
    ranks = np.cumsum([apart for _, _, apart in rows]).astype(np.float64)
    names = frozenset(f"above{n}" for n in resting)
    best = best_window(watch, weights, windows_of(watch, ranks, page_rows), names)
    worths = {
        f"above{last}": sum(
            rows[n][0] for n in range(last + 1) if ranks[last] - ranks[n] < page_rows
        )
        for last in range(len(rows))
        if rows[last][1] and last not in resting
    }
    if best is None:
        assert not worths
        return
    assert best.worth == pytest.approx(max(worths.values()), abs=1e-6)
    assert worths[best.anchor] == pytest.approx(best.worth, abs=1e-6)


@given(
    worths=st.lists(WORTHS, min_size=1, max_size=60),
    numbers=st.lists(st.integers(1, 20), min_size=60, max_size=60),
    longest=st.integers(1, 30),
    chatty=st.dictionaries(st.integers(1, 20), st.integers(1, 1500)),
)
@settings(max_examples=300, deadline=None)
def test_a_lookup_fits_into_a_page(
    worths: list[float], numbers: list[int], longest: int, chatty: dict[int, int]
) -> None:
    """It asks for no more numbers than allowed, and for no more rows than an answer can hold."""
    sketch = RowsByNumber()
    for number, rows in chatty.items():
        sketch.add(DAY, np.full(rows, number, np.uint64))
    phones = numbers[: len(worths)]
    watch = watching(phones)
    best = best_lookup(watch, weighing(worths), [TODAY], sketch, longest)
    if best is None:
        return
    asked = best.phones.tolist()
    assert len(set(asked)) == len(asked) <= longest
    assert int(sketch.rows(DAY, best.phones).sum()) <= PAGE_ROWS
    expected = sum(w for w, phone in zip(worths, phones, strict=True) if phone in asked)
    assert best.worth <= expected + 1e-6
    if len(worths) <= SCREENED * longest:
        assert best.worth == pytest.approx(expected, abs=1e-6)


def test_a_lookup_prefers_what_is_worth_more() -> None:
    """Numbers are chosen by worth for the place that they take."""
    watch = watching([1, 2, 3, 4])
    best = best_lookup(watch, weighing([5, 50, 1, 40]), [TODAY], RowsByNumber(), 2)
    assert best is not None
    assert sorted(best.phones.tolist()) == [2, 4]


def test_a_lookup_is_about_one_day() -> None:
    """Numbers' old history stays out of the answer; the day with the highest worth is asked for."""
    watch = watching([1, 2, 3])
    spans = [Span(DAY, DAY, T0 + 1, T0 + 86_400, 1.0), Span(DAY - 1, DAY - 1, T0 - 9, T0 + 1, 1.0)]
    best = best_lookup(watch, weighing([100, 10, 10]), spans, RowsByNumber(), 9)
    assert best is not None
    assert (best.span.last, best.phones.tolist()) == (DAY - 1, [1])


def test_a_lookup_may_be_about_the_newest_part_of_a_day() -> None:
    """Older rows of a number only fall off the end of the answer, so that more numbers fit in."""
    sketch = RowsByNumber()
    sketch.add(DAY, np.repeat(np.arange(1, 101, dtype=np.uint64), 20))
    watch = watching(list(range(1, 101)))
    late = Span(DAY, DAY, T0 + 50, T0 + 86_400, 0.1)
    whole = best_lookup(watch, weighing([1.0] * 100), [TODAY], sketch, 99)
    both = best_lookup(watch, weighing([1.0] * 50 + [2.0] * 50), [TODAY, late], sketch, 99)
    assert whole is not None
    assert both is not None
    assert whole.phones.size == PAGE_ROWS // 20
    assert both.phones.tolist() == list(range(51, 101))


def test_a_lookup_may_be_about_two_days() -> None:
    """Just after midnight the last hours lie on both sides of it."""
    both = Span(DAY - 1, DAY, T0 - 9, T0 + 86_400, 1.0)
    spans = [
        Span(DAY, DAY, T0 + 1, T0 + 86_400, 1.0),
        Span(DAY - 1, DAY - 1, T0 - 9, T0 + 1, 1.0),
        both,
    ]
    best = best_lookup(watching([1, 2, 3]), weighing([9, 9, 9]), spans, RowsByNumber(), 9)
    assert best is not None
    assert (best.span, best.phones.tolist()) == (both, [1, 2, 3])


def test_chatty_numbers_are_left_to_windows() -> None:
    """One that alone fills the page would push out all others."""
    sketch = RowsByNumber()
    sketch.add(DAY, np.full(2000, 1, np.uint64))
    best = best_lookup(watching([1, 2]), weighing([1000, 1]), [TODAY], sketch, 9)
    assert best is not None
    assert best.phones.tolist() == [2]


def test_nothing_to_ask_without_numbers() -> None:
    """Where phones are not tracked, no lookup is made."""
    watch = watching([0, 0])
    assert best_lookup(watch, weighing([9, 9]), [TODAY], RowsByNumber(), 9) is None


@given(counts=st.dictionaries(st.integers(1, 10**11), st.integers(1, 30), max_size=50))
@settings(max_examples=50, deadline=None)
def test_sketch_never_counts_too_few(counts: dict[int, int]) -> None:
    """A number's rows are at least those that were seen."""
    sketch = RowsByNumber()
    for number, rows in counts.items():
        sketch.add(DAY, np.full(rows, number, np.uint64))
    numbers = np.array(list(counts), np.uint64)
    assert (sketch.rows(DAY, numbers) >= list(counts.values())).all()


def test_sketch_rarely_counts_too_many() -> None:
    """With as many numbers as a busy day has, hardly any is thought chattier than it is."""
    sketch = RowsByNumber()
    numbers = np.arange(79_000_000_000, 79_000_130_000, dtype=np.uint64)
    sketch.add(DAY, numbers)
    assert (sketch.rows(DAY, numbers) > 1).mean() < 0.1


def test_sketch_keeps_few_days() -> None:
    """Memory stays bounded, whatever days pages bring."""
    sketch = RowsByNumber()
    number = np.array([79_000_000_000], np.uint64)
    for day in [*range(10), 3]:
        sketch.add(day, np.repeat(number, 3))
    assert [int(sketch.rows(day, number)[0]) for day in range(10)] == [1] * 6 + [3] * 4
