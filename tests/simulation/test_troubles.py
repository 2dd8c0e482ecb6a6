"""What befalls a world from a moment on, and leaves what was before alone."""

from typing import Any

import msgspec
import pytest

from exporter.simulation.events import Campaign, Outage, Recurrence, Refusal
from exporter.simulation.presets import BEELINE, LIVELY, MEGAFON, MTS, OPERATORS
from exporter.simulation.record import Truth
from exporter.simulation.spec import Latency, WorldSpec, load_world
from exporter.simulation.world import World


NOW = 1_700_000_000.0
HOUR = 3600.0
CALM = msgspec.structs.replace(
    LIVELY,
    day_amplitude=0.0,
    queued_share=0.0,
    correction_share=0.0,
    stopped_share=0.0,
    late_share=0.0,
    scheduled_share=0.0,
    price_change_share=0.0,
    click_share=0.0,
)
SLOW = Outage(at=NOW, duration=HOUR, period=None, kind="slow", factor=20.0)


def truths(since: float, until: float, **changes: Any) -> list[Truth]:
    return World(msgspec.structs.replace(CALM, **changes), 7).truth(since, until)


def troubled(outage: Outage) -> tuple[Any, ...]:
    """The operators, the first of them in trouble."""
    return (msgspec.structs.replace(MTS, outages=(outage,)), *OPERATORS[1:])


@pytest.mark.parametrize(
    "event",
    [
        {"operators": troubled(SLOW)},
        {"operators": troubled(Outage(at=NOW, duration=HOUR, period=None, kind="refused"))},
        {"refusals": (Refusal(at=NOW, duration=HOUR, period=None, sender="SHOP"),)},
        {"holds": (Recurrence(at=NOW, duration=HOUR, period=None),)},
        {"no_funds": (Recurrence(at=NOW, duration=HOUR, period=None),)},
        {"campaigns": (Campaign(at=NOW, duration=HOUR, period=None, size=500),)},
    ],
    ids=["slow", "refused", "sender", "hold", "funds", "campaign"],
)
def test_the_time_before_an_event_stays_as_it_was(event: dict[str, Any]) -> None:
    """Two worlds of one seed differ from the moment at which something befalls one of them."""
    minute = NOW // 60 * 60
    assert truths(NOW - HOUR, minute, **event) == truths(NOW - HOUR, minute)
    assert truths(NOW, NOW + HOUR, **event) != truths(NOW, NOW + HOUR)


def slowed_pairs(climb: float) -> list[tuple[Truth, Truth]]:
    """Messages of one operator as they usually fare, and as they do when it is slow."""
    prompt = msgspec.structs.replace(MTS, latency=Latency(absent_share=0.0, slow_sigma=0.8))
    slow = msgspec.structs.replace(SLOW, climb=climb)
    usual, slowed = (
        truths(NOW, NOW + HOUR, types={}, operators=(operator, BEELINE))
        for operator in (prompt, msgspec.structs.replace(prompt, outages=(slow,)))
    )
    return list(zip(usual, slowed, strict=True))


def delay(truth: Truth) -> int:
    """Seconds to final status."""
    return truth.transitions[-1].time - truth.send


def test_a_slow_operator_takes_its_factor_longer() -> None:
    """Times to final status are multiplied, for that operator alone."""
    pairs = slowed_pairs(climb=0.0)
    mine = [pair for pair in pairs if pair[0].operator == "МТС"]
    assert len(mine) > 300
    assert all(abs(delay(slow) - 20 * delay(usual)) <= 20 for usual, slow in mine)
    assert all(usual == slow for usual, slow in pairs if usual.operator != "МТС")


def test_slowness_climbs() -> None:
    """With a climb the first messages are hardly late, and only the last in full."""
    late = [pair for pair in slowed_pairs(HOUR) if pair[0].operator == "МТС"]
    long = [(usual, slow) for usual, slow in late if delay(usual) >= 40]
    assert len(long) > 30
    for usual, slow in long:
        factor = 1 + 19 * (usual.send - NOW) / HOUR
        assert delay(slow) / delay(usual) == pytest.approx(factor, rel=0.05, abs=0.05)


@pytest.mark.parametrize("operator", ["", "МегаФон"])
def test_a_refused_name_is_refused_where_it_is_refused(operator: str) -> None:
    """All messages under the name end as said within seconds, free; all others go as before."""
    refusal = Refusal(
        at=NOW, duration=HOUR, period=None, sender="SHOP", operator=operator, status=20, err=255
    )
    hit: list[Truth] = []
    spared: list[Truth] = []
    for truth in truths(NOW, NOW + HOUR, refusals=(refusal,)):
        is_hit = truth.sender == "SHOP" and operator in {"", truth.operator}
        (hit if is_hit and truth.type in {0, 1} else spared).append(truth)
    assert len(hit) > 100
    for truth in hit:
        end = truth.transitions[-1]
        assert (end.status, end.err, str(truth.costs[-1].cost)) == (20, 255, "0")
        assert end.time - truth.send < 5
    delivered = [truth for truth in spared if truth.transitions[-1].status == 1]
    assert len(delivered) > 0.8 * len(spared) > 200


def test_held_messages_wait_and_then_go() -> None:
    """What is sent during a hold shows -1 until it ends, and is delivered from then on."""
    hold = Recurrence(at=NOW, duration=HOUR, period=None)
    found = truths(NOW, NOW + HOUR - 1, holds=(hold,))
    assert len(found) > 1000
    for truth in found:
        assert truth.at(NOW + HOUR - 1).status == -1
        assert truth.transitions[1][:2] == (int(NOW + HOUR), 0)
        assert truth.transitions[-1].time >= NOW + HOUR


def test_a_hold_without_end_ends_in_expiry() -> None:
    """Messages that are never passed on expire when their validity ends."""
    hold = Recurrence(at=NOW, duration=30 * 86400.0, period=None)
    for truth in truths(NOW, NOW + 600, holds=(hold,)):
        statuses = [transition.status for transition in truth.transitions]
        assert statuses == [-1, 3]
        assert truth.transitions[-1].time == truth.send + CALM.validity


def test_a_campaign_can_be_for_one_operator() -> None:
    """All its recipients are with that operator, even one that gets no everyday messages."""
    only = Campaign(at=NOW, duration=HOUR, period=None, size=400, operator="МегаФон")
    operators = (MTS, msgspec.structs.replace(MEGAFON, share=0.0))
    found = truths(NOW - HOUR, NOW + HOUR, operators=operators, campaigns=(only,))
    assert [t.sender for t in found if t.operator == "МегаФон"] == ["SALE"] * 400
    assert {t.operator for t in found if t.sender != "SALE"} == {"МТС"}


@pytest.mark.parametrize("key", ["campaigns", "refusals"])
def test_strangers_are_refused(key: str) -> None:
    """An event at an operator that the world has not is an error that names it."""
    event = {"at": 0, "duration": 60, "size": 5, "sender": "A", "operator": "Никто"}
    if key == "refusals":
        del event["size"]
    with pytest.raises(msgspec.ValidationError, match="no operator is called Никто"):
        load_world({key: [event]})


def test_some_operator_must_get_messages() -> None:
    """Shares of nothing but 0 are no world."""
    with pytest.raises(ValueError, match="share above 0"):
        WorldSpec(operators=(msgspec.structs.replace(MTS, share=0.0),))
