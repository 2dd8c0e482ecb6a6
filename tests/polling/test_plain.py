"""What the plain planner asks for next."""

from collections.abc import Iterator
from itertools import pairwise

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.gateway.message import Page
from exporter.gateway.request import HistoryRequest
from exporter.ledger.gaps import Gap
from exporter.ledger.queries import Pending
from exporter.ledger.records import StreamView
from exporter.polling.plain import TRIED, PlainPlanner
from exporter.polling.planner import AccountView, Ask, Wait
from tests.polling.views import HOUR, NOW, after, gap, stream, view


def pending(
    number: int, *, overdue: bool = False, anchored: bool = True, sent: int = -1000
) -> Pending:
    return Pending(
        int_id=str(number),
        send_time=int(NOW) + sent,
        due=NOW - 60 if overdue else NOW + HOUR,
        read_at=NOW - 900,
        after_id=f"above{number}" if anchored else None,
    )


def asks(planner: PlainPlanner, seen: AccountView, count: int) -> list[Ask]:
    """What is asked for when it is time for each call and no call teaches anything."""
    found = []
    for _ in range(count):
        decision = planner.decide(seen)
        assert isinstance(decision, Ask)
        planner.answered(decision, Page(), seen.now, seen.now)
        found.append(decision)
    return found


def kinds(found: list[Ask]) -> list[str]:
    return [ask.reason for ask in found]


def anchors(found: list[Ask]) -> list[str | None]:
    return [ask.request.prev_id for ask in found]


def test_the_newest_page_comes_first() -> None:
    """A stream that was never read is read before anything else."""
    old = stream(gaps=(gap(1),))
    found = asks(PlainPlanner(), view(old, stream("email", head_started=None)), 1)
    assert found == [
        Ask(channel="email", kind="head", request=HistoryRequest(format=8), reason="first")
    ]


def test_streams_take_turns_by_age() -> None:
    """The stream whose newest page is the oldest is read next."""
    sms, email = stream(head_started=NOW - 100), stream("email", head_started=NOW - 300)
    assert asks(PlainPlanner(), view(sms, email), 1)[0].channel == "email"


def test_no_call_before_its_time() -> None:
    """Calls are spread evenly over the window."""
    decision = PlainPlanner().decide(view(last_call=NOW - 10, free_at=(NOW + HOUR - 10,)))
    assert isinstance(decision, Wait)
    assert 0.9 * HOUR / 29 < decision.until - (NOW - 10) < 1.2 * HOUR / 29


def test_an_empty_budget_waits_for_the_first_permit() -> None:
    """When all is spent there is nothing to do until a permit returns."""
    spent = tuple(NOW + 60 * n for n in range(1, 30))
    decision = PlainPlanner().decide(view(free_at=spent))
    assert decision == Wait(until=NOW + 60, reason="budget")


def test_a_fresh_gap_is_followed_down_a_few_pages_at_once() -> None:
    """Most gaps are small: a few pages at once close them; a big one waits its turns."""
    planner = PlainPlanner()
    asks(planner, view(), 1)
    for number in range(3):
        seen = view(stream(gaps=(gap(number, announced=False),)), last_call=NOW)
        assert anchors(asks(planner, seen, 1)) == [f"gap{number}"]
    seen = view(stream(gaps=(gap(3, announced=False),)), last_call=NOW)
    assert isinstance(planner.decide(seen), Wait)


def test_a_gap_left_over_waits_for_its_turn() -> None:
    """Catching up means right after the newest page; later the pace rules."""
    left = stream(gaps=(gap(1, announced=False),), head_started=NOW - 130)
    assert kinds(asks(PlainPlanner(), view(left), 2)) == ["its turn", "gap"]


def test_nothing_is_followed_down_when_permits_run_short() -> None:
    """Catching up leaves enough permits for the newest page until others return."""
    fresh = stream(gaps=(gap(1, announced=False),))
    nearly_spent = tuple(NOW + HOUR - 60 + n for n in range(24))
    decision = PlainPlanner().decide(view(fresh, free_at=nearly_spent, last_call=NOW))
    assert isinstance(decision, Wait)


def test_gaps_get_every_second_call() -> None:
    """A gap is closed with half of the calls; the newest page has the other half."""
    planner = PlainPlanner()
    found = asks(planner, view(stream(gaps=tuple(gap(n) for n in range(9)))), 6)
    assert kinds(found) == ["its turn", "gap"] * 3


def test_pending_messages_get_every_third_call() -> None:
    """Messages out of the newest page's reach are read again with a third of the calls."""
    planner = PlainPlanner()
    found = asks(planner, view(stream(waiting=tuple(map(pending, range(9))))), 6)
    assert kinds(found) == ["its turn", "its turn", "pending"] * 2


def windows(*gaps: Gap, waiting: int, count: int) -> list[str]:
    """Reasons of the calls between the newest pages."""
    messages = tuple(map(pending, range(waiting)))
    found = asks(PlainPlanner(), view(stream(gaps=gaps, waiting=messages)), count)
    return [ask.reason for ask in found if ask.kind == "window"]


def test_what_waits_takes_turns() -> None:
    """Neither long gaps nor many pending messages nor old history starve the others."""
    old = gap(10, baseline=True)
    assert windows(gap(1), gap(2), waiting=9, count=8) == ["gap", "pending", "gap", "pending"]
    assert windows(old, waiting=9, count=9) == ["pending", "baseline", "pending"]


def test_rows_read_too_early_are_read_again_once_settled() -> None:
    """A settling gap takes its turn with pending messages, and only when reading it closes it."""
    assert windows(gap(1, settles=NOW), waiting=9, count=9) == ["pending", "settling", "pending"]
    assert windows(gap(1, settles=NOW + 10), waiting=9, count=6) == ["pending", "pending"]


def test_settling_gap_is_not_followed_down() -> None:
    """Its rows are known: it neither hurries nor takes every other call."""
    planner = PlainPlanner()
    seen = view(stream(gaps=(gap(1, settles=NOW, announced=False),)), last_call=NOW - 5)
    assert isinstance(planner.decide(seen), Wait)


def test_history_before_the_baseline_waits_for_gaps() -> None:
    """What was missed matters more than what came before counting began."""
    assert windows(gap(1), gap(2), gap(3), gap(9, baseline=True), waiting=0, count=6) == ["gap"] * 3


def test_overdue_messages_are_read_first() -> None:
    """A message past its deadline goes before others, whichever stream it is in."""
    sms = stream(waiting=(pending(1), pending(2)))
    email = stream("email", waiting=(pending(3, overdue=True), pending(4)))
    found = asks(PlainPlanner(), view(sms, email), 3)
    assert found[-1].request == HistoryRequest(prev_id="above3", format=8)


def test_of_overdue_messages_the_newest_is_the_anchor() -> None:
    """A page shows what is older than its anchor: the newest brings the others along."""
    waiting = tuple(pending(n, overdue=True, sent=-1000 - 10 * n) for n in (3, 1, 2))
    found = asks(PlainPlanner(), view(stream(waiting=waiting)), 3)
    assert found[-1].request.prev_id == "above1"


def test_an_anchor_that_taught_nothing_is_left_alone_for_a_while() -> None:
    """What the gateway can't show is not asked for again and again."""
    planner = PlainPlanner()
    stuck = view(stream(gaps=(gap(1),)))
    assert anchors(asks(planner, stuck, 4)) == [None, "gap1", None, None]
    later = msgspec.structs.replace(stuck, now=NOW + TRIED)
    assert anchors(asks(planner, later, 1)) == ["gap1"]


def test_a_first_sync_that_is_stuck_still_lets_the_newest_page_through() -> None:
    """Old history that the gateway refuses to show holds up nothing."""
    syncing = view(stream(synced=False, gaps=(gap(1, baseline=True),)))
    assert anchors(asks(PlainPlanner(), syncing, 3)) == ["gap1", None, None]


def test_a_decision_stands_until_it_is_answered() -> None:
    """A call that got no answer is made again, whatever it was."""
    planner = PlainPlanner()
    seen = view(stream(gaps=(gap(1),)))
    asks(planner, seen, 1)
    first = planner.decide(seen)
    assert first == planner.decide(seen)
    assert isinstance(first, Ask)
    assert first.reason == "gap"


@st.composite
def streams(draw: st.DrawFn, channel: str) -> StreamView:
    """Any stream, in whatever state polling may find it."""
    flags = st.booleans()
    numbers = draw(st.lists(st.integers(0, 50), unique=True, max_size=6))
    gaps = tuple(gap(n, baseline=draw(flags), announced=draw(flags)) for n in numbers)
    ids = draw(st.lists(st.integers(0, 500), unique=True, max_size=20))
    waiting = tuple(pending(n, overdue=draw(flags), anchored=draw(flags)) for n in ids)
    started = draw(st.none() | st.floats(NOW - 10_000, NOW))
    return stream(channel, gaps=gaps, waiting=waiting, head_started=started, synced=draw(flags))


@st.composite
def views(draw: st.DrawFn) -> AccountView:
    """Any account view."""
    limit = draw(st.integers(1, 60))
    spent = sorted(draw(st.lists(st.floats(NOW + 0.001, NOW + HOUR + 62), max_size=limit + 5)))
    channels = draw(st.sampled_from([("sms",), ("email",), ("sms", "email")]))
    return view(
        *(draw(streams(channel)) for channel in channels),
        limit=limit,
        free_at=tuple(spent),
        last_call=draw(st.none() | st.floats(NOW - 10_000, NOW)),
    )


def lives(planner: PlainPlanner, seen: AccountView, until: float) -> Iterator[tuple[float, Ask]]:
    """Follow the planner for a while with a gateway whose pages teach nothing."""
    while seen.now < until:
        decision = planner.decide(seen)
        if isinstance(decision, Wait):
            assert decision.until > seen.now
            free_at = tuple(at for at in seen.free_at if at > decision.until)
            seen = msgspec.structs.replace(seen, now=decision.until, free_at=free_at)
            continue
        assert len(seen.free_at) < seen.limit
        yield seen.now, decision
        planner.answered(decision, Page(), seen.now, seen.now)
        seen = msgspec.structs.replace(
            seen,
            free_at=(*seen.free_at, seen.now + seen.window),
            last_call=seen.now,
            streams=tuple(after(each, decision, seen.now) for each in seen.streams),
        )


@settings(max_examples=150)
@given(views())
def test_each_decision_makes_progress_or_waits(seen: AccountView) -> None:
    """In whatever state, the planner keeps within its permits and never turns on the spot."""
    made = list(lives(PlainPlanner(), seen, NOW + 3 * HOUR))
    for at, _ in made:
        assert sum(at - HOUR < other <= at for other, _ in made) <= seen.limit
    tried: dict[tuple[str, str], float] = {}
    for at, ask in made:
        if ask.request.prev_id is not None:
            key = ask.channel, ask.request.prev_id
            assert at - tried.get(key, 0) >= TRIED
            tried[key] = at


@settings(max_examples=150)
@given(views())
def test_no_stream_is_starved(seen: AccountView) -> None:
    """Whatever else there is to read, each stream's newest page is read again and again."""
    begin, end = NOW + 2 * HOUR, NOW + 12 * HOUR
    made = [(at, ask) for at, ask in lives(PlainPlanner(), seen, end) if at > begin]
    allowed = 5 * len(seen.streams) * HOUR / seen.limit
    for each in seen.streams:
        heads = [at for at, ask in made if ask.channel == each.channel and ask.kind == "head"]
        moments = [begin, *heads, end]
        assert max(later - earlier for earlier, later in pairwise(moments)) <= max(allowed, HOUR)


@given(views())
def test_the_cadence_is_a_positive_number_of_seconds(seen: AccountView) -> None:
    """The cadence can be shown and compared with, whatever the state."""
    assert HOUR / seen.limit <= PlainPlanner().cadence(seen) < 10 * (HOUR + 62)
