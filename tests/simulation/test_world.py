import math
import os
import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.simulation.codes import PENDING
from exporter.simulation.presets import PRESETS, find_world
from exporter.simulation.record import Record, Truth
from exporter.simulation.spec import (
    Campaign,
    Operator,
    Outage,
    Recurrence,
    WorldError,
    WorldSpec,
    load_world,
)
from exporter.simulation.world import Query, World, recipient_of


MakeWorld = Callable[..., World]
NOW = 1_700_000_000.0
HOUR = 3600.0


def seen(world: World, now: float, query: Query | None = None) -> list[tuple[Any, ...]]:
    """Everything rows show of records at a moment."""
    return [
        (r.int_id, r.at(now), r.cost(now), r.phone, r.sender, world.text(r), r.send)
        for r in world.page(now, query or Query(cnt=1000))
    ]


def walk(world: World, now: float, cnt: int = 137, **options: Any) -> list[Record]:
    """The whole history, page by page."""
    rows: list[Record] = []
    prev_id: int | None = None
    while page := world.page(now, Query(cnt=cnt, prev_id=prev_id, **options)):
        rows += page
        prev_id = page[-1].int_id
    return rows


def shown(truths: list[Truth], now: float, span: float, stream: str = "sms") -> set[str]:
    """Ids that the history must hold at a moment according to the truth."""
    return {
        t.int_id for t in truths if t.stream == stream and t.visible <= now and t.send >= now - span
    }


@pytest.mark.parametrize("now", [0.0, 123_456.7, NOW, 4_000_000_000.5])
def test_history_depends_on_spec_seed_and_time_only(make_world: MakeWorld, now: float) -> None:
    """A fresh world shows the same rows as one that has been asked much else before."""
    old = make_world(keep=500)
    for hours in (30, 5, 0):
        old.page(now - hours * HOUR, Query(cnt=700))
    assert seen(old, now) == seen(make_world(), now)
    assert seen(old, now)


def test_seeds_differ(make_world: MakeWorld) -> None:
    """Another seed is another history."""
    assert seen(make_world(seed=1), NOW) != seen(make_world(seed=2), NOW)


@settings(max_examples=25)
@given(keep=st.sampled_from([1, 50, 3000]), minutes=st.lists(st.integers(0, 600), max_size=5))
def test_eviction_never_shows(keep: int, minutes: list[int]) -> None:
    """However little is kept, and whatever was asked before, a page stays the same."""
    spec = WorldSpec(per_hour=300, late_share=0.1, slice_seconds=300)
    world = World(spec, 3, keep=keep)
    for minute in minutes:
        world.page(NOW - 60 * minute)
    assert seen(world, NOW) == seen(World(spec, 3), NOW)


@pytest.mark.parametrize("order", ["int_id", "send_time"])
@pytest.mark.parametrize("stream", ["sms", "email"])
def test_paging_covers_the_history_once(make_world: MakeWorld, order: str, stream: str) -> None:
    """Pages joined by prev_id hold every visible message of the span exactly once, in order."""
    span = 3 * HOUR
    world = make_world(order=order, history_span=span)
    rows = walk(world, NOW, stream=stream)
    ids = [str(row.int_id) for row in rows]
    truths = world.truth(NOW - span - world.spec.max_lead, NOW + 1)
    assert len(ids) == len(set(ids))
    assert set(ids) == shown(truths, NOW, span, stream)
    keys = [(r.send, r.int_id) if order == "send_time" else (r.int_id,) for r in rows]
    assert keys == sorted(keys, reverse=True)


def test_ids_rise_with_creation_and_are_sparse(make_world: MakeWorld) -> None:
    """Ids follow the order of creation with steps of changing size."""
    truths = make_world().truth(NOW - HOUR, NOW)
    created = [truth.created for truth in truths]
    ids = [int(truth.int_id) for truth in truths]
    steps = {later - earlier for earlier, later in pairwise(ids)}
    assert all(b >= a - 1e-3 for a, b in pairwise(created))
    assert len(set(ids)) == len(ids)
    assert len(steps) > len(ids) / 2


def test_prev_id_needs_not_exist(make_world: MakeWorld) -> None:
    """Any number works as prev_id: rows of smaller ids follow."""
    world = make_world()
    page = world.page(NOW, Query(cnt=50))
    between = page[10].int_id + 1
    assert between not in {row.int_id for row in page}
    assert world.page(NOW, Query(cnt=5, prev_id=between)) == page[10:15]


@settings(max_examples=40)
@given(ago=st.floats(0, 4 * HOUR), later=st.floats(0, 30 * HOUR))
def test_truth_agrees_with_rows(ago: float, later: float) -> None:
    """At any moment a row shows the status and cost that the truth has for that moment."""
    world = World(
        WorldSpec(per_hour=100, correction_share=0.3, price_change_share=0.3, late_share=0.2), 5
    )
    now = NOW - ago + later
    truths = {t.int_id: t for t in world.truth(NOW - ago - HOUR, NOW - ago)}
    until = NOW - ago + 1
    rows = [r for r in world.page(now, Query(cnt=1000, until=until)) if str(r.int_id) in truths]
    for row in rows:
        truth = truths[str(row.int_id)]
        assert (row.at(now), row.cost(now)) == (truth.at(now), truth.cost(now))
        assert recipient_of(row) == truth.phone
    visible = [t for t in truths.values() if t.visible <= now and t.send >= now - 2 * 86400]
    assert len(rows) == len(visible)


def test_transitions_are_ordered(make_world: MakeWorld) -> None:
    """Each message's statuses and costs come in the order of time, beginning at its creation."""
    for truth in make_world().truth(NOW - 3 * HOUR, NOW):
        times = [transition.time for transition in truth.transitions]
        assert times == sorted(times)
        assert times[0] == int(truth.created)
        assert [price.time for price in truth.costs] == sorted(p.time for p in truth.costs)
        assert truth.visible >= truth.created
        assert truth.send >= int(truth.created)


def test_everything_configured_happens(make_world: MakeWorld) -> None:
    """An eventful world shows every status, type and turn of events."""
    truths = make_world().truth(NOW - 12 * HOUR, NOW)
    statuses = {transition.status for truth in truths for transition in truth.transitions}
    errs = {transition.err for truth in truths for transition in truth.transitions}
    turns = {(a.status, b.status) for truth in truths for a, b in pairwise(truth.transitions)}
    assert statuses >= {-2, -1, 0, 1, 2, 3, 4, 6, 20, 22, 23, 24, 25}
    assert errs >= {0, 1, 2, 3, 4, 6, 245, 248, 249, 254, 255}
    assert turns >= {(-1, 0), (0, 1), (1, 2), (1, 4), (2, 4), (20, 1), (-2, 0)}
    assert {truth.type for truth in truths} == {0, 1, 4, 7, 8, 10}
    assert any(len(truth.costs) > 1 for truth in truths)
    assert any(truth.visible > truth.created for truth in truths)
    assert any(truth.send > truth.created + 60 for truth in truths)
    assert {truth.country for truth in truths} == {"RU", "KZ", ""}


def test_stuck_operator_reports_nothing_meanwhile(make_world: MakeWorld) -> None:
    """During an outage no message of the operator becomes final, except by expiry."""
    start = NOW + 2800
    outage = Outage(at=start, duration=1800, period=None)
    operator = Operator(name="МТС", mccmnc="25001", share=1, outages=(outage,))
    world = make_world(operators=(operator,), no_funds=(), correction_share=0, read_share=0)
    truths = [t for t in world.truth(start - HOUR, start + HOUR) if t.type == 0]
    finals = [
        transition
        for truth in truths
        for transition in truth.transitions
        if transition.status in {1, 20} and not transition.err
    ]
    inside = [f for f in finals if start < f.time < start + 1800 - 1]
    drained = [f for f in finals if start + 1800 <= f.time < start + 1800 + 1020]
    assert not inside
    assert len(drained) > 100


def test_refusing_operator_refuses_all(make_world: MakeWorld) -> None:
    """In a refusing outage everything sent ends in status 20 with its err."""
    outage = Outage(at=NOW, duration=600, period=None, kind="refused", err=220)
    operator = Operator(name="МТС", mccmnc="25001", share=1, outages=(outage,))
    world = World(WorldSpec(per_hour=1000, operators=(operator,), queued_share=0), 1)
    ends = {t.transitions[-1][1:] for t in world.truth(NOW, NOW + 600)}
    assert ends == {(20, 220)}


def test_no_funds_stretch(make_world: MakeWorld) -> None:
    """Without funds everything ends in status 24 and costs nothing."""
    funds = Recurrence(at=NOW, duration=600, period=None)
    world = World(WorldSpec(per_hour=1000, no_funds=(funds,)), 1)
    truths = world.truth(NOW, NOW + 600)
    assert {t.transitions[-1].status for t in truths} == {24}
    assert {t.costs[-1].cost for t in truths} == {0}


def test_pending_expires_after_validity() -> None:
    """What has no final status when its validity ends is expired, within a minute."""
    world = World(WorldSpec(per_hour=2000), 1)
    expired = [t for t in world.truth(NOW, NOW + 3 * HOUR) if t.transitions[-1].status == 3]
    ages = [t.transitions[-1].time - t.send for t in expired]
    assert expired
    assert all(86400 - 1 <= age <= 86400 + 66 for age in ages)


def test_campaign_is_sent_in_full() -> None:
    """A campaign sends exactly its size to as many numbers under one client id."""
    campaign = Campaign(at=NOW, size=1000, duration=333, period=None, sender="SALE")
    world = World(WorldSpec(per_hour=0, campaigns=(campaign,)), 1)
    truths = world.truth(NOW - 60, NOW + 600)
    records = world.page(NOW + 600, Query(cnt=2000))
    assert len(truths) == 1000
    assert len({t.phone for t in truths}) == 1000
    assert {t.sender for t in truths} == {"SALE"}
    assert len({record.client_id for record in records}) == 1


def test_rate_follows_the_day() -> None:
    """The peak hour of Moscow brings more than the quiet one; the mean is the rate."""
    world = World(WorldSpec(per_hour=200, day_amplitude=0.6, peak_hour=14), 1)
    midnight = 1_700_000_000 // 86400 * 86400 - 10800.0
    hours = [len(world.truth(midnight + h * HOUR, midnight + (h + 1) * HOUR)) for h in range(24)]
    assert hours[14] > 2 * hours[2]
    assert sum(hours) == pytest.approx(200 * 24, rel=0.1)


def test_time_scale_shrinks_a_life() -> None:
    """On a scale of a day to a minute everything is over within minutes."""
    spec = WorldSpec(per_hour=36000, time_scale=1 / 1440, scheduled_share=0.1, late_share=0.1)
    truths = World(spec, 1).truth(NOW, NOW + 60)
    ages = [t.transitions[-1].time - t.created for t in truths]
    assert len(truths) > 300
    assert max(ages) < 60 * 4 + 5
    assert any(t.transitions[-1].status == 3 for t in truths)
    assert max(t.visible - t.created for t in truths) <= 3600 / 1440


def test_world_begins_and_ends() -> None:
    """Nothing is created outside the world's own time."""
    world = World(WorldSpec(per_hour=3600, begins=NOW, ends=NOW + 100), 1)
    truths = world.truth(NOW - HOUR, NOW + HOUR)
    assert truths
    assert all(NOW <= t.created < NOW + 100 for t in truths)
    assert world.page(NOW - 1) == []


def test_recipient_filter_finds_all_of_a_number(make_world: MakeWorld) -> None:
    """A lookup by numbers gives exactly the rows of these numbers."""
    for order in ("int_id", "send_time"):
        world = make_world(order=order, history_span=6 * HOUR)
        rows = walk(world, NOW, cnt=1000)
        wanted = frozenset(row.phone for row in rows[::40])
        expected = [row for row in rows if row.phone in wanted]
        assert world.page(NOW, Query(cnt=10**6, recipients=wanted)) == expected


def test_send_time_bounds(make_world: MakeWorld) -> None:
    """Bounds of the send time hold, for messages scheduled long before as well."""
    for order in ("int_id", "send_time"):
        world = make_world(order=order)
        since, until = NOW - 5 * HOUR, NOW - 2 * HOUR
        rows = walk(world, NOW, since=since, until=until)
        truths = world.truth(since - world.spec.max_lead, until)
        expected = {
            t.int_id
            for t in truths
            if t.stream == "sms" and since <= t.send < until and t.visible <= NOW
        }
        assert {str(row.int_id) for row in rows} == expected
        assert any(row.created < since for row in rows)


def test_rows_become_final_only_forward(make_world: MakeWorld) -> None:
    """A row once final never shows a pending status again."""
    world = make_world()
    page = world.page(NOW, Query(cnt=300))
    for record in page:
        states = [record.at(NOW + hours * HOUR).status in PENDING for hours in range(0, 100, 5)]
        assert states == sorted(states, reverse=True)


def test_world_loads_from_plain_data() -> None:
    """A mapping as YAML gives it makes a world, and wrong fields are named."""
    spec = load_world(
        {
            "per_hour": 5,
            "operators": [{"name": "МТС", "mccmnc": "25001", "share": 1, "losses": {"6": 0.5}}],
            "emails": {"per_hour": 1, "price": "0.07"},
        }
    )
    assert spec.operators[0].losses == {6: 0.5}
    with pytest.raises(msgspec.ValidationError, match="per_hours"):
        load_world({"per_hours": 5})
    with pytest.raises(msgspec.ValidationError, match="exceed 1"):
        load_world({"invalid_share": 0.95})
    with pytest.raises(msgspec.ValidationError, match="half a year"):
        load_world({"history_span": math.inf})


def test_page_costs_no_more_than_its_rows() -> None:
    """A page of a half-year history at high rate generates little more than itself."""
    world = World(WorldSpec(per_hour=30_000, history_span=180 * 86400.0), 1)
    newest = world.page(NOW, Query(cnt=1000))
    assert world.kept() < 4000
    month_ago = int(newest[-1].int_id - 30 * 1440 * 1_000_000)
    assert len(world.page(NOW, Query(cnt=1000, prev_id=month_ago))) == 1000
    assert world.kept() < 8000


def test_memory_is_bounded() -> None:
    """Reading a long history keeps no more records than allowed."""
    world = World(WorldSpec(per_hour=2000), 1, keep=1000)
    assert len(world.page(NOW, Query(cnt=10_000))) == 10_000
    assert world.kept() <= 1000


def test_another_process_sees_the_same_history() -> None:
    """A restarted gateway goes on with the same rows and ids, whatever its hash seed."""
    code = (
        "from exporter.simulation.presets import PRESETS\n"
        "from exporter.simulation.world import World, Query\n"
        f"print(World(PRESETS['demo'], 4).page({NOW}, Query(cnt=200)))"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert outputs == {f"{World(PRESETS['demo'], 4).page(NOW, Query(cnt=200))}\n".encode()}


@pytest.mark.parametrize("name", PRESETS)
def test_presets_are_lively_enough(name: str) -> None:
    """Each preset has rows to show at any time of day."""
    world = World(find_world(name))
    assert all(world.page(NOW + hour * HOUR) for hour in range(0, 24, 6))


@pytest.mark.parametrize("text", ["per_hour: [", "per_hour: many", "- 1", "colour: red"])
def test_bad_world_files_are_named(tmp_path: Path, text: str) -> None:
    """A file that is no world is refused by its name."""
    path = tmp_path / "world.yml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(WorldError, match=r"world\.yml"):
        find_world(str(path))


def test_world_files(tmp_path: Path) -> None:
    """A YAML file makes a world; a name that is neither file nor preset is refused."""
    path = tmp_path / "world.yml"
    path.write_text("per_hour: 7\nemails: {per_hour: 2}\n", encoding="utf-8")
    assert find_world(str(path)).per_hour == 7
    with pytest.raises(FileNotFoundError, match="one of quiet, demo"):
        find_world("atlantis")
