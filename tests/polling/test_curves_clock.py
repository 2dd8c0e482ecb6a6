"""Operators in trouble: their messages wait, and teach nothing of the usual."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from exporter.polling.curves import Curves, Looks
from exporter.polling.curves.clock import LATE, MEMORY, PATIENCE, SLOWEST, OperatorClock
from exporter.polling.curves.groups import MOST_GROUPS
from exporter.polling.curves.table import VALIDITY
from tests.polling.looked_at import HOUR, START, Outage, World, survival


Floats = NDArray[np.float64]

AGES = np.array([5, 15, 30, 60, 300, 1000, 3600.0])
SHARES = ((0.5, 7.0), (0.3, 7.0), (0.2, 7.0))
MINE = 5
"""A group."""


def told(group: int, count: float) -> Floats:
    counts = np.zeros(MOST_GROUPS)
    counts[group] = count
    return counts


def clock_after(speeds: list[float], *, expected: float = 100.0) -> OperatorClock:
    """A clock that was told each 120 s, the last time at `START`, of such shares of deaths."""
    clock = OperatorClock()
    for k, speed in enumerate(speeds, start=1 - len(speeds)):
        clock.judge(told(MINE, expected), told(MINE, expected * speed), START + 120 * k)
    return clock


def ages(clock: OperatorClock, sent: float, seen: float, now: float) -> tuple[float, float]:
    first, last = clock.ages(np.array([MINE]), np.array([sent]), np.array([seen]), now)
    return float(first[0]), float(last[0])


def test_messages_of_a_silent_operator_hardly_age() -> None:
    """Once it is known to be silent, an hour is a few minutes; others' clocks go on."""
    clock = clock_after([1.0] * 5 + [0.0] * 30)
    first, last = ages(clock, START - 3000, START - 1800, START)
    assert 0 < first < 0.1 * 1200
    assert 0 < last < 0.1 * 3000
    other, _ = clock.ages(np.array([MINE + 1]), np.array([START - 3000]), np.array([START]), START)
    assert other[0] == 3000


def test_waiting_messages_are_young_when_it_recovers() -> None:
    """After the recovery they age with the clock on the wall, and start from where they were."""
    clock = clock_after([1.0] * 5 + [0.0] * 30 + [1.0] * 5)
    _, before = ages(clock, START - 3600, START - 3600, START)
    _, after = ages(clock, START - 3600, START - 3600, START + 60)
    assert clock.speeds[MINE] == 1
    assert before < 0.3 * 3600
    assert after - before == pytest.approx(60)


def test_a_recovery_shows_within_minutes() -> None:
    """However long the outage was, its clock is right again soon."""
    for silent in (5, 30, 150):
        assert clock_after([1.0] * 5 + [0.0] * silent).speeds[MINE] < 0.02
        assert clock_after([1.0] * 5 + [0.0] * silent + [1.0] * 3).speeds[MINE] == 1


def test_only_trouble_takes_time() -> None:
    """Before trouble and between two troubles messages age as ever."""
    clock = clock_after([1.0] * 5 + [0.0] * 5 + [1.0] * 50 + [0.0] * 5)
    begin, between = START - 120 * 64, START - 120 * 50
    assert ages(clock, begin, begin, begin + 400) == pytest.approx((0, 400))
    assert ages(clock, between, between + 600, between + 4000) == pytest.approx((600, 4000))


def test_the_end_of_validity_does_not_wait() -> None:
    """Near 24 h ages are plain, whatever was lost."""
    clock = clock_after([0.0] * 100)
    sent = START - LATE - 1
    assert ages(clock, sent, sent + 7200, START) == (7200, LATE + 1)


def test_a_few_late_messages_are_no_trouble() -> None:
    """At low volume a single missing death says nothing; a third of the deaths missing is usual."""
    assert clock_after([0.0], expected=1.0).speeds[MINE] == 1
    assert clock_after([0.75] * 30).speeds[MINE] == 1
    assert clock_after([0.5] * 30).speeds[MINE] == pytest.approx(0.5, abs=0.05)


def test_trouble_for_good_is_the_usual() -> None:
    """After hours of the same slowness the clock goes at full speed again, and stays so."""
    looks = int(PATIENCE / 120)
    assert clock_after([0.5] * looks).speeds[MINE] < 1
    assert clock_after([0.5] * (looks + 2)).speeds[MINE] == 1
    assert clock_after([0.5] * (2 * looks)).speeds[MINE] == 1


def test_losses_are_forgotten_after_a_day() -> None:
    """What can touch no message any more is not kept."""
    clock = clock_after([0.0] * 10)
    nothing = np.zeros(MOST_GROUPS)
    clock.judge(nothing, nothing, START + 3600)
    assert clock.losses
    clock.judge(nothing, nothing, START + 26 * 3600)
    assert not clock.losses


def test_many_changes_of_speed_stay_few_points() -> None:
    """A day of steady trouble is a handful of points."""
    clock = clock_after([0.4, 0.2, 0.1] + [0.0] * 170)
    assert len(clock.losses[MINE]) < 10


def test_changes_of_old_are_not_kept() -> None:
    """An operator that comes and goes for days leaves the points of a day or so."""
    clock = clock_after(([0.0] * 10 + [1.0] * 10) * 110)
    times = [at for at, _ in clock.losses[MINE]]
    assert START - MEMORY - 3600 < times[0] < START - MEMORY


@given(
    st.lists(st.tuples(st.floats(1, 2000), st.floats(0, 50), st.floats(0, 50)), max_size=40),
    st.lists(st.floats(0, LATE - 1), min_size=3, max_size=3),
)
def test_operational_ages_are_ages(
    judged: list[tuple[float, float, float]], moments: list[float]
) -> None:
    """They never exceed plain ages, never run backwards, and never stand still."""
    clock, now = OperatorClock(), START
    for seconds, expected, died in judged:
        now += seconds
        clock.judge(told(MINE, expected), told(MINE, died), now)
    sent, seen, later = sorted(now - each for each in moments)
    first, last = ages(clock, sent, seen, later)
    tolerance = 1e-3
    assert SLOWEST * (seen - sent) - tolerance <= first <= seen - sent + tolerance
    assert SLOWEST * (later - seen) - tolerance <= last - first <= later - seen + tolerance


def looks(sent: float, seen: float, until: float, count: int, *, final: bool = False) -> Looks:
    """So many looks at messages of one operator, the first group of the second level."""
    return Looks(
        groups=np.full(count, 2),
        sent=np.full(count, sent),
        seen=np.full(count, seen),
        until=np.full(count, until),
        final=np.full(count, final),
    )


def curves_after_trouble(seconds: float) -> Curves:
    """Curves that know an operator which was silent for so long since `START`."""
    curves = Curves()
    assert curves.group("sms", "mts") == 2
    for k in range(1, 1000):
        took = 7 * (k / (1000 - k)) ** 0.5
        curves.learn(looks(START - 600, START - 600, START - 600 + took, 1, final=True), START)
    for now in np.arange(START, START + seconds, 120):
        curves.learn(looks(now - 100, now - 100, now, 200), now)
    for now in np.arange(START + seconds, START + seconds + 600, 60):
        curves.learn(looks(now - 100, now - 100, now - 90, 200, final=True), now)
    return curves


def likely(curves: Curves, since: float, until: float) -> float:
    """P of an untouched message of the operator."""
    sent = np.array([START + 90 * HOUR])
    return float(curves.chances(np.array([2]), sent, sent + since, sent[0] + until).final[0])


def test_brief_trouble_does_not_silence_old_messages() -> None:
    """Minutes lost are little of a long life: it teaches. Hours are not."""
    after = {}
    for minutes in (6, 150):
        curves = curves_after_trouble(60 * minutes)
        now = START + 15 * HOUR
        curves.learn(looks(START - 600, START + 4 * HOUR, now, 300), now)
        after[minutes] = likely(curves, 5 * HOUR, 14 * HOUR)
    assert after[6] < 0.5 * after[150]


def test_trouble_long_ago_does_not_hide_the_end_of_validity() -> None:
    """What waited through an outage still teaches what happens at 24 h, and that only."""
    curves = curves_after_trouble(150 * 60)
    end = START - 600 + VALIDITY
    curves.learn(looks(START - 600, START + 4 * HOUR, START + 4 * HOUR, 0), end + 200)
    middle = likely(curves, 5 * HOUR, 20 * HOUR)
    expired = likely(curves, VALIDITY - 60, VALIDITY + 180)
    curves.learn(looks(START - 600, START + 4 * HOUR, end + 200, 300), end + 200)
    assert likely(curves, 5 * HOUR, 20 * HOUR) == pytest.approx(middle)
    assert likely(curves, VALIDITY - 60, VALIDITY + 180) < 0.2 < expired


@pytest.mark.parametrize(("per_hour", "drains"), [(4000, 60.0), (4000, 900.0), (15_000, 300.0)])
def test_an_outage_leaves_the_curve_as_it_was(per_hour: float, drains: float) -> None:
    """An hour without deaths and the burst after it change little of what is known."""
    world = World(per_hour, 12, SHARES, outage=Outage(1, 8 * HOUR, HOUR, drains))
    curves = Curves()
    world.show(curves, 0, 8 * HOUR)
    group = curves.group("sms", "operator 1")
    before = 1 - curves.chances_at(AGES, group).final
    speeds = {}
    world.show(
        curves, 8 * HOUR, 12 * HOUR, after=lambda at: speeds.update({at: curves.speed(group)})
    )
    after = 1 - curves.chances_at(AGES, group).final
    assert after == pytest.approx(before, rel=0.15)
    recovered = 9 * HOUR + drains + 600
    assert max(speed for at, speed in speeds.items() if 8.25 * HOUR < at < 9 * HOUR) < 0.2
    assert min(speed for at, speed in speeds.items() if at > recovered) == 1


def test_rows_of_an_outage_are_not_asked_for() -> None:
    """While an operator is silent, its messages are worth little beside others' of the same age."""
    world = World(4000, 10, SHARES, outage=Outage(1, 8 * HOUR, 2 * HOUR, 60.0))
    curves = Curves()
    world.show(curves, 0, 9 * HOUR)
    now = START + 9 * HOUR
    groups = np.array([curves.group("sms", f"operator {k}") for k in (0, 1)])
    sent = np.full(2, now - 900)
    usual, silent = curves.chances(groups, sent, sent + 300, now).accrued
    assert silent < 0.05 * usual


def test_a_slow_operator_is_learnt_and_in_no_trouble() -> None:
    """One that has always been slower than the rest has a curve of its own."""
    curves = Curves()
    group = curves.group("sms", "operator 1")
    speeds: list[float] = []
    World(4000, 12, ((0.8, 7.0), (0.2, 120.0))).show(
        curves, 0, 12 * HOUR, after=lambda _: speeds.append(curves.speed(group))
    )
    learnt = 1 - curves.chances_at(AGES, group).final
    assert learnt == pytest.approx(survival(AGES, 120.0), rel=0.2)
    assert min(speeds) == 1
