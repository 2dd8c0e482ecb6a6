"""What does not fit into the newest page is remembered, announced and read later."""

from itertools import pairwise

import msgspec
import pytest

from exporter.ledger.snapshot import Total
from exporter.simulation.clock import START
from exporter.simulation.presets import LIVELY
from exporter.simulation.spec import Campaign, Emails, Latency, Operator, WorldSpec
from tests.polling.conftest import Lines, Stages
from tests.polling.stage import Stage, account


HOUR = 3600.0
DAY = 24 * HOUR
STEADY = msgspec.structs.replace(
    LIVELY,
    per_hour=1500,
    day_amplitude=0,
    scheduled_share=0,
    late_share=0,
    history_span=2 * DAY,
)


def sent(stage: Stage, since: float, until: float, *, stream: str = "sms") -> int:
    """Messages sent in a stretch of time, seconds since the start."""
    world = stage.gateway.accounts["main"].world
    begin, end = START + since, START + until
    return sum(
        begin < truth.send < end
        for truth in world.truth(begin - DAY, end + DAY)
        if truth.stream == stream and truth.visible < stage.clock.now()
    )


def ahead(stage: Stage) -> int:
    """Messages in the history now that are to be sent later."""
    world, now = stage.gateway.accounts["main"].world, stage.clock.now()
    return sum(truth.visible <= now < truth.send for truth in world.truth(now - DAY, now))


def submitted(stage: Stage) -> int:
    return stage.total(Total.SUBMITTED).total()


def reasons(lines: Lines) -> list[str]:
    return [line["reason"] for line in lines if line["event"] == "polled"]


def longest_wait_for_a_head(stage: Stage) -> float:
    heads = [call.time for call in stage.calls() if "prev_id" not in call.parameters]
    return max(later - earlier for earlier, later in pairwise(heads))


def test_the_first_sync_takes_a_third_of_the_budget_then_shows_series(stages: Stages) -> None:
    """A long history is read in part at first; the rest comes later and isn't counted."""
    stage = stages(msgspec.structs.replace(STEADY, per_hour=900, begins=START - 14 * HOUR))
    stage.run(30)
    assert len(stage.calls()) == 10
    assert stage.stream().synced
    assert stage.stream().gaps == 0
    stage.run(1.5 * HOUR)
    assert submitted(stage) == pytest.approx(sent(stage, 0, 1.5 * HOUR), abs=60)
    assert stage.total(Total.TRUNCATED).total() == 0


def test_each_stream_has_its_share_of_the_first_sync(stages: Stages) -> None:
    """Two streams share the third; a short one doesn't wait for the long one."""
    world = msgspec.structs.replace(STEADY, begins=START - 20 * HOUR, emails=Emails(per_hour=40))
    stage = stages(world, accounts=[account(channels=("sms", "email"))])
    stage.run(30)
    assert len(stage.calls()) <= 10
    assert stage.stream("sms").synced
    assert stage.stream("email").synced
    assert stage.stream("email").gaps == 0


def test_a_gap_is_remembered_over_restarts_and_closed(stages: Stages) -> None:
    """Hours without the exporter leave a gap that is read afterwards, to the last message."""
    ends = START + 28 * HOUR
    stage = stages(msgspec.structs.replace(STEADY, begins=START - HOUR, ends=ends))
    stage.run(HOUR)
    stage.clock.advance(26 * HOUR)
    stage.run(10)
    coverage = stage.stream().coverage
    assert stage.stream().gaps == 1
    assert coverage is not None
    assert coverage < 0.7
    for _ in range(3):
        stage.run(HOUR, crash=True)
    assert stage.stream().gaps == 0
    assert stage.stream().coverage == pytest.approx(1, abs=0.01)
    assert stage.total(Total.TRUNCATED).total() == 1
    assert submitted(stage) == sent(stage, 0, 30 * HOUR)


def test_a_burst_is_announced_and_read_in_the_end(stages: Stages) -> None:
    """Twelve thousand messages at once are paged back bit by bit, while new pages keep coming."""
    burst = Campaign(at=START + HOUR, duration=60, period=None, size=12_000)
    world = msgspec.structs.replace(
        STEADY, per_hour=60, begins=START - HOUR, campaigns=(burst,), ends=START + 2.5 * HOUR
    )
    stage = stages(world)
    stage.run(1.5 * HOUR)
    assert stage.stream().gaps > 0
    assert 1 <= stage.total(Total.TRUNCATED).total() <= 2
    assert longest_wait_for_a_head(stage) < 0.4 * HOUR
    stage.run(1.2 * HOUR)
    assert stage.stream().gaps == 0
    assert submitted(stage) == sent(stage, 0, 3 * HOUR)


def test_lasting_overload_never_stops_the_newest_page(stages: Stages) -> None:
    """More messages than the budget can show: the newest are read, the rest is said."""
    world = msgspec.structs.replace(STEADY, per_hour=40_000, begins=START - HOUR / 4)
    stage = stages(world)
    stage.run(HOUR)
    assert longest_wait_for_a_head(stage) < 0.4 * HOUR
    assert stage.stream().gaps > 0
    assert stage.total(Total.TRUNCATED).total() > 0
    coverage = stage.stream().coverage
    assert coverage is not None
    assert 0.3 < coverage < 0.95


def test_messages_out_of_reach_are_read_again_for_their_deadlines(
    stages: Stages, lines: Lines
) -> None:
    """An operator that fell silent: its messages mature as pending, though new ones hide them."""
    silent = Operator(
        name="Silent",
        mccmnc="25001",
        share=0.04,
        latency=Latency(slow_share=0, absent_share=0, unreported_share=1),
    )
    brisk = Operator(
        name="Brisk",
        mccmnc="25002",
        share=0.96,
        latency=Latency(slow_share=0, absent_share=0),
    )
    world = WorldSpec(
        per_hour=1500,
        day_amplitude=0,
        operators=(silent, brisk),
        begins=START - HOUR,
        history_span=DAY,
    )
    stage = stages(world)
    stage.run(3 * HOUR)
    matured = stage.total(Total.MATURED, 3, 5, 6)
    assert matured["silent", "5m", "pending"] > 60 * 2.5
    assert matured["silent", "1h", "pending"] > 60 * 1.5
    assert stage.stream().overdue["5m"] == 0
    assert "pending" in reasons(lines)


@pytest.mark.parametrize("order", ["int_id", "send_time"])
def test_scheduled_messages_do_not_hide_others(stages: Stages, order: str) -> None:
    """Rows dated ahead of time, in either order of the history, open no gap and are counted."""
    world = msgspec.structs.replace(
        STEADY,
        per_hour=150,
        slice_seconds=600,
        scheduled_share=0.3,
        lead_median=HOUR,
        max_lead=2 * HOUR,
        order=order,
        begins=START - HOUR,
        ends=START + 1.5 * HOUR,
    )
    stage = stages(world)
    stage.run(4 * HOUR)
    assert submitted(stage) == sent(stage, 0, 4 * HOUR)
    assert stage.stream().gaps == 0
    assert stage.total(Total.TRUNCATED).total() == 0


def test_more_scheduled_messages_than_a_page_holds_do_not_blind(stages: Stages) -> None:
    """A page full of rows dated ahead is paged through to what is being sent now."""
    world = msgspec.structs.replace(
        STEADY,
        per_hour=300,
        slice_seconds=600,
        scheduled_share=5,
        lead_median=1.5 * HOUR,
        max_lead=2 * HOUR,
        order="send_time",
        begins=START - HOUR,
        ends=START + HOUR / 2,
    )
    stage = stages(world)
    assert ahead(stage) > 1000
    stage.run(3.5 * HOUR)
    assert submitted(stage) == sent(stage, 0, 4 * HOUR)
    assert stage.stream().gaps == 0
