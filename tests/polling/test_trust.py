"""What lookups teach about lookups."""

import hypothesis.strategies as st
from hypothesis import given

from exporter.polling.trust import LENGTHEN, LONGEST, REST, SHORTEST, TELLING, Trust


NOW = 1_700_000_000.0


def test_a_refused_list_is_halved() -> None:
    """Error 1 for a long list says nothing against a shorter one."""
    trust = Trust()
    trust.refused(400, NOW)
    assert trust.length(NOW) == 200


def test_lookups_rest_when_even_short_lists_are_refused() -> None:
    """The gateway doesn't know them; a day later they are tried again."""
    trust = Trust()
    while trust.length(NOW):
        trust.refused(trust.length(NOW), NOW)
    assert trust.length(NOW + REST - 1) == 0
    assert trust.length(NOW + REST) == LONGEST


def test_a_list_cut_by_the_gateway_is_noticed() -> None:
    """Many messages of it don't come back."""
    trust = Trust()
    trust.answered(400, expected=380, found=100, foreign=0, now=NOW)
    assert trust.length(NOW) == 200


def test_few_missing_messages_tell_nothing() -> None:
    """Rows vanish for other reasons, too."""
    trust = Trust()
    trust.answered(400, expected=380, found=300, foreign=0, now=NOW)
    trust.answered(30, expected=TELLING - 1, found=0, foreign=0, now=NOW)
    assert trust.length(NOW) == LONGEST


def test_rows_of_other_numbers_end_lookups() -> None:
    """The gateway ignores the list: an answer is a page like any other."""
    trust = Trust()
    trust.answered(400, expected=380, found=380, foreign=1, now=NOW)
    assert trust.length(NOW) == 0


def test_a_longer_list_is_tried_again_after_many_good_ones() -> None:
    """One bad answer is not for ever."""
    trust = Trust(longest=100)
    for _ in range(LENGTHEN):
        trust.answered(100, expected=90, found=90, foreign=0, now=NOW)
    assert trust.length(NOW) == 200


@given(events=st.lists(st.tuples(st.booleans(), st.integers(0, 500), st.integers(0, 500))))
def test_the_list_keeps_within_its_bounds(events: list[tuple[bool, int, int]]) -> None:
    """Whatever happens, it is either off or neither too short nor too long."""
    trust, now = Trust(), NOW
    for refused, expected, found in events:
        now += REST / 3
        if not (length := trust.length(now)):
            continue
        assert SHORTEST <= length <= LONGEST
        if refused:
            trust.refused(length, now)
        else:
            trust.answered(length, expected, min(found, expected), 0, now)
