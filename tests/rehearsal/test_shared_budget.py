"""Another program spends the same account's calls."""

from typing import Any

import pytest

from exporter.config import Budget
from exporter.rehearsal.measures import Measures
from exporter.rehearsal.policies import POLICIES
from exporter.rehearsal.scenario import Scenario
from exporter.rehearsal.stage import rehearse
from exporter.rehearsal.traces import plain_world
from exporter.simulation.limits import Limits
from tests.rehearsal.plays import scenario


OTHERS = 10.0
"""Calls an hour of the other program."""


def shared(**choices: Any) -> Scenario:
    return scenario(plain_world(400), hours=4, **choices)


def alone() -> Measures:
    """With twenty calls an hour that nobody else wants."""
    twenty = shared(limits=Limits(requests=20), budget=Budget(requests=20))
    return rehearse(twenty, POLICIES["valuing"]).measures()


def test_a_reserve_leaves_the_other_program_its_calls() -> None:
    """With some more than it needs on average as reserve, nobody meets the limit for long."""
    play = shared(foreign=OTHERS, budget=Budget(reserve=15))
    measures = rehearse(play, POLICIES["valuing"]).measures()
    assert measures.foreign.ok > 40
    assert measures.foreign.dropped == 0
    assert measures.refused <= 1


@pytest.mark.parametrize("reserve", [1, 10])
def test_the_budget_is_shared_and_used(reserve: int) -> None:
    """Error 9 teaches what is left: news is hardly later than with that many calls alone, and a
    reserve is not kept twice.
    """
    play = shared(foreign=OTHERS, budget=Budget(reserve=reserve))
    mixed = rehearse(play, POLICIES["valuing"]).measures()
    assert mixed.foreign.ok > 20
    assert mixed.knowledge.share == 1.0
    assert mixed.knowledge.mean < 1.6 * alone().knowledge.mean
