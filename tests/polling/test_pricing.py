"""How often the newest rows are read, and what other calls must be worth."""

from math import inf

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from exporter.polling.pricing import (
    LEAST_PRICE,
    LEAST_RATE,
    LONGEST_CHAIN,
    RARELY,
    STRETCH,
    Demand,
    Load,
    Pace,
    has_room,
    pace,
)


HOUR = 3600.0
NOW = 1_700_000_000.0
RATES = st.floats(0, 40_000 / HOUR) | st.sampled_from([0.0, 1e-9, 1000.0])


def load(per_second: float, *, last: float | None = None, pending: float = 0.05) -> Load:
    """A stream of an even rate, of whose messages so large a share is always pending."""
    return Load(per_second, per_second if last is None else last, per_second, lambda _: pending)


def paced(*rates: float, limit: int = 29, side: int = 0, reserve: float = 1.0) -> Pace:
    loads = {str(n): load(rate) for n, rate in enumerate(rates)}
    return pace(loads, limit, HOUR, side=side, reserve=reserve, lookup=500)


def calls(found: Pace) -> float:
    """Calls an hour that head pages take; a chain is one page and those below it."""
    return sum(found.chains[name] * HOUR / period for name, period in found.periods.items())


@st.composite
def loads(draw: st.DrawFn) -> dict[str, Load]:
    """One stream or two, in any state."""
    curves = st.floats(0, 1).map(lambda share: lambda _: share)
    return {
        name: Load(draw(RATES), draw(RATES), draw(RATES), draw(curves))
        for name in draw(st.sampled_from([("sms",), ("sms", "email")]))
    }


@given(
    loads(), st.integers(1, 60), st.integers(0, 60), st.floats(0, 10), st.sampled_from([0, 25, 500])
)
def test_every_pace_can_be_kept(
    streams: dict[str, Load], limit: int, side: int, reserve: float, lookup: int
) -> None:
    """Whatever the streams: positive periods in their order, a price, and chains of pages."""
    found = pace(streams, limit, HOUR, side=side, reserve=reserve, lookup=lookup)
    assert found.price >= LEAST_PRICE
    assert found.saturation >= 0
    for name in streams:
        assert 0 < found.periods[name] <= found.stretched[name] <= STRETCH * found.periods[name]
        assert 0 < found.covering[name] < inf
        assert 1 <= found.chains[name] <= LONGEST_CHAIN


@given(st.lists(RATES, min_size=1, max_size=2), st.integers(2, 60))
def test_head_pages_that_can_show_all_fit_into_the_permits(rates: list[float], limit: int) -> None:
    """Unless rows are missed anyway, newest pages alone never ask for more than there is."""
    found = paced(*rates, limit=limit)
    pages = sum(rate * HOUR / 880 for rate in rates)
    rare = HOUR / RARELY * (len(rates) - 1)
    assume(pages + rare <= limit - 1 and max(found.chains.values()) == 1)
    assert calls(found) <= limit + 1e-6


@given(st.floats(0.01, 3), st.floats(0.01, 3))
def test_streams_are_read_for_equal_worth(one: float, other: float) -> None:
    """A page of either ends as much waiting: periods go by the square root of the rates."""
    found = paced(one, other)
    free = [min(found.covering[name], RARELY) - found.periods[name] for name in found.periods]
    assume(max(found.chains.values()) == 1 and min(free) > 0)
    first, second = found.periods.values()
    assert one * first**2 == pytest.approx(other * second**2)
    assert calls(found) == pytest.approx(28)


@given(st.floats(LEAST_RATE, 4), st.floats(1, 3))
def test_a_busier_stream_asks_a_higher_price(rate: float, factor: float) -> None:
    """Its newest pages are worth more, as long as they show everything."""
    assume(max(paced(rate * factor).chains.values()) == 1)
    assert paced(rate * factor).price >= paced(rate).price * (1 - 1e-9)


@given(st.integers(0, 20))
def test_other_calls_slow_newest_pages_down(side: int) -> None:
    """What others took in the last hour is missing."""
    assert paced(0.3, side=side + 1).periods["0"] > paced(0.3, side=side).periods["0"]


def test_chains_grow_with_the_rate() -> None:
    """Page by page while there is room, and chains when overlapping pages no longer fit."""
    chains = [paced(per_hour / HOUR).chains["0"] for per_hour in range(1000, 40_001, 1000)]
    assert chains[0] == 1
    assert chains[-1] == LONGEST_CHAIN
    assert chains == sorted(chains)


@pytest.mark.parametrize(("usual", "chained"), [(17_000, True), (3_000, False)])
def test_chains_begin_while_traffic_climbs_and_not_in_a_burst(
    usual: float, *, chained: bool
) -> None:
    """A rate not far above the mean of hours is there to stay; one far above is soon over."""
    climbing = Load(26_000 / HOUR, 26_000 / HOUR, usual / HOUR, lambda _: 0.15)
    found = pace({"sms": climbing}, 29, HOUR, side=0, reserve=1.0, lookup=500)
    assert (found.chains["sms"] > 1) == chained


@pytest.mark.parametrize(("per_hour", "missed"), [(20_000, False), (27_000, False), (30_000, True)])
def test_saturation_says_when_rows_are_missed(per_hour: float, *, missed: bool) -> None:
    """Above 1 exactly when all the permits can't show every row once."""
    assert (paced(per_hour / HOUR).saturation > 1) == missed


@pytest.mark.parametrize("limit", [2, 3, 4, 8, 29])
@pytest.mark.parametrize("streams", [1, 2])
def test_quiet_streams_leave_room_for_other_calls(limit: int, streams: int) -> None:
    """What must be read for nothing to be missed takes half the permits at most."""
    found = paced(*[20 / HOUR] * streams, limit=limit)
    assert sum(HOUR / period for period in found.covering.values()) <= max(1, limit / 2)


@st.composite
def demanded(draw: st.DrawFn) -> Demand:
    return Demand(
        NOW - draw(st.integers(0, 4000)), draw(st.integers(60, 4000)), draw(st.integers(1, 3))
    )


@given(
    st.lists(st.integers(1, 3599), max_size=30),
    st.lists(demanded(), min_size=1, max_size=3),
    st.integers(1, 40),
)
def test_room_is_what_a_rolling_window_says(
    ago: list[int], demands: list[Demand], limit: int
) -> None:
    """A call fits exactly if every demanded one finds its permit up to the end of the hour."""
    spent = sorted(NOW - each for each in ago)
    assert has_room(spent, demands, limit, HOUR, NOW) == _plays_out(spent, demands, limit)


def _plays_out(spent: list[float], demands: list[Demand], limit: int) -> bool:
    """Second by second, with every call made when it is due."""
    made = [*spent, NOW]
    due = [max(NOW, demand.last + demand.period) for demand in demands]
    for second in range(int(HOUR) + 1):
        now = NOW + second
        for place, demand in enumerate(demands):
            if due[place] <= now:
                made += [now] * demand.calls
                due[place] += demand.period
                if sum(at > now - HOUR for at in made) > limit:
                    return False
    return True
