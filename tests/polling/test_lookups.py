"""Lookups by number at a gateway that understands lists as documented, or some other way."""

from collections import Counter

import msgspec
import pytest

from exporter.ledger.snapshot import Total
from exporter.simulation.clock import START
from exporter.simulation.faults import Fault, FaultKind
from exporter.simulation.limits import Limits
from exporter.simulation.presets import OPERATORS
from exporter.simulation.record import Truth
from exporter.simulation.spec import Latency, WorldSpec
from tests.polling.conftest import Lines, Stages
from tests.polling.stage import Stage


HOUR = 3600.0
DAY = 24 * HOUR
TAIL = Latency(slow_share=0.25, slow_median=2400.0, slow_sigma=0.5, absent_share=0)
WORLD = WorldSpec(
    per_hour=2000,
    day_amplitude=0,
    operators=tuple(msgspec.structs.replace(each, latency=TAIL, losses={}) for each in OPERATORS),
    begins=START - 600,
    ends=START + 1.5 * HOUR,
    history_span=DAY,
)
"""A quarter of the messages is out of the newest page's reach when it becomes final."""
END = 4 * HOUR
MISUNDERSTANDINGS = {
    "error 1": Fault(kind=FaultKind.LIST_REFUSED),
    "ignored": Fault(kind=FaultKind.LIST_IGNORED),
    "cut": Fault(kind=FaultKind.LIST_CUT, count=100),
    "cut to one": Fault(kind=FaultKind.LIST_CUT),
}


def kinds(lines: Lines) -> Counter[str]:
    """Calls that brought a page, by kind."""
    return Counter(line["kind"] for line in lines if line["event"] == "polled")


def truth(stage: Stage) -> list[Truth]:
    return stage.gateway.accounts["main"].world.truth(START - HOUR, START + END)


def ended(stage: Stage) -> int:
    """Messages that became final after the start and before the end."""
    return sum(
        any(START < change.time < stage.clock.now() for change in each.transitions[-1:])
        for each in truth(stage)
    )


def check_totals(stage: Stage) -> None:
    """Each message is counted once, and nearly all final statuses are learnt."""
    submitted = sum(each.send > START for each in truth(stage))
    assert stage.total(Total.SUBMITTED).total() == submitted
    learnt = stage.total(Total.FINAL).total()
    assert 0.97 * ended(stage) < learnt <= ended(stage)
    assert not any(stage.stream().overdue.values())


def test_lookups_learn_what_newest_pages_no_longer_show(stages: Stages, lines: Lines) -> None:
    """At a gateway that does as documented."""
    stage = stages(WORLD)
    stage.run(END)
    assert kinds(lines)["lookup"] > 10
    assert not stage.gateway.errors[1]
    check_totals(stage)


@pytest.mark.parametrize("name", MISUNDERSTANDINGS)
def test_a_gateway_that_misunderstands_lists(stages: Stages, lines: Lines, name: str) -> None:
    """It is noticed after a few lookups, and the other calls learn what there is to learn."""
    stage = stages(WORLD, faults=[MISUNDERSTANDINGS[name]])
    stage.run(END)
    made = kinds(lines)["lookup"] + stage.gateway.errors[1]
    assert made
    if name == "cut":
        assert made > 6
    else:
        assert made <= 6
        assert kinds(lines)["window"] > 5
    check_totals(stage)


def test_shorter_lists_where_long_ones_are_refused(stages: Stages, lines: Lines) -> None:
    """A limit on lists that nobody documented is found, and lookups go on below it."""
    stage = stages(WORLD, limits=Limits(max_recipients=120))
    stage.run(END)
    assert 1 <= stage.gateway.errors[1] <= 4
    assert kinds(lines)["lookup"] > 6
    check_totals(stage)
