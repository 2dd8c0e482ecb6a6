"""Whatever the gateway does wrong: no wrong total, a counted error, recovery without help."""

from collections import Counter
from collections.abc import Callable

import pytest

from exporter.ledger.snapshot import Total
from exporter.simulation.clock import START
from exporter.simulation.faults import Fault, FaultKind
from exporter.simulation.limits import Limits
from exporter.simulation.presets import OPERATORS
from exporter.simulation.spec import WorldSpec
from tests.polling.conftest import Stages
from tests.polling.oracle import Counts, expected
from tests.polling.stage import Stage, account


HOUR = 3600.0
BEFORE = HOUR
STRETCH = (5 * HOUR, 8 * HOUR)
LAST_MESSAGE = 11 * HOUR
CURED = 11.5 * HOUR
OVER = 15 * HOUR
DEADLINES = {"5m": 300, "30m": 1800, "2h": 7200}
WORLD = WorldSpec(
    per_hour=12,
    operators=OPERATORS,
    types={"flash": 0.02, "viber": 0.05, "hlr": 0.02},
    invalid_share=0.02,
    unregistered_share=0.02,
    validity=7200,
    scheduled_share=0.05,
    lead_median=1800,
    max_lead=HOUR,
    late_share=0.05,
    begins=START - BEFORE,
    ends=START + LAST_MESSAGE,
    history_span=6 * HOUR,
    slice_seconds=600,
)
CALLS = 3
"""An hour; fewer than the real gateway's, so that there are fewer turns."""

BY_CODE = {
    FaultKind.ERROR_1: "1",
    FaultKind.ERROR_2: "2",
    FaultKind.ERROR_4: "4",
    FaultKind.ERROR_9: "9",
    FaultKind.TOO_MANY_AT_ONCE: "9",
    FaultKind.TEXT_ERROR: "1",
}
"""Faults that are error codes of the API."""
BY_RESULT = {
    FaultKind.HTTP_500: "http_error",
    FaultKind.HTTP_502: "http_error",
    FaultKind.HTTP_503: "http_error",
    FaultKind.HTTP_404: "http_error",
    FaultKind.HTTP_302: "http_error",
    FaultKind.HTML: "http_error",
    FaultKind.EMPTY: "http_error",
    FaultKind.GARBAGE: "http_error",
    FaultKind.HUGE: "http_error",
    FaultKind.CUT: "http_error",
    FaultKind.RESET: "http_error",
    FaultKind.TIMEOUT: "timeout",
    FaultKind.TRICKLE: "timeout",
}
"""Faults without a readable answer."""
OF_LISTS = {FaultKind.LIST_REFUSED, FaultKind.LIST_IGNORED, FaultKind.LIST_CUT}
"""Faults of lookups, which so few messages don't need: see test_lookups.py."""
HARMLESS = {
    FaultKind.CHARSET_HEADER,
    FaultKind.WINDOWS_1251,
    FaultKind.OTHER_FORMAT,
    FaultKind.UNKNOWN_FIELDS,
    FaultKind.NUMBERS_AS_STRINGS,
    FaultKind.CONTROL_CHARACTERS,
    FaultKind.DUPLICATE_ROWS,
    FaultKind.SHUFFLED_ROWS,
}
"""Faults that hide nothing: each answer is read as if it were right."""
LYING = {FaultKind.UNKNOWN_STATUS, FaultKind.UNKNOWN_ERR, FaultKind.UNKNOWN_TYPE}
"""Faults that state what isn't so; what they said first is counted, once."""


Suffered = Callable[[FaultKind], Stage]


@pytest.fixture
def suffered(stages: Stages) -> Suffered:
    """A maker of stages after hours of some fault."""

    def suffer(kind: FaultKind) -> Stage:
        start, end = (START + at for at in STRETCH)
        stage = stages(
            WORLD,
            accounts=[account(budget={"requests": CALLS, "reserve": 0})],
            limits=Limits(requests=CALLS),
            faults=[
                Fault(kind=kind, start=start, end=end),
                Fault(kind=kind, probability=0.3, end=START + CURED),
            ],
            deadlines=tuple(DEADLINES.values()),
        )
        stage.run(OVER)
        return stage

    return suffer


def truth(stage: Stage) -> Counts:
    world = stage.gateway.accounts["main"].world
    return expected(world.truth(START - BEFORE, START + OVER), START, DEADLINES)


def has_recovered(stage: Stage) -> bool:
    stream = stage.stream()
    return (
        stage.state() == "ok"
        and stream.poll_up is True
        and stream.gaps == 0
        and stream.coverage is not None
        and stream.coverage > 0.99
        and not any(stream.overdue.values())
    )


def errors(stage: Stage, kind: FaultKind) -> int:
    """How often the fault was counted as what it is."""
    if kind in BY_CODE:
        return stage.total(Total.API_ERRORS, 2)[BY_CODE[kind],]
    if kind is FaultKind.MISSING_FIELDS:
        return stage.total(Total.ROWS_SKIPPED).total()
    return stage.total(Total.API_REQUESTS, 2)[BY_RESULT[kind],]


def struck(stage: Stage, kind: FaultKind) -> int:
    return sum(call.fault == kind for call in stage.calls())


@pytest.mark.parametrize("kind", sorted({*FaultKind} - LYING - OF_LISTS))
def test_no_total_is_wrong(suffered: Suffered, kind: FaultKind) -> None:
    """Half a day of a fault, hours of it without a break, leaves every total as it should be."""
    stage = suffered(kind)
    assert struck(stage, kind) >= 4
    assert stage.counts() == truth(stage)
    assert has_recovered(stage)
    assert set(stage.gateway.refusals) <= {"login"}
    if kind not in HARMLESS:
        assert errors(stage, kind) >= struck(stage, kind) * 0.8
    else:
        assert stage.total(Total.API_REQUESTS, 2).keys() == {("ok",)}


@pytest.mark.parametrize("kind", sorted(LYING))
def test_a_lie_is_counted_once(suffered: Suffered, kind: FaultKind) -> None:
    """Codes the gateway never meant are counted as they came, each message still once."""
    stage = suffered(kind)
    found, true = stage.counts(), truth(stage)
    assert struck(stage, kind) >= 4
    assert found.submitted.total() == true.submitted.total()
    assert found.final.total() == true.final.total()
    assert found.cost == true.cost
    assert matured(found) == matured(true)
    assert has_recovered(stage)
    assert found.submitted["other"] > 0 or kind is not FaultKind.UNKNOWN_TYPE
    assert found.final["77"] > 0 or kind is not FaultKind.UNKNOWN_STATUS


def matured(counts: Counts) -> Counter[str]:
    by_deadline: Counter[str] = Counter()
    for labels, count in counts.matured.items():
        by_deadline[labels[0]] += count
    return by_deadline
