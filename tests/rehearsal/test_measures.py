from collections import Counter

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.ledger.snapshot import Total
from exporter.rehearsal.chronicle import Chronicle
from exporter.rehearsal.foreign import Foreign
from exporter.rehearsal.measures import AccountCourse, length_for, matured_at, span_of, summary
from exporter.rehearsal.policies import POLICIES
from exporter.rehearsal.scenario import HOUR, START, Stop
from exporter.rehearsal.sightings import Sight, Sightings
from exporter.rehearsal.stage import Performance, rehearse
from exporter.simulation.faults import Fault, FaultKind
from exporter.simulation.limits import Limits
from exporter.simulation.spec import Latency, Operator, WorldSpec
from exporter.simulation.world import World
from tests.rehearsal.plays import TROUBLED, scenario


GRACE = 30.0
DEADLINE = 300.0
HARD: dict[str, object] = {
    "faults": (
        Fault(kind=FaultKind.HTTP_502, probability=0.1),
        Fault(kind=FaultKind.DUPLICATE_ROWS, probability=0.2),
    ),
    "stops": (Stop(at=0.7 * HOUR, down=400.0), Stop(at=1.2 * HOUR, crash=False)),
}


def counted(done: Performance, family: Total, *labels: str) -> int:
    """A total of the ledger over all series that carry these labels."""
    values = done.totals.totals.get(family, {}).items()
    return sum(int(value) for found, value in values if set(labels) <= set(found))


def matured(account: AccountCourse) -> int:
    """How many messages the chronicle says have matured at the first deadline."""
    sent = account.sightings.chronicle.times("sent")
    return int(np.isfinite(matured_at(account, sent + DEADLINE, GRACE)).sum())


@pytest.mark.parametrize(("hours", "policy"), [(0.6, "plain"), (0.85, "newest"), (1.5, "plain")])
def test_the_ledger_counts_what_the_chronicle_saw(hours: float, policy: str) -> None:
    """At any moment, and through crashes and faults, both know of as many messages."""
    done = rehearse(scenario(TROUBLED, hours=hours, **HARD), POLICIES[policy])
    (account,) = done.accounts
    chronicle = account.sightings.chronicle
    assert counted(done, Total.SUBMITTED) == np.isfinite(chronicle.times("seen")).sum()
    assert counted(done, Total.FINAL) == np.isfinite(chronicle.times("known")).sum()
    assert counted(done, Total.MATURED, "5m") == matured(account)
    assert matured(account) > 50


def test_nothing_is_learnt_before_it_happens() -> None:
    """Sights come after what they show, and a final status is not known before the row."""
    (account,) = rehearse(scenario(TROUBLED, hours=0.8), POLICIES["plain"]).accounts
    chronicle = account.sightings.chronicle
    sent, seen, known = (chronicle.times(name) for name in ("sent", "seen", "known"))
    assert (known >= chronicle.times("final")).all()
    assert (known >= seen).all()
    on_time = matured_at(account, sent + DEADLINE, GRACE)
    by_status = np.isfinite(known) & (chronicle.times("final") > sent + DEADLINE)
    assert (on_time[~by_status] >= sent[~by_status] + DEADLINE + GRACE).all()


def course(chronicle: Chronicle, *pages: tuple[float, float]) -> AccountCourse:
    """An account of which pages, asked for and known at these times, were read."""
    sightings = Sightings(chronicle)
    for started, now in pages:
        sightings.sights.append(
            Sight(
                started=started, now=now, channel="sms", kind="", reason="", rows=0, new=0, finals=0
            )
        )
    return AccountCourse(
        name="main",
        channels=("sms",),
        sightings=sightings,
        admitted=0,
        refused=0,
        foreign=Foreign(),
    )


def test_a_final_status_after_the_deadline_matures_at_once() -> None:
    """It shows what was at the deadline; an earlier one waits for a page after the grace."""
    slow = Latency(fast_median=300.0, fast_sigma=0.03, slow_share=0, absent_share=0)
    operator = Operator(name="МТС", mccmnc="25001", share=1, latency=slow)
    spec = WorldSpec(
        per_hour=600, operators=(operator,), begins=START, ends=START + 600, queued_share=0
    )
    chronicle = Chronicle(World(spec, 1), ("sms",), since=START, ripe_after=DEADLINE + GRACE)
    chronicle.extend(START + HOUR)
    sent, final = chronicle.times("sent"), chronicle.times("final")
    for place, moment in enumerate(final):
        chronicle.note(chronicle.ids[[place]], np.ones(1, bool), moment, moment + 1)
    last = sent.max() + DEADLINE + GRACE
    found = matured_at(course(chronicle, (last, last + 1)), sent + DEADLINE, GRACE)
    after = (final > sent + DEADLINE) & (final < sent + DEADLINE + GRACE)
    before = final <= sent + DEADLINE
    assert after.sum() > 10
    assert before.sum() > 10
    assert found[after].tolist() == (final[after] + 1).tolist()
    assert found[before].tolist() == [last + 1] * int(before.sum())


def test_a_span_leaves_out_what_could_not_be_judged() -> None:
    """Two days are judged as the traces are; short rehearsals in proportion."""
    assert span_of(48) == (START + HOUR, START + 42 * HOUR, 6 * HOUR)
    assert span_of(2) == (START + 0.5 * HOUR, START + 1.5 * HOUR, 0.5 * HOUR)
    assert span_of(2).holds(np.array([START, START + HOUR, START + 5400])).tolist() == [0, 1, 0]


@given(st.floats(0.1, 500))
def test_a_length_is_found_for_what_is_to_be_judged(judged: float) -> None:
    """As much is judged as was asked for."""
    span = span_of(length_for(judged))
    assert span.end - span.start == pytest.approx(judged * HOUR)


def test_delays_are_summed_up() -> None:
    """What never came counts in the mean as the cap, in the quantiles as never."""
    found = summary(np.array([np.inf, *range(1, 100)]), cap=50.0)
    assert (found.count, found.share, found.p50, found.p95, found.p99) == (100, 0.99, 50, 95, 99)
    assert found.mean == pytest.approx((sum(range(1, 50)) + 51 * 50) / 100)
    never = summary(np.array([np.inf]), cap=50.0)
    assert (never.share, never.mean, never.p50) == (0.0, 50.0, np.inf)
    assert summary(np.empty(0), cap=50.0).share == 1.0


def test_measures_tell_of_calls_by_kind() -> None:
    """Pages by kind and calls admitted fit the account's hour."""
    done = rehearse(scenario(TROUBLED, hours=2, limits=Limits(requests=9)), POLICIES["plain"])
    found = done.measures()
    kinds = Counter(sight.kind for sight in done.accounts[0].sightings.sights)
    assert found.calls == {kind: count / 2 for kind, count in sorted(kinds.items())}
    assert sum(found.calls.values()) == pytest.approx(found.calls_per_hour, abs=1)
    assert found.refused > 0
    assert found.calls_per_hour <= 9 * 2 / 2 + 0.5


def test_accounts_are_measured_alone_and_together() -> None:
    """Counts of two accounts add up."""
    one = scenario(WorldSpec(per_hour=200, begins=START), hours=1)
    sender = one.senders[0]
    senders = (sender, msgspec.structs.replace(sender, name="other", seed=9))
    done = rehearse(msgspec.structs.replace(one, senders=senders), POLICIES["newest"])
    alone = [done.measures_of(name).knowledge.count for name in ("main", "other")]
    assert alone[0] != alone[1]
    assert done.measures().knowledge.count == sum(alone)
