from itertools import pairwise

import msgspec
import pytest

from exporter.config import Budget
from exporter.gateway.message import Message, Page
from exporter.ledger.records import StreamView
from exporter.polling.planner import AccountView, Ask, Wait
from exporter.rehearsal.naive import NewestPage
from exporter.rehearsal.policies import POLICIES
from exporter.rehearsal.scenario import START
from exporter.rehearsal.stage import rehearse
from exporter.rehearsal.traces import plain_world
from exporter.simulation.spec import Campaign
from tests.rehearsal.plays import scenario


NOW = 1000.0
BURST = msgspec.structs.replace(
    plain_world(100),
    campaigns=(Campaign(at=START + 1300, size=4500, duration=120, period=None),),
)


def view(*heads: float | None, free_at: tuple[float, ...] = (), now: float = NOW) -> AccountView:
    """An account whose streams had their last head pages at these times."""
    streams = tuple(
        StreamView(
            channel=channel,
            synced=True,
            newest_id=None,
            head_started=head,
            gaps=(),
            pending=(),
        )
        for channel, head in zip(("sms", "email"), heads, strict=False)
    )
    return AccountView(
        now=now, streams=streams, limit=3, window=3600, free_at=free_at, last_call=None
    )


def page(*ids: str, rows: int | None = None) -> Page:
    """A page of these messages."""
    messages = tuple(Message(int_id=each, status=0, send_time=1) for each in ids)
    return Page(messages=messages, rows=len(ids) if rows is None else rows)


def asked(decision: Ask | Wait) -> tuple[str, str, str | None]:
    """Kind, channel and anchor of a call."""
    assert isinstance(decision, Ask)
    return decision.kind, decision.channel, decision.request.prev_id


def test_a_head_page_each_two_minutes() -> None:
    """Not earlier than two minutes after the last one, of whichever stream."""
    planner = NewestPage(paging=False)
    assert asked(planner.decide(view(None))) == ("head", "sms", None)
    assert planner.decide(view(900.0)) == Wait(until=1020.0, reason="pace")
    assert asked(planner.decide(view(880.0))) == ("head", "sms", None)
    assert asked(planner.decide(view(880.0, 860.0))) == ("head", "email", None)
    assert planner.decide(view(100.0, 900.0)) == Wait(until=1020.0, reason="pace")


def test_no_call_without_a_permit() -> None:
    """It waits until the first permit is back."""
    spent = (1500.0, 1600.0, 1700.0)
    decision = NewestPage(paging=True).decide(view(None, free_at=spent))
    assert decision == Wait(until=1500.0, reason="budget")


def test_paging_goes_down_to_what_was_known() -> None:
    """Full pages without the newest message known before are followed down, and no further."""
    planner = NewestPage(paging=True)
    head = planner.decide(view(None))
    assert isinstance(head, Ask)
    planner.answered(head, page("5", "4", rows=1000), NOW, NOW)
    assert isinstance(planner.decide(view(NOW)), Wait)
    planner.answered(head, page("9", "8", rows=1000), NOW, NOW)
    below = planner.decide(view(NOW))
    assert asked(below) == ("window", "sms", "8")
    assert isinstance(below, Ask)
    planner.answered(below, page("7", "6", rows=1000), NOW, NOW)
    assert asked(planner.decide(view(NOW))) == ("window", "sms", "6")
    planner.answered(below, page("5", "4", rows=1000), NOW, NOW)
    assert isinstance(planner.decide(view(NOW)), Wait)


@pytest.mark.parametrize(
    "answer", [page("9", "8"), page("9", "5", rows=1000), page(rows=1000), None]
)
def test_paging_ends_where_there_is_nothing_below(answer: Page | None) -> None:
    """A short page, one that holds the newest known, one without messages, or none at all."""
    planner = NewestPage(paging=True)
    head = planner.decide(view(None))
    assert isinstance(head, Ask)
    planner.answered(head, page("5"), NOW, NOW)
    planner.answered(head, answer, NOW, NOW)
    assert isinstance(planner.decide(view(NOW)), Wait)


def test_paging_sees_a_burst_that_newest_pages_miss() -> None:
    """Of 4500 messages in two minutes, paging shows all and the newest pages a part."""
    shares = {
        name: rehearse(scenario(BURST, hours=0.7), POLICIES[name]).measures().discovery.share
        for name in ("newest", "paging")
    }
    assert shares["newest"] < 0.6
    assert shares["paging"] == 1.0


def test_the_pace_holds_in_a_rehearsal() -> None:
    """Naive calls are two minutes apart or more."""
    (account,) = rehearse(scenario(plain_world(20), hours=0.5), POLICIES["newest"]).accounts
    starts = [sight.started for sight in account.sightings.sights]
    assert min(b - a for a, b in pairwise(starts)) >= 120
    assert len(starts) == 15


def test_a_small_budget_is_spread_over_the_hour() -> None:
    """Ten calls an hour are six minutes apart, not ten at once and then none."""
    played = scenario(plain_world(20), hours=0.5, budget=Budget(requests=10))
    (account,) = rehearse(played, POLICIES["newest"]).accounts
    starts = [sight.started for sight in account.sightings.sights]
    assert min(b - a for a, b in pairwise(starts)) >= 360
    assert len(starts) == 5
