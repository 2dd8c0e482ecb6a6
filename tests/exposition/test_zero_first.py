from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from exporter.exposition.catalogue import BY_SOURCE
from exporter.exposition.zero_first import ZeroFirst
from exporter.ledger.snapshot import Distribution, Labels, Observations, Total


SUBMITTED = BY_SOURCE[Total.SUBMITTED]
DELIVERY = BY_SOURCE[Distribution.DELIVERY]
A: Labels = ("main", "sms", "RU", "mts", "Shop")
B: Labels = ("main", "sms", "RU", "tele2", "Shop")
NONE: frozenset[Labels] = frozenset()


def test_new_series_waits_for_a_scrape_and_the_hold() -> None:
    """A new series is ripe when its 0 was taken and the hold has passed since, and not before."""
    zero_first = ZeroFirst(60)
    assert zero_first.apply(SUBMITTED, {A: 40}, NONE, 0) == {A: 0}
    assert zero_first.ripe(1000) == []
    zero_first.served(1000)
    zero_first.served(1059)
    assert zero_first.ripe(1059) == []
    assert zero_first.ripe(1060) == [(SUBMITTED, A)]


def test_ripe_is_not_shown() -> None:
    """A ripe series stays at 0 until it is noted as shown; then all of it shows."""
    zero_first = ZeroFirst(60)
    zero_first.apply(SUBMITTED, {A: 40}, NONE, 0)
    zero_first.served(0)
    assert zero_first.apply(SUBMITTED, {A: 41}, NONE, 1000) == {A: 0}
    rows = {A: 42}
    assert zero_first.apply(SUBMITTED, rows, frozenset({A}), 1000) is rows
    assert zero_first.ripe(1000) == []


def test_no_hold_still_needs_the_zero_to_be_taken() -> None:
    """With a hold of 0 a series is ripe with the first scrape."""
    zero_first = ZeroFirst(0)
    assert zero_first.apply(SUBMITTED, {A: 40}, NONE, 0) == {A: 0}
    assert zero_first.ripe(0) == []
    zero_first.served(0)
    assert zero_first.ripe(0) == [(SUBMITTED, A)]


def test_only_what_is_not_shown_is_held() -> None:
    """A series shown before a restart shows its total at once, beside one that was not."""
    zero_first = ZeroFirst(60)
    assert zero_first.apply(SUBMITTED, {A: 40, B: 1}, frozenset({A}), 0) == {A: 40, B: 0}
    assert zero_first.born(SUBMITTED, A) is None
    assert zero_first.born(SUBMITTED, B) == 0


def test_shown_series_that_comes_back_does_not_fall() -> None:
    """A series that was away is shown as it is, because it was never at 0 for its readers."""
    zero_first, shown = ZeroFirst(60), frozenset({A})
    zero_first.apply(SUBMITTED, {A: 40}, shown, 0)
    zero_first.apply(SUBMITTED, {}, shown, 1)
    assert zero_first.apply(SUBMITTED, {A: 41}, shown, 2) == {A: 41}


def test_series_of_a_ledger_that_was_lost_begin_again() -> None:
    """When nothing is noted any more every series is new, with a new time of birth."""
    zero_first = ZeroFirst(60)
    zero_first.apply(SUBMITTED, {A: 40}, NONE, 0)
    zero_first.served(0)
    zero_first.apply(SUBMITTED, {A: 40}, frozenset({A}), 60)
    assert zero_first.apply(SUBMITTED, {A: 1}, NONE, 100) == {A: 0}
    assert zero_first.ripe(1000) == []
    assert zero_first.born(SUBMITTED, A) == 100


def test_held_series_that_leaves_starts_again() -> None:
    """A zero that went away before the hold was over has to be taken anew."""
    zero_first = ZeroFirst(60)
    zero_first.apply(SUBMITTED, {A: 40}, NONE, 0)
    zero_first.served(0)
    zero_first.apply(SUBMITTED, {}, NONE, 1)
    assert zero_first.ripe(100) == []
    assert zero_first.apply(SUBMITTED, {A: 40}, NONE, 100) == {A: 0}
    assert zero_first.ripe(1000) == []
    assert zero_first.born(SUBMITTED, A) == 100


def test_only_served_families_ripen() -> None:
    """A scrape of some families says nothing of the others, of which histograms are held whole."""
    zero_first = ZeroFirst(0)
    waits = {A[:4]: Observations((1, *([0] * 15)), Decimal("0.5"))}
    zero_first.apply(SUBMITTED, {A: 40}, NONE, 0)
    held = zero_first.apply(DELIVERY, waits, NONE, 0)
    assert held == {A[:4]: Observations((0,) * 16, Decimal(0))}
    zero_first.served(0, {SUBMITTED.name: {A: 0}})
    assert zero_first.ripe(1) == [(SUBMITTED, A)]


def test_clock_set_back_does_not_hold_for_ever() -> None:
    """After the clock jumped back a day the hold runs from then on."""
    zero_first = ZeroFirst(60)
    zero_first.apply(SUBMITTED, {A: 40}, NONE, 86_400)
    zero_first.served(86_400)
    assert zero_first.ripe(10) == []
    assert zero_first.ripe(69) == []
    assert zero_first.ripe(70) == [(SUBMITTED, A)]


SERIES: tuple[Labels, ...] = tuple(("main", "sms", "RU", name, "Shop") for name in "abcd")
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("grow"), st.sampled_from(SERIES), st.integers(0, 50)),
        st.tuples(st.just("wait"), st.integers(0, 45)),
        st.tuples(st.sampled_from(("scrape", "look", "note", "crash"))),
    ),
    max_size=60,
)


class _Play:
    """A process that counts, a ledger that notes, and what a Prometheus makes of the scrapes."""

    def __init__(self, hold: float) -> None:
        self.hold = hold
        self.zero_first = ZeroFirst(hold)
        self.now = 0.0
        self.totals: dict[Labels, int] = {}
        self.noted: set[Labels] = set()
        self.last: dict[Labels, Any] = {}
        self.increase: dict[Labels, Any] = {}

    def look(self) -> dict[Labels, Any]:
        shown = frozenset(self.noted)
        return dict(self.zero_first.apply(SUBMITTED, dict(self.totals), shown, self.now))

    def grow(self, labels: Labels, number: int) -> None:
        self.totals[labels] = self.totals.get(labels, 0) + number

    def wait(self, seconds: float) -> None:
        self.now += seconds

    def scrape(self) -> None:
        for labels, value in self.look().items():
            before = self.last.setdefault(labels, value)
            assert labels in self.increase or value == 0
            assert value >= before
            self.increase[labels] = self.increase.get(labels, 0) + value - before
            self.last[labels] = value
        self.zero_first.served(self.now)

    def note(self) -> None:
        self.noted.update(labels for _, labels in self.zero_first.ripe(self.now))

    def crash(self) -> None:
        self.zero_first = ZeroFirst(self.hold)


@given(steps=STEPS, hold=st.sampled_from([0, 30, 60]))
def test_readers_see_every_increment_and_no_fall(steps: list[tuple[Any, ...]], hold: int) -> None:
    """Whatever happens, crashes included: each series starts at 0, no value falls, and in the end
    the increases are all increments."""
    play = _Play(hold)
    for step, *details in steps:
        getattr(play, step)(*details)
    play.scrape()
    play.wait(hold)
    play.note()
    play.scrape()
    assert play.last == play.totals == play.increase
