"""Warnings before the calls no longer suffice."""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from exporter.ledger.outlook import GapOutlook, Outlook, StreamOutlook
from exporter.polling.strain import EASED, Level, Strain, after
from tests.polling.conftest import Lines


NEAR = "reading the newest rows takes nearly all calls"
OVER = (
    "more is sent than the calls can read: the newest rows are kept flowing, the rest becomes gaps"
)
LESS = "all new rows can be read again, with nearly all calls"
LEFT_OUT = "history left unread for newer rows; it is read when calls are left over"
EASY = "the calls suffice for all new rows again"
SATURATIONS = st.lists(st.integers(0, 200).map(lambda each: each / 100), max_size=50)


def outlook(
    saturation: float | None, per_hour: float = 30_000, gaps: tuple[GapOutlook, ...] = ()
) -> Outlook:
    stream = StreamOutlook(
        channel="sms",
        head_at=0.0,
        rate=per_hour / 3600,
        period=120.0,
        chain=5,
        pending=0,
        gaps=gaps,
    )
    return Outlook(saturation=saturation, streams=(stream,))


def events(saturations: Iterable[float | None]) -> list[str]:
    """What is said of saturations that follow one another."""
    strain = Strain("main")
    with capture_logs() as lines:
        for saturation in saturations:
            strain.note(outlook(saturation), 0.0)
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
    strain.note(outlook(0.93), 0.0)
    strain.note(outlook(1.25, per_hour=40_000), 0.0)
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


def test_what_was_left_out_is_told(lines: Lines) -> None:
    """Once an hour while more is sent than can be read, and when that is over: from when to when,
    and about how many; not what was only just opened, nor what is settling.
    """
    left = [
        GapOutlook(kind="gap", lower=600.0, upper=720.0, rows=900.4),
        GapOutlook(kind="gap", lower=60.0, upper=300.0, rows=2000.0),
    ]
    others = [
        GapOutlook(kind="gap", lower=3000.0, upper=3500.0, rows=5.0),
        GapOutlook(kind="settling", lower=0.0, upper=30.0, rows=5.0),
        GapOutlook(kind="baseline", lower=-900.0, upper=-30.0, rows=5.0),
    ]
    strain = Strain("main")
    for saturation, now in [
        (1.3, 100.0),
        (1.3, 3600.0),
        (1.3, 4400.0),
        (1.3, 4500.0),
        (0.5, 4600.0),
    ]:
        strain.note(outlook(saturation, gaps=(*left, *others)), now)
    told = [line for line in lines if line["event"] == LEFT_OUT]
    assert told == 2 * [
        {
            "event": LEFT_OUT,
            "log_level": "warning",
            "account": "main",
            "channel": "sms",
            "since": "1970-01-01T00:01:00Z",
            "until": "1970-01-01T00:12:00Z",
            "stretches": 2,
            "seconds": 360,
            "estimated_rows": 2900,
        }
    ]
    assert [line["event"] for line in lines] == [OVER, LEFT_OUT, EASY, LEFT_OUT]
