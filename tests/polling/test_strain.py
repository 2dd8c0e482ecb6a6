"""Warnings before the calls no longer suffice."""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from exporter.ledger.outlook import Outlook, StreamOutlook
from exporter.polling.strain import EASED, Level, Strain, after
from tests.polling.conftest import Lines


NEAR = "reading the newest rows takes nearly all calls"
OVER = (
    "more is sent than the calls can read: the newest rows are kept flowing, the rest becomes gaps"
)
LESS = "all new rows can be read again, with nearly all calls"
EASY = "the calls suffice for all new rows again"
SATURATIONS = st.lists(st.integers(0, 200).map(lambda each: each / 100), max_size=50)


def outlook(saturation: float | None, per_hour: float = 30_000) -> Outlook:
    stream = StreamOutlook(
        channel="sms", head_at=0.0, rate=per_hour / 3600, period=120.0, chain=5, pending=0
    )
    return Outlook(saturation=saturation, streams=(stream,))


def events(saturations: Iterable[float | None]) -> list[str]:
    """What is said of saturations that follow one another."""
    strain = Strain("main")
    with capture_logs() as lines:
        for saturation in saturations:
            strain.note(outlook(saturation))
    return [line["event"] for line in lines]


@pytest.mark.parametrize(
    ("saturations", "said"),
    [
        ([None, 0.0, 0.9], []),
        ([0.91, 0.95, 0.89, 0.81], [NEAR]),
        ([0.91, 0.8, 0.91], [NEAR, EASY, NEAR]),
        ([1.01], [OVER]),
        ([0.95, 1.0, 1.01, 1.2, 0.91], [NEAR, OVER]),
        ([1.5, 0.9, 0.81, 0.79], [OVER, LESS, EASY]),
        ([1.5, None, 0.5], [OVER, EASY]),
    ],
)
def test_each_change_is_said_once(saturations: list[float | None], said: list[str]) -> None:
    """Up at once, down when it has eased; nothing in between, and nothing of what isn't known."""
    assert events(saturations) == said


def test_a_warning_says_how_much(lines: Lines) -> None:
    """The share of the calls, the rows, and those of them that will be missed."""
    strain = Strain("main")
    strain.note(outlook(0.93))
    strain.note(outlook(1.25, per_hour=40_000))
    assert lines == [
        {
            "event": NEAR,
            "log_level": "warning",
            "account": "main",
            "saturation": 0.93,
            "rows_per_hour": 30_000,
        },
        {
            "event": OVER,
            "log_level": "warning",
            "account": "main",
            "saturation": 1.25,
            "rows_per_hour": 40_000,
            "missed_rows_per_hour": 8000,
        },
    ]


@given(SATURATIONS)
def test_the_level_is_never_too_low(saturations: list[float]) -> None:
    """Whatever came before, high saturation is never called easy, and ease is noticed."""
    level = Level.EASY
    for saturation in saturations:
        level = after(level, saturation)
        assert level is Level.OVER or saturation <= 1
        assert level is not Level.EASY or saturation <= 0.9
        assert level is Level.EASY or saturation > 0.9 - EASED
        assert level is not Level.OVER or saturation > 1 - EASED


@given(st.floats(0, 2), st.lists(st.floats(0, 0.99 * EASED), max_size=50))
def test_swinging_around_a_threshold_is_no_news(base: float, swings: list[float]) -> None:
    """A saturation that hardly moves is spoken of twice at most."""
    assert len(events(base + swing for swing in swings)) <= 2
