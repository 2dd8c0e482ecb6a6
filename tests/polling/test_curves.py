"""Time-to-final curves: what they learn from looks, and what they say of pending messages."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from exporter.polling.curves import Curves, Looks
from exporter.polling.curves.groups import MOST_GROUPS
from exporter.polling.curves.survival import Survival
from exporter.polling.curves.table import BINS, EDGES, HALF_LIFE, OLDEST, VALIDITY, LifeTable
from tests.polling.looked_at import HOUR, START, World, survival


Floats = NDArray[np.float64]

AGES = np.array([2, 4, 7, 10, 15, 30, 60, 300, 1000, 3600, 10_000.0])

hazards = arrays(np.float64, (1, BINS), elements=st.floats(0, 1e4) | st.floats(0, 1e-3))
ages = arrays(np.float64, 20, elements=st.floats(-100, 2 * OLDEST) | st.floats(0, 600))
any_ages = arrays(np.float64, 20, elements=st.floats(allow_nan=False))


def chances(curve: Survival, since: Floats, until: Floats) -> tuple[Floats, Floats]:
    return curve.chances(np.zeros(since.size, np.intp), since, until)


def looks(sent: Floats, until: Floats, *, final: bool, group: int = 0) -> Looks:
    return Looks(
        groups=np.full(sent.size, group),
        sent=sent,
        seen=sent,
        until=until,
        final=np.full(sent.size, final),
    )


def lasting(curves: Curves, seconds: float, count: int, now: float, group: int = 0) -> None:
    """Show messages that took about so many seconds."""
    sent = np.full(count, now - 1000)
    until = sent + seconds * np.linspace(0.5, 1.5, count)
    curves.learn(looks(sent, until, final=True, group=group), now)


@given(hazards, any_ages, any_ages)
def test_chances_keep_their_bounds(hazard: Floats, since: Floats, until: Floats) -> None:
    """Whatever the ages, P is a probability and nothing has waited longer than since the look."""
    final, accrued = chances(Survival(hazard), since, until)
    assert np.all((final >= 0) & (final <= 1))
    elapsed = np.maximum(until.clip(0, OLDEST) - since.clip(0, OLDEST), 0)
    assert np.all((accrued >= 0) & (accrued <= elapsed))


def test_bounds_hold_where_bins_meet() -> None:
    """Rounding errors on either side of an edge don't show."""
    hazard = np.random.default_rng(1).lognormal(-3, 3, (1, BINS))
    for since, until in ((np.nextafter(EDGES, 0), EDGES), (EDGES, np.nextafter(EDGES, OLDEST))):
        final, accrued = chances(Survival(hazard), since, until)
        assert np.all(final >= 0)
        assert np.all((accrued >= 0) & (accrued <= until - since))


@given(hazards, ages, ages)
def test_nothing_happens_in_no_time(hazard: Floats, since: Floats, until: Floats) -> None:
    """At the age of the look before, and before it, nothing has become final."""
    final, accrued = chances(Survival(hazard), since, np.minimum(since, until))
    assert not final.any()
    assert not accrued.any()


@given(hazards, ages, ages)
def test_chances_rise_with_age(hazard: Floats, since: Floats, until: Floats) -> None:
    """The longer ago the last look, the likelier and the longer a final status waits."""
    curve = Survival(hazard)
    since = np.full_like(since, since[0])
    final, accrued = chances(curve, since, np.sort(until))
    assert np.all(np.diff(final) >= 0)
    assert np.all(np.diff(accrued) >= -1e-6)


@given(hazards, ages, ages, ages)
def test_a_look_in_between_changes_nothing(hazard: Floats, a: Floats, b: Floats, c: Floats) -> None:
    """Chances over a stretch follow from those over its two parts."""
    curve = Survival(hazard)
    first, middle, last = np.sort(np.stack([a, b, c]).clip(0, OLDEST), axis=0)
    early, late = chances(curve, first, middle), chances(curve, middle, last)
    final, accrued = chances(curve, first, last)
    assert final == pytest.approx(1 - (1 - early[0]) * (1 - late[0]), abs=1e-9)
    parts = early[1] + early[0] * (last - middle) + (1 - early[0]) * late[1]
    assert accrued == pytest.approx(parts, abs=1e-5)


@given(hazards, ages, ages)
def test_waiting_is_the_sum_of_chances(hazard: Floats, a: Floats, b: Floats) -> None:
    """The expected waiting is the integral of P over the time since the look."""
    curve = Survival(hazard)
    since, until = np.sort([a[0], b[0]]).clip(0, OLDEST)
    steps = np.unique(np.concatenate([EDGES.clip(since, until), np.linspace(since, until, 5000)]))
    final, accrued = chances(curve, np.full(steps.size, steps[0]), steps)
    widths = np.diff(steps)
    assert accrued[-1] >= (final[:-1] * widths).sum() - 1e-5
    assert accrued[-1] <= (final[1:] * widths).sum() + 1e-5


def test_a_known_mixture_is_recovered() -> None:
    """From looks at odd times, most at pending messages, the share pending at any age is learnt."""
    curves = Curves()
    World(4000, 36).show(curves, 0, 36 * HOUR)
    learnt = 1 - curves.chances_at(AGES).final
    assert learnt == pytest.approx(survival(AGES), rel=0.1)
    expiring = curves.chances_at(np.array([VALIDITY - 60, VALIDITY + 90])).final
    assert (1 - expiring[1]) / (1 - expiring[0]) < 0.1


@given(st.integers(0, 2**32), st.floats(0, 1))
def test_looking_twice_teaches_the_same(seed: int, place: float) -> None:
    """A message seen pending in between counts as if it had been seen at the end only."""
    random = np.random.default_rng(seed)
    groups, died = random.integers(0, 3, 50), random.random(50) < 0.5
    since = random.random(50) * 10 ** random.integers(0, 6, 50)
    until = since + random.random(50) * 10 ** random.integers(0, 6, 50)
    middle = since + place * (until - since)
    once, twice = LifeTable(), LifeTable()
    once.add(groups, since, until, died, START)
    twice.add(groups, since, middle, np.zeros(50, bool), START)
    twice.add(groups, middle, until, died, START)
    assert twice.exposure == pytest.approx(once.exposure, abs=1e-6)
    assert np.array_equal(twice.deaths, once.deaths)


@given(ages.map(np.abs), ages.map(np.abs))
def test_only_the_time_between_looks_is_at_risk(since: Floats, seconds: Floats) -> None:
    """Every second between two looks counts once, in the bin of its age, and none before."""
    table = LifeTable()
    until = since + seconds
    table.add(np.full(20, 2), since, until, np.zeros(20, bool), START)
    at_risk = until.clip(0, OLDEST) - since.clip(0, OLDEST)
    assert table.exposure.sum() == pytest.approx(at_risk.sum(), abs=1e-6)
    outside = (EDGES[1:] <= since.min()) | (EDGES[:-1] >= until.max())
    assert table.exposure[:, outside] == pytest.approx(0, abs=1e-6)
    assert not table.exposure[[0, 1, 3]].any()


def test_a_message_first_seen_late_says_nothing_of_its_youth() -> None:
    """Looks at stragglers alone leave the chances of young messages as they were."""
    young, old = np.array([60.0]), np.array([4000.0])
    curves, before = Curves(), Curves()
    sent = np.full(500, START - 3600)
    late = Looks(
        groups=np.zeros(500, int),
        sent=sent,
        seen=sent + 1800,
        until=np.full(500, START),
        final=np.zeros(500, bool),
    )
    curves.learn(late, START)
    assert curves.chances_at(young).final == before.chances_at(young).final
    assert curves.chances_at(old).final < before.chances_at(old).final


def test_what_has_no_usable_time_teaches_nothing() -> None:
    """Messages scheduled for later, and ends at an unknown time, are left out."""
    curves = Curves()
    sent = np.full(300, START)
    curves.learn(looks(sent, sent - 600, final=True), START - 600)
    curves.learn(looks(sent, np.full(300, np.nan), final=True), START + 600)
    assert np.array_equal(curves.chances_at(AGES), Curves().chances_at(AGES))


def test_ends_at_an_unknown_time_are_no_trouble() -> None:
    """An operator whose messages end without a time is not one whose messages don't end."""
    curves = Curves()
    group = curves.group("sms", "mts")
    lasting(curves, 7, 1000, START, group)
    sent = np.full(300, START)
    curves.learn(looks(sent, np.full(300, np.nan), final=True, group=group), START + 120)
    assert curves.speed(group) == 1
    curves.learn(looks(sent, sent + 120, final=False, group=group), START + 120)
    assert curves.speed(group) < 1


def test_weights_halve() -> None:
    """What was seen twelve hours ago counts half, also when the clock was set back since."""
    table = LifeTable()
    nobody = np.zeros(0)
    table.add(np.zeros(1, int), np.zeros(1), np.array([100.0]), np.ones(1, bool), START)
    table.add(np.zeros(0, int), nobody, nobody, np.zeros(0, bool), START + HALF_LIFE)
    assert table.deaths.sum() == pytest.approx(0.5)
    assert table.exposure.sum() == pytest.approx(50)
    table.add(np.zeros(0, int), nobody, nobody, np.zeros(0, bool), START)
    assert table.deaths.sum() == pytest.approx(0.5)


def test_the_past_is_forgotten() -> None:
    """Two days after messages became slow the curve is that of slow messages."""
    curves = Curves()
    lasting(curves, 5, 1000, START)
    for hour in range(48):
        lasting(curves, 500, 100, START + hour * HOUR)
    assert curves.chances_at(np.array([100.0])).final < 0.2


def test_at_first_the_end_of_validity_is_expected() -> None:
    """Before anything is learnt, what is pending at 24 h is worth a look soon after."""
    curves = Curves()
    sent = np.zeros(2)
    final, _ = curves.chances(np.zeros(2, int), sent, sent + VALIDITY - 60, VALIDITY + 240)
    assert final.min() > 0.9


def test_an_unknown_operator_is_like_its_channel() -> None:
    """Nothing is known of it, so its channel's messages say what to expect."""
    curves = Curves()
    sms, email = curves.group("sms", "mts"), curves.group("email")
    lasting(curves, 5, 1000, START, sms)
    lasting(curves, 500, 1000, START, email)
    at = np.array([60.0])
    unknown = curves.chances_at(at, curves.group("sms", "tele2")).final
    assert unknown == pytest.approx(curves.chances_at(at, curves.group("sms")).final)
    assert unknown > 0.9
    assert curves.chances_at(at, email).final < 0.1


def test_an_operator_becomes_itself_with_what_is_seen_of_it() -> None:
    """From its channel's curve to its own, step by step."""
    curves = Curves()
    lasting(curves, 5, 5000, START, curves.group("sms", "fast"))
    slow = curves.group("sms", "slow")
    early = []
    for count in (2, 50, 400, 0):
        early.append(float(curves.chances_at(np.array([60.0]), slow).final[0]))
        lasting(curves, 500, count, START, slow)
    assert early == sorted(early, reverse=True)
    assert early[1] > 0.9
    assert early[-1] < 0.1


def test_whoever_comes_late_counts_with_the_channel() -> None:
    """The book is bounded; what finds no place in it is learnt and told with the group above."""
    curves = Curves()
    numbers = {curves.group("sms", f"operator {k}") for k in range(100)}
    assert numbers == set(range(1, MOST_GROUPS))
    late = curves.group("sms", "operator 99")
    assert late == curves.group("sms")
    assert curves.group("email") == 0
    assert curves.group("sms", "operator 3") == 5


def test_many_messages_are_told_like_few() -> None:
    """However many are asked about at once, each gets what it would get alone."""
    curves = Curves()
    World(3000, 3, ((0.6, 7.0), (0.4, 90.0))).show(curves, 0, 3 * HOUR)
    random = np.random.default_rng(1)
    groups = random.integers(0, 4, 40_000).astype(np.int16)
    sent = START - random.random(40_000) * VALIDITY
    seen = sent + random.random(40_000) * (START - sent)
    together = curves.chances(groups, sent, seen, START)
    for k in range(0, 40_000, 1999):
        one = slice(k, k + 1)
        alone = curves.chances(groups[one], sent[one], seen[one], START)
        assert (together.final[k], together.accrued[k]) == (alone.final[0], alone.accrued[0])
