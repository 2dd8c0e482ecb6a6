"""The past is counted as a live exporter would have, up to the moment from which one does."""

from collections import Counter
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from exporter.gateway import codes
from exporter.gateway.message import Message
from exporter.history.course import Course
from exporter.ledger.labels import LabelLimits
from exporter.ledger.snapshot import Distribution, Labels, Observations, Total
from tests.crash.oracle import Amounts, Oracle
from tests.history.past import (
    CALM,
    DAY,
    MANNER,
    T0,
    amounts_at_the_end,
    book,
    late_look,
    moscow,
    played,
    world_of,
    written,
)


SPAN = 2 * DAY
"""Seconds in which the world sends."""
LATE = T0 + 10 * DAY
"""When the history is looked at: everything is long over."""
WORLD = msgspec.structs.replace(CALM, ends=T0 + SPAN)
LABELS = ("main", "sms", "RU", "mts", "SHOP")


def expected(baseline: float, seed: int) -> Amounts:
    """What a live exporter counts from a baseline on, by the gateway's truth."""
    oracle = Oracle(
        account="main",
        baselines={"sms": baseline, "email": baseline},
        deadlines=tuple(zip(MANNER.deadlines.names, MANNER.deadlines.seconds, strict=True)),
        until=LATE,
    )
    return oracle.totals(world_of(WORLD, seed).truth(T0, T0 + SPAN))


@settings(max_examples=6, phases=(Phase.explicit, Phase.generate))
@given(seed=st.integers(1, 9), into=st.floats(600, SPAN + DAY))
def test_what_is_filled_and_what_is_counted_live_are_the_whole(seed: int, into: float) -> None:
    """Wherever the baseline lies: nothing is in both, and nothing is in neither."""
    world, baseline = world_of(WORLD, seed), T0 + into
    courses = [
        played(late_look(world, stream, LATE), int(baseline), step=600)
        for stream in ("sms", "email")
    ]
    with TemporaryDirectory() as folder:
        filled = amounts_at_the_end(written(Path(folder), *courses))
    live, whole = expected(baseline, seed), expected(T0 - 1, seed)
    assert Counter(filled) + Counter(live) == Counter(whole)


def message(sent: int, **known: object) -> Message:
    return msgspec.structs.replace(
        Message(
            int_id=f"{sent}",
            status=1,
            send_time=sent,
            country="RU",
            operator="mts",
            sender="SHOP",
            segments=2,
            cost=Decimal("4.90"),
        ),
        **known,
    )


def value(course: Course, family: Total | Distribution, *more: str, at: int) -> object:
    """What a series says in the sample at a time, None if it is not shown yet."""
    labels: Labels = (*LABELS, *more)
    if isinstance(family, Distribution) or family == Total.MATURED_COST:
        labels = (*LABELS[:4], *more)
    if family is Distribution.FINAL:
        labels = (*LABELS[:3], *more)
    if (family, labels) not in course.series():
        return None
    number = (at - course.grid.start) // course.grid.step
    found = [p.value for p in course.points((family, labels)) if p.number <= number]
    return found[-1] if found else None


def test_a_late_delivery_is_told_step_by_step() -> None:
    """Each number rises with the first sample after what it tells of."""
    sent, delivered = moscow("2026-03-02T12:00:10"), moscow("2026-03-02T12:08:30")
    course = played([message(sent, status_time=delivered)], T0 + 2 * DAY)
    rises: dict[tuple[Total, *tuple[str, ...]], str] = {
        (Total.SUBMITTED,): "12:01:00",
        (Total.SEGMENTS,): "12:01:00",
        (Total.COST, "RUB"): "12:01:00",
        (Total.MATURED, "5m", "pending"): "12:06:00",
        (Total.FINAL, "1"): "12:09:00",
        (Total.MATURED, "1h", "delivered"): "13:01:00",
    }
    for (family, *more), time in rises.items():
        at = moscow(f"2026-03-02T{time}")
        assert value(course, family, *more, at=at - 60) == 0
        assert value(course, family, *more, at=at) == {
            Total.SEGMENTS: 2,
            Total.COST: 4.9,
        }.get(family, 1)
    took = value(course, Distribution.DELIVERY, at=moscow("2026-03-02T12:09:00"))
    assert isinstance(took, Observations)
    assert (took.counts[8], took.counts[9], float(took.sum)) == (0, 1, 500)
    next_day = moscow("2026-03-03T12:01:00")
    assert value(course, Total.MATURED_COST, "RUB", "delivered", at=next_day - 60) == 0
    assert value(course, Total.MATURED_COST, "RUB", "delivered", at=next_day) == 4.9


def test_every_other_series_of_a_label_set_stays_at_zero() -> None:
    """What could have happened and did not is shown as 0, as it is live."""
    sent = T0 + 1000
    course = played([message(sent, status_time=sent + 5)], T0 + 2 * DAY)
    for outcome in codes.OUTCOMES:
        for deadline in MANNER.deadlines.names:
            found = value(course, Total.MATURED, deadline, outcome, at=T0 + 2 * DAY)
            assert found == (1 if outcome == "delivered" else 0)
    families = {family for family, _ in course.series()}
    assert Total.COST_REFUNDED not in families
    assert Distribution.DISCOVERY not in families
    assert Total.CHANGES not in families


def test_a_click_tells_no_time_of_delivery() -> None:
    """A clicked message was delivered at some time before: it is measured in no histogram."""
    sent = T0 + 1000
    course = played([message(sent, status=4, status_time=sent + 900)], T0 + 2 * DAY)
    at = T0 + 2 * DAY
    assert value(course, Total.FINAL, "4", at=at) == 1
    assert value(course, Total.MATURED, "5m", "pending", at=at) == 1
    assert value(course, Total.MATURED, "1h", "delivered", at=at) == 1
    measured = value(course, Distribution.DELIVERY, at=at)
    assert isinstance(measured, Observations)
    assert sum(measured.counts) == 0
    assert value(course, Distribution.FINAL, "delivered", at=at) is None


@pytest.mark.parametrize(
    ("status", "outcome", "final"), [(22, "invalid_number", 1), (-2, "cancelled", None)]
)
def test_a_status_without_a_time_holds_from_the_start(
    status: int, outcome: str, final: int | None
) -> None:
    """Refusals come at once; none is taken for pending because its time is missing."""
    course = played([message(T0 + 1000, status=status, err=0)], T0 + 2 * DAY)
    at = T0 + 2 * DAY
    assert value(course, Total.MATURED, "5m", outcome, at=at) == 1
    assert value(course, Total.FINAL, str(status), at=at) == final
    assert (Distribution.FINAL, (*LABELS[:3], outcome)) not in course.series()


def test_what_happens_after_the_end_is_left_to_the_live_exporter() -> None:
    """Sent before the baseline, final and mature after it: only the sending is told of."""
    end = T0 + 3600
    course = played([message(end - 200, status_time=end + 1)], end)
    assert value(course, Total.SUBMITTED, at=end) == 1
    assert value(course, Total.FINAL, "1", at=end) is None
    assert value(course, Total.MATURED, "5m", "pending", at=end) == 0


def test_a_deadline_that_passed_just_before_the_end_is_told_of() -> None:
    """Its grace ends later: live it counts as passed before the baseline, so it must be here."""
    end = T0 + 3600
    course = played([message(end - 310, status_time=end + 5)], end)
    assert value(course, Total.MATURED, "5m", "pending", at=end) == 1


def test_live_label_sets_keep_their_names() -> None:
    """A value that is counted as itself live is so in the past; others take what room is left."""
    labels = book(LabelLimits(max_senders=2))
    labels.resolve(message(T0, sender="LIVE"))
    sent = [("OLD", 1), ("LIVE", 2), ("OLDER", 3), ("OLD", 4)]
    messages = [
        message(T0 + n, int_id=f"{n}", sender=sender, status_time=T0 + 9) for sender, n in sent
    ]
    course = played(messages, T0 + DAY, labels=labels)
    senders = {labels[4]: value for labels, value in _last(course, Total.SUBMITTED).items()}
    assert senders == {"LIVE": 1, "OLD": 2, "other": 1}


def _last(course: Course, family: Total) -> dict[Labels, object]:
    mine = (series for series in course.series() if series[0] is family)
    return {series[1]: [*course.points(series)][-1].value for series in mine}


def test_regions_begin_with_all_their_series() -> None:
    """With labels.region a place is shown with every outcome it can have."""
    manner = msgspec.structs.replace(MANNER, regions=True)
    labels = book(LabelLimits(region=True))
    course = played(
        [message(T0 + 10, region="Тверь", status_time=T0 + 20)],
        T0 + DAY,
        manner=manner,
        labels=labels,
    )
    found = {labels[4]: value for labels, value in _last(course, Total.REGION_MATURED).items()}
    assert found == {"delivered": 1, "not_delivered": 0, "pending": 0}


_TIMES = st.integers(0, 2 * DAY)
_MESSAGES = st.lists(
    st.tuples(_TIMES, st.sampled_from([1, 20, 3, 0, -2]), st.integers(0, 90_000)), max_size=6
)


@given(_MESSAGES, st.sampled_from([60, 300, 97]))
def test_every_sample_tells_what_had_happened_by_then(
    drawn: list[tuple[int, int, int]], step: int
) -> None:
    """A plain recount of each moment comes to what the samples say."""
    end = T0 + 2 * DAY
    messages = [
        message(T0 + sent, int_id=f"{n}", status=status, status_time=T0 + sent + took)
        for n, (sent, status, took) in enumerate(sorted(drawn))
    ]
    course = played(messages, end, step=step)
    for number in {*range(0, course.grid.last, 293), course.grid.last}:
        at = course.grid.time(number)
        counted = _recount(messages, at if at < end else end + 31, end)
        shown = {
            series: found
            for series in course.series()
            if series[0] in (Total.SUBMITTED, Total.FINAL, Total.MATURED)
            and (found := _at(course, series, number))
        }
        assert shown == counted


def _at(course: Course, series: tuple[Total | Distribution, Labels], number: int) -> object:
    found = [point.value for point in course.points(series) if point.number <= number]
    return found[-1] if found else 0


def _recount(messages: list[Message], now: int, end: int) -> dict[object, int]:
    """What happened before ``now``, counted message by message."""
    found: Counter[object] = Counter()
    for m in messages:
        assert m.status_time is not None
        ended = m.status_time if m.status_time <= end else now + DAY
        found[Total.SUBMITTED, LABELS] += m.send_time < now
        if codes.is_final(m.status):
            found[Total.FINAL, (*LABELS, str(m.status))] += ended < now
        for seconds, name in zip(MANNER.deadlines.seconds, MANNER.deadlines.names, strict=True):
            passed = m.send_time + seconds
            if passed > end:
                continue
            late = codes.is_final(m.status) and passed < ended
            known = ended < now if late and ended < passed + 30 else passed + 30 < now
            changed = ended <= passed or (ended <= passed + 30 and m.status == -2)
            outcome = codes.outcome(m.status) if changed else "pending"
            found[Total.MATURED, (*LABELS, name, outcome)] += known
    return {series: count for series, count in found.items() if count}
