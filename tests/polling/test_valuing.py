"""What the planner that weighs calls asks for next."""

from collections.abc import Callable, Iterator
from datetime import date
from itertools import pairwise
from random import Random
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from exporter.gateway.message import Message, Page, Personal
from exporter.gateway.request import HistoryRequest
from exporter.ledger.records import StreamView
from exporter.ledger.waiting import BUCKET, Known, Waiting
from exporter.polling.backlog import DRAIN_HEAD
from exporter.polling.mind import Maturing
from exporter.polling.past import TRIED
from exporter.polling.planner import AccountView, Ask, Wait
from exporter.polling.trust import LONGEST, REST
from exporter.polling.valuing import ValuingPlanner
from tests.polling.views import HOUR, NOW, after, gap, stream, view


DAY = 24 * HOUR
DEADLINES = (Maturing(310.0, 0.5), Maturing(3610.0, 0.1))
MOSCOW = ZoneInfo("Europe/Moscow")
PHONE = 79_000_000_000
Answer = Callable[[Ask, float], tuple[Page | None, frozenset[str]]]


def pending(
    number: int, age: float, *, read: float | None = None, anchored: bool = True, phone: bool = True
) -> Waiting:
    """A message sent ``age`` seconds ago and last read when it was ``read`` seconds old."""
    return Waiting(
        int_id=str(number),
        send_time=int(NOW - age),
        read_at=NOW - age + (5.0 if read is None else read),
        channel="sms",
        operator="mts",
        after_id=f"above{number}" if anchored else None,
        phone=str(PHONE + number) if phone else None,
    )


def traffic(per_hour: float, hours: float) -> tuple[tuple[int, int], ...]:
    """An even stream of rows up to the present."""
    last = int(NOW) // BUCKET
    buckets = range(last - int(hours * HOUR) // BUCKET, last)
    rate = per_hour * BUCKET / HOUR
    rows = [(each, int(n * rate + rate) - int(n * rate)) for n, each in enumerate(buckets)]
    return tuple((each, count) for each, count in rows if count)


def planner_of(
    *waiting: Waiting,
    per_hour: float = 0.0,
    hours: float = 6.0,
    channels: tuple[str, ...] = ("sms",),
    learnt: str | None = None,
    lookups: bool = True,
) -> ValuingPlanner:
    """A planner that begins with these messages pending; other channels are empty."""
    planner = ValuingPlanner(channels, DEADLINES, MOSCOW, NOW, lookups=lookups)
    known = dict.fromkeys(channels, Known())
    ordered = tuple(sorted(waiting, key=lambda each: each.send_time))
    known[channels[0]] = Known(
        waiting=ordered, rows=traffic(per_hour, hours), head_started=NOW - 100
    )
    planner.begin(known, learnt, NOW)
    return planner


def nothing(ask: Ask, now: float) -> tuple[Page | None, frozenset[str]]:
    """A gateway that shows nothing."""
    del ask, now
    return Page(), frozenset()


def lively(ask: Ask, now: float) -> tuple[Page | None, frozenset[str]]:
    """A gateway whose newest page shows fifty messages of the last two minutes, all delivered."""
    if ask.kind != "head":
        return nothing(ask, now)
    sent = [int(now - 2 * n) for n in range(50)]
    rows = tuple(
        Message(int_id=str(10 * each), status=1, send_time=each, status_time=each) for each in sent
    )
    return Page(messages=rows, rows=len(rows)), frozenset(row.int_id for row in rows)


def refusing_lookups(ask: Ask, now: float) -> tuple[Page | None, frozenset[str]]:
    """A gateway that answers error 1 to any list."""
    return (None, frozenset()) if ask.request.phones else nothing(ask, now)


def lives(
    planner: ValuingPlanner, seen: AccountView, until: float, answer: Answer = nothing
) -> Iterator[tuple[float, Ask]]:
    """Follow the planner for a while; the streams' gaps stay as they are."""
    while seen.now < until:
        decision = planner.decide(seen)
        assert planner.decide(seen) == decision
        if isinstance(decision, Wait):
            assert decision.until > seen.now
            free_at = tuple(at for at in seen.free_at if at > decision.until)
            seen = msgspec.structs.replace(seen, now=decision.until, free_at=free_at)
            continue
        assert len(seen.free_at) < seen.limit
        yield seen.now, decision
        page, new = answer(decision, seen.now)
        planner.answered(decision, page, seen.now, seen.now, new)
        seen = msgspec.structs.replace(
            seen,
            free_at=(*seen.free_at, seen.now + seen.window),
            last_call=seen.now,
            streams=tuple(after(each, decision, seen.now) for each in seen.streams),
        )


def kinds(made: list[tuple[float, Ask]]) -> list[str]:
    return [ask.kind for _, ask in made]


def test_the_newest_page_comes_first() -> None:
    """A stream that was never read is read before anything else."""
    planner = planner_of(channels=("sms", "email"))
    seen = view(stream(gaps=(gap(1),)), stream("email", head_started=None))
    assert planner.decide(seen) == Ask(
        channel="email", kind="head", request=HistoryRequest(format=8), reason="first"
    )


def test_an_empty_budget_waits_for_the_first_permit() -> None:
    """When all is spent there is nothing to do until a permit returns."""
    spent = tuple(NOW + 60 * n for n in range(1, 30))
    assert planner_of().decide(view(free_at=spent)) == Wait(until=NOW + 60, reason="budget")


def test_a_quiet_stream_gets_nothing_but_newest_pages() -> None:
    """With nothing to read again the permits go to evenly spaced newest pages."""
    made = list(lives(planner_of(per_hour=20), view(stream()), NOW + 3 * HOUR))
    assert set(kinds(made)) == {"head"}
    assert len(made) > 0.9 * 3 * 28
    gaps = [later - earlier for (earlier, _), (later, _) in pairwise(made)]
    assert max(gaps) < 1.2 * min(gaps)


def test_a_burst_is_read_newest_first_with_newest_pages_in_between() -> None:
    """All permits go to its pages, but the newest page is not forgotten."""
    burst = gap(1), gap(2)
    planner = planner_of(per_hour=10_000)
    seen = view(stream(gaps=tuple(reversed(burst))))
    made = list(lives(planner, seen, NOW + HOUR))
    first = next(ask for _, ask in made if ask.kind == "window")
    assert (first.reason, first.request.prev_id) == ("backlog", "gap1")
    heads = [NOW - 100, *(at for at, ask in made if ask.kind == "head"), NOW + HOUR]
    assert max(later - earlier for earlier, later in pairwise(heads)) <= DRAIN_HEAD + 1


@pytest.mark.parametrize(("per_hour", "first"), [(25_000, "gap1"), (40_000, "gap2")])
def test_in_overload_no_page_is_spent_on_half_a_page_of_rows(per_hour: float, first: str) -> None:
    """The newest gap comes first, unless not all can be read and an older one fills pages."""
    short = msgspec.structs.replace(gap(1), upper_time=gap(1).lower_time + 60)
    planner = planner_of(per_hour=per_hour)
    made = lives(planner, view(stream(gaps=(gap(2), short))), NOW + HOUR)
    assert next(ask.request.prev_id for _, ask in made if ask.kind == "window") == first


def test_overdue_messages_of_a_silent_operator_are_read() -> None:
    """Past their deadline they are asked for although nothing says that they became final."""
    silent = [pending(n, age=400 + n, read=200) for n in range(200)]
    planner = planner_of(*silent, per_hour=8000)
    made = list(lives(planner, view(stream()), NOW + 1800))
    assert {"lookup", "window"} & set(kinds(made))


@pytest.mark.parametrize("lookups", [True, False])
def test_pending_messages_are_read_by_the_means_at_hand(*, lookups: bool) -> None:
    """By number where numbers are known, by windows else."""
    old = [pending(n, age=5 * HOUR + 40 * n, read=600, phone=lookups) for n in range(300)]
    planner = planner_of(*old, per_hour=2000)
    made = list(lives(planner, view(stream()), NOW + HOUR))
    assert ("lookup" if lookups else "window") in kinds(made)
    assert ("lookup" in kinds(made)) == lookups


def test_a_lookup_names_one_day_in_the_gateways_time() -> None:
    """Days begin at midnight in Moscow, and only messages of that day are asked for."""
    old = [pending(n, age=15 * HOUR + n, read=600, anchored=False) for n in range(300)]
    planner = planner_of(*old, per_hour=2000, hours=20)
    made = lives(planner, view(stream()), NOW + HOUR)
    asked = next(ask.request for _, ask in made if ask.kind == "lookup")
    assert asked.start == date(2023, 11, 14)
    assert asked.end in {date(2023, 11, 14), date(2023, 11, 15)}
    assert len(set(asked.phones)) == len(asked.phones) <= LONGEST


def test_a_lookup_that_is_refused_ends_lookups_and_nothing_else() -> None:
    """Each refusal halves the list until lookups rest; windows and newest pages go on."""
    old = [pending(n, age=5 * HOUR + 40 * n, read=600) for n in range(600)]
    planner = planner_of(*old, per_hour=2000, hours=24)
    made = list(lives(planner, view(stream()), NOW + 4 * HOUR, refusing_lookups))
    lengths = [len(ask.request.phones) for _, ask in made if ask.kind == "lookup"]
    assert 1 <= len(lengths) <= 5
    assert all(later <= earlier / 2 for earlier, later in pairwise(lengths))
    last = [ask.kind for at, ask in made if at > NOW + 2 * HOUR]
    assert {"head", "window"} == set(last)


def test_an_anchor_that_taught_nothing_rests() -> None:
    """What the gateway can't show is not asked for again and again, but not given up either."""
    old = [pending(n, age=5 * HOUR + n, read=600, phone=False) for n in range(3)]
    planner = planner_of(*old, per_hour=2000)
    made = list(lives(planner, view(stream()), NOW + 12 * HOUR, nothing))
    tried: dict[str | None, float] = {}
    for at, ask in made:
        if ask.kind == "window":
            assert at - tried.get(ask.request.prev_id, 0.0) >= TRIED
            tried[ask.request.prev_id] = at
    assert tried


def test_a_lonely_message_is_read_more_than_once() -> None:
    """The only anchor there is rests for a while, not for good."""
    planner = planner_of(pending(1, age=5 * HOUR, read=600, phone=False), per_hour=2000)
    made = list(lives(planner, view(stream()), NOW + 20 * HOUR))
    windows = [at for at, ask in made if ask.kind == "window"]
    assert len(windows) > 2


def test_a_small_gap_is_read_even_with_few_permits() -> None:
    """However small the budget is, newest pages leave a permit for what was missed."""
    for limit in (2, 3, 4, 6):
        planner = planner_of(per_hour=200)
        made = lives(planner, view(stream(gaps=(gap(1),)), limit=limit), NOW + 6 * HOUR)
        assert any(ask.request.prev_id == "gap1" for _, ask in made), limit


def test_no_stream_waits_for_another_ones_backlog() -> None:
    """While one stream's burst is read, the other's newest page has its turns too."""
    planner = planner_of(per_hour=30_000, channels=("sms", "email"), hours=1)
    many = tuple(gap(n) for n in range(1, 6))
    seen = view(stream(gaps=many), stream("email"), limit=20)
    made = list(lives(planner, seen, NOW + 6 * HOUR))
    for channel in ("sms", "email"):
        heads = [at for at, ask in made if (ask.kind, ask.channel) == ("head", channel)]
        moments = [NOW, *heads, NOW + 6 * HOUR]
        assert max(later - earlier for earlier, later in pairwise(moments)) < 2 * DRAIN_HEAD


def test_what_was_learnt_survives_a_restart() -> None:
    """Curves and what lookups taught are the same after `learnt` and `begin`."""
    old = [pending(n, age=5 * HOUR + 40 * n, read=600) for n in range(40)]
    planner = planner_of(*old, per_hour=2000, hours=24)
    list(lives(planner, view(stream()), NOW + 4 * HOUR, refusing_lookups))
    learnt = planner.learnt()
    assert learnt is not None
    again = planner_of(learnt=learnt)
    assert again.notes == planner.notes
    assert again.notes.trust.off_until > NOW
    assert again.learnt() == learnt


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["notes", "curves", "trust", "x"]), inner, max_size=4)
    ),
    max_leaves=10,
)


@given(st.text(max_size=20) | JSON.map(lambda value: msgspec.json.encode(value).decode()))
@example('{"notes": {"trust": {"longest": -5, "off_until": 1e300}, "late": -1e9}}')
@example('{"notes": {"trust": {"longest": 100000000}, "settled": -500.0}}')
@example('{"notes": {"burst_at": 1e300, "late": 1e300}}')
@settings(max_examples=60, deadline=None)
def test_garbage_from_the_ledger_is_survived(learnt: str) -> None:
    """Whatever stands where a planner left its notes, it begins and decides."""
    old = [pending(n, age=5 * HOUR + 40 * n, read=600) for n in range(50)]
    planner = planner_of(*old, per_hour=2000, learnt=learnt)
    made = list(lives(planner, view(stream(gaps=(gap(1),))), NOW + HOUR))
    assert "head" in kinds(made)
    assert all(len(ask.request.phones) <= LONGEST for _, ask in made)


@pytest.mark.parametrize(
    ("back", "restarted"), [(30.0, False), (DAY, False), (HOUR, True), (400 * DAY, True)]
)
def test_a_clock_set_back_stops_nothing_for_long(*, back: float, restarted: bool) -> None:
    """After whatever jump, newest pages come at their pace, and windows and lookups come again."""
    now = NOW - back
    old = [
        msgspec.structs.replace(each, send_time=each.send_time - int(back), read_at=NOW + HOUR - 60)
        for each in (pending(n, age=5 * HOUR + 40 * n, anchored=False) for n in range(300))
    ]
    shifted = msgspec.structs.replace(
        gap(1), upper_time=gap(1).upper_time - int(back), lower_time=gap(1).lower_time - int(back)
    )
    planner = planner_of(*old, per_hour=2000)
    list(lives(planner, view(stream(gaps=(shifted,))), NOW + HOUR))
    planner.notes.trust.off_until = NOW + HOUR + REST
    if restarted:
        learnt = planner.learnt()
        planner = ValuingPlanner(["sms"], DEADLINES, MOSCOW, now)
        rows = tuple((bucket - int(back) // BUCKET, count) for bucket, count in traffic(2000, 6))
        begins = Known(waiting=tuple(old[::-1]), rows=rows, head_started=NOW + HOUR)
        planner.begin({"sms": begins}, learnt, now)
    seen = view(stream(gaps=(shifted,), head_started=NOW + HOUR), now=now)
    made = list(lives(planner, seen, now + REST + 2 * HOUR, lively))
    heads = [now, *(at for at, ask in made if ask.kind == "head")]
    assert max(later - earlier for earlier, later in pairwise(heads)) < 1000
    assert any(ask.request.prev_id == "gap1" for at, ask in made if at < now + 2 * TRIED)
    assert "lookup" in kinds(made)


def _row(each: Waiting, *, final: bool = False) -> Message:
    return Message(
        int_id=each.int_id,
        status=int(final),
        send_time=each.send_time,
        status_time=each.send_time + 7,
        operator=each.operator,
        phone=Personal(each.phone) if each.phone else None,
    )


@st.composite
def streams(draw: st.DrawFn, channel: str) -> StreamView:
    """Any stream, in whatever state polling may find it."""
    flags = st.booleans()
    settles = st.none() | st.floats(NOW - HOUR, NOW + HOUR)
    numbers = draw(st.lists(st.integers(0, 50), unique=True, max_size=6))
    gaps = tuple(gap(n, announced=draw(flags), settles=draw(settles)) for n in numbers)
    if draw(flags):
        gaps += (gap(99, baseline=True),)
    started = draw(st.none() | st.floats(NOW - 10_000, NOW + 10_000))
    return stream(channel, gaps=gaps, head_started=started, synced=draw(flags))


@st.composite
def known(draw: st.DrawFn) -> Known:
    """Any pending messages and traffic."""
    random = Random(draw(st.integers(0, 1000)))
    longest = draw(st.sampled_from([600.0, 6 * HOUR, 3 * DAY]))
    count = draw(st.sampled_from([0, 1, 5, 100]))
    ages = sorted((random.uniform(-600, longest) for _ in range(count)), reverse=True)
    waiting = [
        pending(
            n,
            age,
            read=random.uniform(-10, longest),
            anchored=random.random() < 0.7,
            phone=random.random() < 0.8,
        )
        for n, age in enumerate(ages)
    ]
    rate = draw(st.sampled_from([0, 5, 1000, 20_000, 40_000]))
    return Known(
        waiting=tuple(waiting),
        rows=traffic(rate, draw(st.sampled_from([0.1, 1.0]))),
        head_started=draw(st.none() | st.floats(NOW - DAY, NOW + DAY)),
    )


@st.composite
def views(draw: st.DrawFn) -> AccountView:
    """Any account view."""
    limit = draw(st.integers(5, 60))
    spent = sorted(draw(st.lists(st.floats(NOW + 0.001, NOW + HOUR + 62), max_size=limit + 5)))
    channels = draw(st.sampled_from([("sms",), ("email",), ("sms", "email")]))
    return view(
        *(draw(streams(channel)) for channel in channels),
        limit=limit,
        free_at=tuple(spent),
        last_call=draw(st.none() | st.floats(NOW - 10_000, NOW)),
    )


def chaotic(waiting: tuple[Waiting, ...], seed: int) -> Answer:
    """A gateway whose pages hold anything."""
    random = Random(seed)

    def answer(ask: Ask, now: float) -> tuple[Page | None, frozenset[str]]:
        if random.random() < 0.1:
            return None, frozenset()
        rows = [
            _row(each, final=random.random() < 0.3) for each in waiting if random.random() < 0.3
        ]
        count = random.choice((0, 3, 50))
        fresh = [
            _row(
                msgspec.structs.replace(
                    pending(10**6 + int(now) * 100 + n, 0.0),
                    send_time=int(now - random.uniform(-60, 600)),
                ),
                final=random.random() < 0.5,
            )
            for n in range(count)
        ]
        full = random.random() < 0.3
        messages = tuple(sorted([*rows, *fresh], key=lambda row: -row.send_time))
        size = ask.request.cnt if full else len(messages)
        return Page(messages=messages, rows=size), frozenset(row.int_id for row in fresh)

    return answer


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(views(), known(), st.integers(0, 1000))
def test_each_decision_makes_progress_or_waits(seen: AccountView, has: Known, seed: int) -> None:
    """In whatever state, it keeps within its permits, never turns on the spot, and reads each
    stream's newest page again and again.
    """
    channels = tuple(each.channel for each in seen.streams)
    planner = ValuingPlanner(channels, DEADLINES, MOSCOW, NOW)
    planner.begin(dict.fromkeys(channels, has), None, NOW)
    begin, end = NOW + 2 * HOUR, NOW + 5 * HOUR
    made = list(lives(planner, seen, end, chaotic(has.waiting, seed)))
    for at, _ in made:
        assert sum(at - HOUR < other <= at for other, _ in made) <= seen.limit
    tried: dict[tuple[str, str], float] = {}
    for at, ask in made:
        if ask.request.prev_id is not None:
            key = ask.channel, ask.request.prev_id
            assert at - tried.get(key, 0) >= TRIED
            tried[key] = at
    allowed = max(HOUR + 600, 4 * len(channels) * HOUR / seen.limit)
    for channel in channels:
        heads = [at for at, ask in made if (ask.kind, ask.channel) == ("head", channel)]
        moments = [begin, *(at for at in heads if at > begin), end]
        assert max(later - earlier for earlier, later in pairwise(moments)) <= allowed


@given(views(), known())
@settings(max_examples=60, deadline=None)
def test_cadence_and_outlook_can_be_shown(seen: AccountView, has: Known) -> None:
    """Whatever the state, the cadence is a positive number of seconds and saturation a share."""
    channels = tuple(each.channel for each in seen.streams)
    planner = ValuingPlanner(channels, DEADLINES, MOSCOW, NOW)
    planner.begin(dict.fromkeys(channels, has), None, NOW)
    assert 0 < planner.cadence(seen) <= 2 * len(channels) * HOUR
    outlook = planner.outlook(seen)
    assert outlook.saturation is None or outlook.saturation >= 0
    assert {each.channel for each in outlook.streams} == set(channels)


def worth_of_a_lookup(planner: ValuingPlanner) -> tuple[float, Ask]:
    """What the best lookup is worth now, and that lookup."""
    planner.decide(view())
    options = planner.explain()[-1].options
    best = next(option for option in options if option.kind == "lookup")
    ask = Ask(channel="sms", kind="lookup", request=best.request, reason="pending")
    return best.worth, ask


def test_a_list_that_was_not_understood_shows_nothing_as_read() -> None:
    """What an answer left out, because it was to another list, is as overdue as before."""
    silent = [pending(n, age=4000 + n, read=200, anchored=False) for n in range(100)]
    planner = planner_of(*silent, per_hour=8000)
    worth, ask = worth_of_a_lookup(planner)
    planner.answered(ask, Page(), NOW, NOW)
    half, shorter = worth_of_a_lookup(planner)
    assert len(shorter.request.phones) == len(ask.request.phones) // 2 == 50
    assert half > 0.4 * worth


@pytest.mark.parametrize("days", [-30, 30])
def test_rows_of_another_time_do_not_blind(days: int) -> None:
    """Neither a message scheduled for next month nor a page of last month's stops anything."""
    old = [pending(n, age=5 * HOUR + 40 * n, anchored=False) for n in range(40)]
    planner = planner_of(*old, per_hour=2000)
    worth, _ = worth_of_a_lookup(planner)
    head = Ask(channel="sms", kind="window", request=HistoryRequest(prev_id="5"), reason="gap")
    far = _row(msgspec.structs.replace(pending(10**6, 0.0), send_time=int(NOW + days * DAY)))
    near = _row(msgspec.structs.replace(pending(10**6 + 1, 0.0), send_time=int(NOW - 60)))
    for messages in ((far,), (far, near), (near,)):
        planner.answered(head, Page(messages=messages, rows=len(messages)), NOW, NOW)
    assert worth_of_a_lookup(planner)[0] == pytest.approx(worth)
    (left,) = planner.outlook(view(stream(gaps=(gap(1),)))).streams[0].gaps
    assert left.rows == pytest.approx(2000 / 12, rel=0.1)
