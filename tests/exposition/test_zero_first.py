from collections.abc import Callable
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from exporter.exposition.catalogue import BY_NAME, BY_SOURCE
from exporter.exposition.zero_first import Restored, ZeroFirst
from exporter.ledger.snapshot import Distribution, Labels, Observations, Total


SUBMITTED = BY_SOURCE[Total.SUBMITTED]
DELIVERY = BY_SOURCE[Distribution.DELIVERY]
A: Labels = ("main", "sms", "RU", "mts", "Shop")
B: Labels = ("main", "sms", "RU", "tele2", "Shop")


def new(_labels: Labels) -> bool:
    return False


def known(_labels: Labels) -> bool:
    return True


def test_new_series_waits_for_a_scrape_and_the_hold() -> None:
    """A new series is 0 until the 0 was taken and the hold has passed, then all of it shows."""
    zero_first = ZeroFirst(60)
    assert zero_first.apply(SUBMITTED, {A: 40}, new, 0) == {A: 0}
    assert zero_first.apply(SUBMITTED, {A: 41}, new, 1000) == {A: 0}
    zero_first.served(1000)
    assert zero_first.apply(SUBMITTED, {A: 42}, new, 1059) == {A: 0}
    zero_first.served(1059)
    assert zero_first.apply(SUBMITTED, {A: 42}, new, 1060) == {A: 42}


def test_no_hold_still_needs_the_zero_to_be_taken() -> None:
    """With a hold of 0 the first scrape shows 0, the next all of it."""
    zero_first = ZeroFirst(0)
    assert zero_first.apply(SUBMITTED, {A: 40}, new, 0) == {A: 0}
    zero_first.served(0)
    assert zero_first.apply(SUBMITTED, {A: 40}, new, 0) == {A: 40}


def test_restored_series_are_never_held() -> None:
    """A series from before the restart shows its total at once."""
    rows = {A: 40}
    assert ZeroFirst(60).apply(SUBMITTED, rows, known, 0) is rows


def test_held_series_stays_held_when_it_is_called_restored_later() -> None:
    """A ledger opened again inside one process does not let go of what is held."""
    zero_first = ZeroFirst(60)
    zero_first.apply(SUBMITTED, {A: 40}, new, 0)
    assert zero_first.apply(SUBMITTED, {A: 40, B: 1}, known, 1) == {A: 0, B: 1}


def test_released_series_that_comes_back_does_not_fall() -> None:
    """A series that was away is shown as it is, because it was never at 0 for its readers."""
    zero_first = ZeroFirst(60)
    zero_first.apply(SUBMITTED, {A: 40}, known, 0)
    zero_first.apply(SUBMITTED, {}, new, 1)
    assert zero_first.apply(SUBMITTED, {A: 41}, new, 2) == {A: 41}


def test_held_series_that_leaves_starts_again() -> None:
    """A zero that went away before the hold was over has to be taken anew."""
    zero_first = ZeroFirst(60)
    zero_first.apply(SUBMITTED, {A: 40}, new, 0)
    zero_first.served(0)
    zero_first.apply(SUBMITTED, {}, new, 1)
    assert zero_first.apply(SUBMITTED, {A: 40}, new, 100) == {A: 0}
    assert zero_first.born(SUBMITTED, A) == 100


def test_only_served_families_are_released() -> None:
    """A scrape of some families says nothing of the others."""
    zero_first = ZeroFirst(0)
    waits = {A[:4]: Observations((1, *([0] * 15)), Decimal("0.5"))}
    zero_first.apply(SUBMITTED, {A: 40}, new, 0)
    zero_first.apply(DELIVERY, waits, new, 0)
    zero_first.served(0, {SUBMITTED.name})
    assert zero_first.apply(SUBMITTED, {A: 40}, new, 1) == {A: 40}
    held = zero_first.apply(DELIVERY, waits, new, 1)
    assert held == {A[:4]: Observations((0,) * 16, Decimal(0))}


def test_clock_set_back_does_not_hold_for_ever() -> None:
    """After the clock jumped back a day the hold runs from then on."""
    zero_first = ZeroFirst(60)
    rows = {A: 40}
    zero_first.apply(SUBMITTED, rows, new, 86_400)
    zero_first.served(86_400)
    assert zero_first.apply(SUBMITTED, rows, new, 10) == {A: 0}
    assert zero_first.apply(SUBMITTED, rows, new, 70) == {A: 40}


def test_restored_label_set_vouches_for_the_series_it_always_has() -> None:
    """Of a label set in the ledger every series was shown; of a new code none was."""
    restored = Restored(
        [(Total.SUBMITTED.value, A), ("exporter_label_overflow", ("main", "sender"))]
    )
    assert restored.knows(BY_SOURCE[Total.MATURED], (*A, "5m", "pending"))
    assert restored.knows(DELIVERY, A[:4])
    assert restored.knows(BY_SOURCE[Total.API_ERRORS], ("main", "history", "9"))
    assert restored.knows(BY_NAME["smsc_exporter_label_overflow_total"], ("sender",))
    assert not restored.knows(BY_SOURCE[Total.MATURED], (*B, "5m", "pending"))
    assert not restored.knows(BY_SOURCE[Total.FINAL], (*A, "20"))
    assert not restored.knows(BY_SOURCE[Total.REGION_MATURED], (*A[:4], "pending"))
    assert not restored.knows(BY_NAME["smsc_exporter_label_overflow_total"], ("main",))


SERIES: tuple[Labels, ...] = tuple(("main", "sms", "RU", name, "Shop") for name in "abcd")
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("grow"), st.sampled_from(SERIES), st.integers(0, 50)),
        st.tuples(st.just("wait"), st.just(A), st.integers(0, 45)),
        st.tuples(st.just("scrape"), st.just(A), st.just(0)),
        st.tuples(st.just("peek"), st.just(A), st.just(0)),
    ),
    max_size=60,
)


class _Reader:
    """What a Prometheus would make of the scrapes: increases between samples."""

    def __init__(self) -> None:
        self.last: dict[Labels, float] = {}
        self.first: dict[Labels, float] = {}
        self.increase: dict[Labels, float] = {}

    def scrape(self, rows: Any) -> None:
        for labels, value in rows.items():
            assert value >= self.last.get(labels, 0)
            self.increase[labels] = (
                self.increase.get(labels, 0) + value - self.last.get(labels, value)
            )
            self.first.setdefault(labels, value)
            self.last[labels] = value


@given(steps=STEPS, old=st.sets(st.sampled_from(SERIES)), hold=st.sampled_from([0, 30, 60]))
def test_readers_see_every_increment_and_no_fall(
    steps: list[tuple[str, Labels, int]], old: set[Labels], hold: int
) -> None:
    """Whatever happens: no value falls, a new series starts at 0, and in the end the increases
    since the first 0 are all increments."""
    zero_first, reader, now = ZeroFirst(hold), _Reader(), 0.0
    totals: dict[Labels, int] = dict.fromkeys(old, 7)
    restored: Callable[[Labels], bool] = old.__contains__

    def scrape() -> None:
        reader.scrape(zero_first.apply(SUBMITTED, dict(totals), restored, now))
        zero_first.served(now)

    for step, labels, number in steps:
        if step == "grow":
            totals[labels] = totals.get(labels, 0) + number
        elif step == "wait":
            now += number
        elif step == "scrape":
            scrape()
        else:
            zero_first.apply(SUBMITTED, dict(totals), restored, now)
    for _ in range(2):
        scrape()
        now += hold
    scrape()
    assert reader.last == totals
    for labels in totals.keys() - old:
        assert reader.first[labels] == 0
        assert reader.increase[labels] == totals[labels]
