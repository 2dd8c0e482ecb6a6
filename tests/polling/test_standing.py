"""How an account stands after errors: pure rules."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.gateway.errors import (
    AddressBlocked,
    BadParameters,
    ConnectionFailed,
    GatewayError,
    OverLimit,
    RefusedLogin,
    TooManyAtOnce,
    UnreadableAnswer,
)
from exporter.ledger.accounts import Memory
from exporter.polling import standing


NOW = 1_700_000_000.0
MINUTE = 60.0


def after(errors: list[GatewayError], *, mark: int = 1, memory: Memory | None = None) -> Memory:
    """The account after errors that follow one another as fast as the pauses allow."""
    memory = memory or Memory()
    now = NOW
    for error in errors:
        memory = standing.after_error(memory, error, now, mark=mark, random=Random(1))
        now = memory.not_before
    return memory


def pauses(error: GatewayError, count: int) -> list[float]:
    return [after([error] * n).pause / MINUTE for n in range(1, count + 1)]


def test_a_refused_login_waits_ten_then_thirty_minutes() -> None:
    """Wrong credentials are tried again rarely, for five failures block the address."""
    assert pauses(RefusedLogin(2), 4) == [10, 30, 30, 30]


def test_a_lost_answer_does_not_lift_a_refusal() -> None:
    """A call that gets no answer after a refusal may well have been refused again."""
    memory = after([RefusedLogin(2), ConnectionFailed("x"), UnreadableAnswer("x")])
    assert (memory.state, memory.pause) == ("refused", 30 * MINUTE)
    assert after([RefusedLogin(2), OverLimit(9)]).state == "limited"


def test_a_blocked_address_waits_longer_than_the_block() -> None:
    """A block of half an hour is waited out each time."""
    assert pauses(AddressBlocked(4), 3) == [31, 31, 31]


@pytest.mark.parametrize("error", [OverLimit(9), TooManyAtOnce(9)])
def test_over_the_limit_waits_a_minute_doubling_to_a_limit(error: GatewayError) -> None:
    """Error 9 is never answered by calling again at once."""
    assert pauses(error, 7) == [1, 2, 4, 8, 16, 16, 16]


@pytest.mark.parametrize("error", [ConnectionFailed("x"), UnreadableAnswer("x"), BadParameters(1)])
def test_other_faults_back_off_exponentially(error: GatewayError) -> None:
    """Trouble on the way starts at half a minute and ends at a quarter of an hour."""
    assert pauses(error, 7) == [0.5, 1, 2, 4, 8, 15, 15]


@given(st.integers())
def test_faults_on_the_way_are_waited_out_with_jitter(seed: int) -> None:
    """Many exporters that lose their way together don't come back together."""
    memory = standing.after_error(Memory(), ConnectionFailed("x"), NOW, mark=1, random=Random(seed))
    assert 0.8 * 30 <= memory.not_before - NOW <= 1.2 * 30
    again = standing.after_error(
        Memory(), ConnectionFailed("x"), NOW, mark=1, random=Random(seed + 1)
    )
    assert memory.not_before != again.not_before


def test_a_success_ends_every_pause() -> None:
    """After a page the next failure starts from the shortest pause."""
    memory = standing.after_success(after([OverLimit(9)] * 4))
    assert (memory.state, memory.not_before, memory.pause) == ("ok", 0, 0)
    assert after([OverLimit(9)], memory=memory).pause == MINUTE


def test_other_credentials_end_a_refusal_but_no_other_pause() -> None:
    """New credentials are tried at once; they don't cure a block or an overspent budget."""
    refused, blocked = after([RefusedLogin(2)] * 2), after([AddressBlocked(4)])
    assert standing.with_credentials(refused, 1) == refused
    assert standing.with_credentials(refused, 2).not_before == 0
    assert standing.with_credentials(blocked, 2) == blocked


def test_error_9_lowers_the_limit_to_what_was_spent() -> None:
    """The refused call is one more than the others left: it may be tried again when one returns."""
    memory = standing.with_lower_limit(Memory(), NOW, 20)
    assert standing.limit_now(memory, 30, NOW) == 20
    later = standing.with_lower_limit(memory, NOW + 301, 15)
    assert standing.limit_now(later, 30, NOW + 301) == 15


def test_the_limit_is_lowered_once_in_five_minutes() -> None:
    """A burst of refusals counts as one."""
    memory = standing.with_lower_limit(Memory(), NOW, 20)
    assert standing.with_lower_limit(memory, NOW + 200, 10) == memory


def test_the_limit_comes_back_step_by_step() -> None:
    """One call an hour is regained each twenty minutes, up to the configured limit."""
    memory = standing.with_lower_limit(Memory(), NOW, 20)
    regained = [standing.limit_now(memory, 30, NOW + 1200 * n) for n in (0, 1, 2, 11, 100)]
    assert regained == [20, 21, 22, 30, 30]


@given(
    st.lists(st.tuples(st.floats(0, 10_000), st.integers(0, 60)), max_size=20),
    st.integers(1, 100),
)
def test_the_limit_stays_within_one_and_the_configured(
    events: list[tuple[float, int]], requests: int
) -> None:
    """However often error 9 comes, some calls are left, and never more than configured."""
    memory, now = Memory(), NOW
    for wait, spent in events:
        now += wait
        memory = standing.with_lower_limit(memory, now, spent)
        assert 1 <= standing.limit_now(memory, requests, now) <= requests


def test_only_an_overspent_hour_teaches() -> None:
    """Too many calls at once say nothing of the hour."""
    assert standing.teaches(OverLimit(9))
    assert not standing.teaches(TooManyAtOnce(9))
    assert not standing.teaches(RefusedLogin(2))
