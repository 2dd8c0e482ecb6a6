"""What curves keep from one run to the next."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.polling.curves import Curves
from tests.polling.looked_at import HOUR, START, Outage, World


AGES = np.array([2, 7, 15, 60, 300, 3600, 20_000, 86_500.0])
SHARES = ((0.5, 7.0), (0.3, 20.0), (0.2, 60.0))

State = dict[str, Any]

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@pytest.fixture(scope="module")
def learnt() -> Curves:
    """Curves in the middle of an outage."""
    curves = Curves()
    world = World(4000, 9, SHARES, outage=Outage(1, 8 * HOUR, HOUR, 60.0))
    world.show(curves, 0, 8.5 * HOUR)
    return curves


def again(curves: Curves) -> Curves:
    return Curves.from_state(json.loads(json.dumps(curves.to_state())))


def test_a_restart_forgets_nothing(learnt: Curves) -> None:
    """Curves of all operators are the same to within the digits kept."""
    restored = again(learnt)
    for k in range(3):
        before, after = (
            curves.chances_at(AGES, curves.group("sms", f"operator {k}"))
            for curves in (learnt, restored)
        )
        assert after.final == pytest.approx(before.final, abs=1e-3)
        assert after.accrued == pytest.approx(before.accrued, rel=1e-2)
    assert restored.to_state() == learnt.to_state()


def test_groups_keep_their_names(learnt: Curves) -> None:
    """Numbers may change over a restart, what is known of an operator doesn't."""
    fresh = Curves()
    fresh.group("email")
    state = learnt.to_state()
    state["groups"].reverse()
    restored = Curves.from_state(state)
    group = learnt.group("sms", "operator 2")
    other = restored.group("sms", "operator 2")
    assert group != other
    assert restored.chances_at(AGES, other).final == pytest.approx(
        learnt.chances_at(AGES, group).final, abs=1e-3
    )


def test_an_outage_outlives_a_restart(learnt: Curves) -> None:
    """Messages that waited before a restart are still young after it."""
    restored = again(learnt)
    now = START + 8.5 * HOUR
    sent = np.array([now - 1500.0])
    before, after = (
        curves.chances(np.array([curves.group("sms", "operator 1")]), sent, sent, now - 60)
        for curves in (learnt, restored)
    )
    unharmed = restored.chances_at(np.array([1440.0]), restored.group("sms", "operator 1"))
    assert after.accrued == pytest.approx(before.accrued, rel=0.05)
    assert after.accrued < 0.5 * unharmed.accrued


def test_a_state_is_small(learnt: Curves) -> None:
    """Two kilobytes for each group at most; groups of which nothing is known take none."""
    learnt.group("sms", "never seen")
    state = learnt.to_state()
    assert {each["operator"] for each in state["groups"]} == {
        "",
        "operator 0",
        "operator 1",
        "operator 2",
    }
    assert len(json.dumps(state)) < 2000 * len(state["groups"])


def _without_bins(state: State) -> None:
    state["bins"] += 1


def _short(state: State) -> None:
    del state["groups"][-1]["deaths"][-1]


def _negative(state: State) -> None:
    state["groups"][-1]["exposure"][3] = -1


def _not_a_number(state: State) -> None:
    state["groups"][-1]["deaths"][3] = float("nan")


def _too_many(state: State) -> None:
    state["groups"] *= 20


@pytest.mark.parametrize("spoil", [_without_bins, _short, _negative, _not_a_number, _too_many])
def test_a_spoilt_state_is_none(learnt: Curves, spoil: Callable[[State], None]) -> None:
    """Of other bins or damaged: nothing of it is used."""
    state = json.loads(json.dumps(learnt.to_state()))
    spoil(state)
    restored = Curves.from_state(state)
    assert np.array_equal(restored.chances_at(AGES), Curves().chances_at(AGES))


@pytest.mark.parametrize("times", [(0, 0), (0, -60)])
def test_spoilt_losses_are_left_out(learnt: Curves, times: tuple[float, ...]) -> None:
    """Losses that do not follow each other in time are dropped, all else is kept."""
    state = json.loads(json.dumps(learnt.to_state()))
    at = state["judged_at"]
    for each in state["groups"]:
        each["losses"] = [[at + later, 5.0] for later in times]
    restored = Curves.from_state(state)
    assert not any(each.get("losses") for each in restored.to_state()["groups"])
    silent = restored.group("sms", "operator 1")
    assert restored.speed(silent) == pytest.approx(learnt.speed(silent), rel=1e-2)


@given(anything)
def test_foreign_content_is_no_state(state: object) -> None:
    """Whatever is found in its place, curves begin with what is supposed before all knowledge."""
    curves = Curves.from_state(state)
    assert np.array_equal(curves.chances_at(AGES), Curves().chances_at(AGES))
