"""Another program spends the same account's calls."""

from exporter.config import Budget
from exporter.rehearsal.policies import POLICIES
from exporter.rehearsal.scenario import Scenario
from exporter.rehearsal.stage import rehearse
from exporter.rehearsal.traces import plain_world
from exporter.simulation.limits import Limits
from tests.rehearsal.plays import scenario


OTHERS = 10.0
"""Calls an hour of the other program."""


def shared(**choices: object) -> Scenario:
    return scenario(plain_world(400), hours=6, **choices)


def test_a_reserve_leaves_the_other_program_its_calls() -> None:
    """With its share configured as reserve it hardly ever meets error 9, and nor do we."""
    play = shared(foreign=OTHERS, budget=Budget(reserve=10))
    measures = rehearse(play, POLICIES["valuing"]).measures()
    assert measures.foreign.ok > 40
    assert measures.foreign.dropped == 0
    assert measures.refused <= 3
    assert measures.calls_per_hour > 16


def test_without_a_reserve_the_budget_is_shared_all_the_same() -> None:
    """Error 9 teaches what is left: news is hardly later than with that many calls alone."""
    mixed = rehearse(shared(foreign=OTHERS), POLICIES["valuing"]).measures()
    twenty = shared(limits=Limits(requests=20), budget=Budget(requests=20))
    alone = rehearse(twenty, POLICIES["valuing"])
    assert mixed.foreign.ok > 20
    assert mixed.knowledge.share == 1.0
    assert mixed.knowledge.mean < 2 * alone.measures().knowledge.mean
