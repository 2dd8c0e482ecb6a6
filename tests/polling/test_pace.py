"""How fast permits may be spent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.polling.pace import even_spacing, first_free


NOW = 1_700_000_000.0
HOUR = 3600.0

spent = st.lists(st.floats(NOW + 0.001, NOW + HOUR), max_size=40).map(sorted)


def test_an_unspent_budget_is_spread_over_the_window() -> None:
    """With nothing spent yet the calls come at equal distances."""
    assert even_spacing([], 30, HOUR, NOW) == 120


def test_after_a_burst_the_rest_lasts_until_the_burst_returns() -> None:
    """Twenty permits spent at once leave ten for an hour."""
    assert even_spacing([NOW + HOUR] * 20, 30, HOUR, NOW) == pytest.approx(HOUR / 11)


@given(spent, st.integers(1, 40))
def test_calls_at_this_spacing_never_run_dry(free_at: list[float], limit: int) -> None:
    """Each call of an even series finds a permit."""
    spacing = even_spacing(free_at, limit, HOUR, NOW)
    counting = list(free_at)
    for number in range(1, 2 * limit):
        now = NOW + number * spacing
        counting = [at for at in counting if at > now + 1e-6]
        assert len(counting) < limit
        counting.append(now + HOUR)


@given(spent, st.integers(1, 40))
def test_the_first_free_permit_is_found(free_at: list[float], limit: int) -> None:
    """From that moment on fewer permits count than are allowed, not before."""
    at = first_free(free_at, limit, NOW)
    assert sum(each > at for each in free_at) < limit
    assert at == NOW or sum(each >= at for each in free_at) >= limit
